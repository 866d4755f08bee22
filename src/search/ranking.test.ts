import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { kendallTau } from '../metrics/rank.ts';
import { fitRanking, predictRank } from './ranking.ts';

const WORDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const WORTH = [5, -3, 2, 0.5, -1, 4];
/** Examples with a monotone but far from linear loss. */
function examples(count: number, seed: number) {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, () => {
    const words = WORDS.filter(() => random.boolean());
    const sum = words.reduce((total, word) => total + WORTH[WORDS.indexOf(word)], 0);
    return { words, loss: Math.exp(sum) };
  });
}

test('a model fitted to a hundred examples puts new ones in order', () => {
  const known = examples(100, 1);
  const model = fitRanking(
    known.map(({ words }) => words),
    known.map(({ loss }) => loss),
    1,
  );
  const fresh = examples(60, 2);
  const tau = kendallTau(
    fresh.map(({ words }) => predictRank(model, words)),
    fresh.map(({ loss }) => loss),
  );
  expect(tau).toBeGreaterThan(0.9);
  expect(model.examples).toBe(100);
});

test('the fit is the solution of the normal equations', () => {
  const known = examples(40, 3);
  const rows = known.map(({ words }) => [1, ...WORDS.map((word) => (words.includes(word) ? 1 : 0))]);
  const ridge = 2;
  const { weights } = fitRanking(
    known.map(({ words }) => words),
    known.map((_, i) => i),
    ridge,
  );
  const targets = known.map((_, i) => (i + 1 - 20.5) / 40);
  const own = WORDS.map((word) => weights[word]);
  // The constant is not kept: its own equation gives it.
  const rest = rows.map(
    (row, i) => targets[i] - own.reduce((sum, weight, j) => sum + weight * row[j + 1], 0),
  );
  const w = [rest.reduce((sum, value) => sum + value, 0) / (rows.length + ridge), ...own];
  w.forEach((_, j) => {
    const left = rows.reduce(
      (sum, row) => sum + row[j] * row.reduce<number>((s, x, k) => s + x * w[k], 0),
      ridge * w[j],
    );
    expect(left).toBeCloseTo(
      rows.reduce((sum, row, i) => sum + row[j] * targets[i], 0),
      9,
    );
  });
});

test('unknown words say nothing, repeated ones count again, names of object methods are words like others', () => {
  const model = fitRanking([['a'], ['b'], ['constructor']], [1, 2, 3], 1);
  expect(predictRank(model, ['nobody', 'toString'])).toBe(0);
  expect(predictRank(model, ['a', 'a'])).toBe(2 * predictRank(model, ['a']));
  expect(predictRank(model, ['constructor'])).toBeGreaterThan(predictRank(model, ['b']));
});
