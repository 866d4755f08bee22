/** The conformance suite is there to fail: what it says of samplers that never end. */
import { describe, expect, test } from 'vitest';
import { samplerChecks } from './conformance.ts';
import { randomSearch } from './random-search.ts';
import type { CommonConfig, Sampler, SearchState } from './sampler.ts';

/** Random search with something wrong about it. */
function broken(defect: Partial<Sampler<CommonConfig>>) {
  const checks = samplerChecks((evaluations, limits) => ({
    sampler: { ...(randomSearch as Sampler<CommonConfig>), ...defect },
    config: { evaluations, batch: 20, limits } as Partial<CommonConfig>,
  }));
  return (wanted: string) => {
    const check = checks.find(({ name }) => name.startsWith(wanted));
    if (check === undefined) throw new Error(`no check '${wanted}'`);
    return check.run;
  };
}

describe('a sampler that never ends fails the suite', () => {
  test('drawing until something is found, as the release does', () => {
    const check = broken({
      propose(state, problem) {
        const found = randomSearch.propose(state as never, problem) as typeof state;
        // Once the space is used up, or nothing keeps to the limits, there is nothing to be found.
        while (found.exhausted) problem.sample({ integer: () => 0 } as never);
        return found;
      },
    });
    expect(check('ends when the space is used up')).toThrow(
      'random asked the problem 250000 times for moves, names and prices in one proposal and still goes on',
    );
    expect(check('never repeats')).not.toThrow();
  });

  test('never finished', () => {
    const check = broken({ finished: () => false });
    expect(check('ends when the space is used up')).toThrow(
      'random is not finished after 5000 proposals, with 147 scored of the 147 words within the limits',
    );
    expect(check('does not depend on the order')).toThrow('random is not finished after 5000 proposals');
  });

  test('proposing nothing', () => {
    const check = broken({ propose: (state) => state as SearchState<never, CommonConfig> as never });
    expect(check('finds the known optimum')).toThrow(
      'random is not finished after 5000 proposals, with 0 scored',
    );
  });
});
