import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { runSearch } from './drive.ts';
import { type HalvingConfig, halving, rungShares, rungSizes } from './halving.ts';
import { type Candidate, whollyScored } from './problem.ts';
import { randomSearch } from './random-search.ts';
import { type SearchState, waiting } from './sampler.ts';
import { type Digits, toyProblem, toyScore } from './toy.ts';

test('27 candidates on a ninth of the images become 9 on a third and 3 on all', () => {
  const config = { candidates: 27, reduction: 3, rungs: 3, brackets: 1 };
  expect(rungShares(config)).toEqual([1 / 9, 1 / 3, 1]);
  expect(rungSizes(config)).toEqual([27, 9, 3]);
  let state: SearchState<Digits, HalvingConfig> = halving.init(config, Random.fromSeed(1));
  const rungs: (readonly Candidate<Digits>[])[] = [];
  while (!halving.finished(state)) {
    state = halving.propose(state, toyProblem);
    const asked = waiting(state);
    rungs.push(asked);
    state = halving.absorb(
      state,
      Object.fromEntries(asked.map(({ key, genotype }) => [key, toyScore(genotype)])),
    );
  }
  expect(rungs.map((rung) => rung.length)).toEqual([27, 9, 3]);
  expect(rungs.map((rung) => [...new Set(rung.map(({ share }) => share))])).toEqual([
    [1 / 9],
    [1 / 3],
    [undefined],
  ]);
  // Whoever moves on is no worse than whoever stays behind.
  for (const [above, below] of [
    [rungs[1], rungs[0]],
    [rungs[2], rungs[1]],
  ]) {
    const kept = new Set(above.map(({ key }) => key));
    const loss = ({ genotype }: Candidate<Digits>) => toyScore(genotype).loss;
    const worstKept = Math.max(...above.map(loss));
    for (const one of below) if (!kept.has(one.key)) expect(loss(one)).toBeGreaterThanOrEqual(worstKept);
  }
  // Each genotype once, with the score of the largest part it was scored on.
  expect(state.scored).toHaveLength(27);
  expect(whollyScored(state.scored).map(({ key }) => key)).toEqual(
    expect.arrayContaining(rungs[2].map(({ key }) => key)),
  );
  expect(whollyScored(state.scored)).toHaveLength(3);
});

test('by as many images, it finds better networks than random search where few images tell something', async () => {
  const long = {
    ...toyProblem,
    sample: (random: Random): Digits => Array.from({ length: 12 }, () => random.integer(3)),
  };
  /** The error of a score falls with the root of the number of images. */
  const score = ({ key, genotype, share = 1 }: Candidate<Digits>) => {
    const { loss } = toyScore(genotype);
    return {
      loss: loss + (0.3 * Random.fromSeed(`${key} ${share}`).normal()) / Math.sqrt(share),
      accuracy: 0,
    };
  };
  const truth = (list: readonly Candidate<Digits>[], best: { loss: number }[]) =>
    toyScore(list[best.indexOf(best.reduce((a, b) => (b.loss < a.loss ? b : a)))].genotype).loss;
  const sums = { halving: 0, random: 0 };
  for (let seed = 1; seed <= 20; seed++) {
    const config = { candidates: 60, brackets: 3 };
    const halved = await runSearch(
      halving,
      halving.init<Digits>(config, Random.fromSeed(seed)),
      long,
      (list) => list.map(score),
    );
    const whole = whollyScored(halved.scored);
    // 60/9 + 20/3 + 6 evaluations a bracket
    const drawn = await runSearch(
      randomSearch,
      randomSearch.init<Digits>({ evaluations: 3 * 20, batch: 20 }, Random.fromSeed(seed)),
      long,
      (list) => list.map(score),
    );
    sums.halving += truth(whole, [...whole]);
    sums.random += truth(drawn.scored, [...drawn.scored]);
  }
  expect(sums.halving).toBeLessThan(sums.random);
});

test('refuses a config out of range', () => {
  const begin = (config: Partial<HalvingConfig>) => () => halving.init(config, Random.fromSeed(0));
  expect(begin({ reduction: 1 })).toThrow('halving: reduction must be a whole number of at least 2, got 1');
  expect(begin({ rungs: 11 })).toThrow('more than 10 rungs');
});
