import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { offspring } from './offspring.ts';
import { meets, type Scored } from './problem.ts';
import { type Digits, LIMITS, toyProblem, toyScore, toyWords } from './toy.ts';

const scored = (words: readonly Digits[]): Scored<Digits>[] =>
  words.map((genotype, id) => ({
    ...{ id, genotype, key: toyProblem.key(genotype), costs: toyProblem.price(genotype) },
    ...toyScore(genotype),
  }));
const feasible = toyWords().filter((word) => meets(toyProblem.price(word), LIMITS));
const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
const lossOf = ({ genotype }: { readonly genotype: Digits }) => toyScore(genotype).loss;

/** Eight words tried, and what they suggest. */
function tries(seed: number) {
  const random = Random.fromSeed(seed);
  const tried = scored(
    random
      .split('tried')
      .shuffle([...feasible])
      .slice(0, 8),
  );
  const options = { limits: LIMITS, count: 6, taken: ['00122'], random: random.split('next') };
  return { tried, next: offspring(toyProblem, tried, options) };
}

test.each([1, 2, 3])('new ones within the limits, none of those taken (seed %i)', (seed) => {
  const { tried, next } = tries(seed);
  const keys = next.map(({ key }) => key);
  expect(new Set(keys).size).toBe(6);
  for (const key of keys) expect(tried.map((one) => one.key)).not.toContain(key);
  expect(keys).not.toContain('00122');
  for (const { costs } of next) expect(meets(costs, LIMITS)).toBe(true);
  expect(tries(seed).next).toEqual(next);
});

test('they are better than those tried, over ten seeds, by more than half of what there is to gain', () => {
  const seeds = Array.from({ length: 10 }, (_, i) => tries(i));
  const before = mean(seeds.flatMap(({ tried }) => tried.map(lossOf)));
  const after = mean(seeds.flatMap(({ next }) => next.map(lossOf)));
  const best = Math.min(...feasible.map((word) => toyScore(word).loss));
  expect(after).toBeLessThan((before + best) / 2);
});

test('nothing tried suggests nothing, and a used up space gives what it has', () => {
  const options = { limits: LIMITS, count: 24, taken: [], random: Random.fromSeed(1) };
  expect(offspring(toyProblem, [], options)).toEqual([]);
  const all = scored(feasible.slice(2));
  const left = offspring(toyProblem, all, options).map(({ key }) => key);
  expect(left.sort()).toEqual(feasible.slice(0, 2).map((word) => toyProblem.key(word)));
});

test('shapes take turns where there are any', () => {
  const shaped = { ...toyProblem, shape: (word: Digits) => `${word[4]}` };
  const tried = scored([
    [0, 0, 1, 2, 2],
    [0, 0, 0, 2, 2],
    [1, 1, 0, 0, 1],
  ]);
  const options = { limits: LIMITS, taken: [], count: 6, random: Random.fromSeed(3) };
  const shapes = offspring(shaped, tried, options).map(({ genotype }) => genotype[4]);
  expect(shapes.sort()).toEqual([0, 0, 1, 1, 2, 2]);
});

test('sizes of the better half take turns; others have no turn while those last', () => {
  const sized = { ...toyProblem, size: (word: Digits) => `${word[0]}` };
  const words = ['00122', '00022', '10012', '20000', '10002', '21000', '00012', '01000'];
  const tried = scored(words.map((word) => [...word].map(Number)));
  const better = [...tried].sort((a, b) => a.loss - b.loss).slice(0, 4);
  expect(new Set(better.map(({ genotype }) => genotype[0]))).toEqual(new Set([0, 1]));
  const options = { limits: LIMITS, taken: [], random: Random.fromSeed(2) };
  const sizes = offspring(sized, tried, { ...options, count: 6 }).map(({ genotype }) => genotype[0]);
  expect([...sizes].sort()).toEqual([0, 0, 0, 1, 1, 1]);
  const all = offspring(sized, tried, { ...options, count: 139, random: Random.fromSeed(2) });
  expect(all).toHaveLength(139);
  const first2 = all.findIndex(({ genotype }) => genotype[0] === 2);
  expect(all.slice(first2).every(({ genotype }) => genotype[0] === 2)).toBe(true);
});
