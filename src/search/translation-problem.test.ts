/** Searches over a translation space with made-up scores. Budgets and seeds are fixed, so each run is one. */
import { describe, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { hypervolume2d, type Point } from '../metrics/hypervolume.ts';
import { decodeTranslation } from '../spaces/seq2seq/genotype.ts';
import { PUBLISHED_TRANSLATION_RATES } from '../spaces/seq2seq/moves.ts';
import type { TranslationGenotype } from '../spaces/seq2seq/network.ts';
import { multi30k } from '../spaces/seq2seq/presets.ts';
import { planSearch } from './algorithms.ts';
import { runSearch } from './drive.ts';
import { evolution } from './evolution.ts';
import type { AlgorithmName } from './names.ts';
import type { Limits, Scored } from './problem.ts';
import { tabulatedTranslationProblem, tabulatedTranslationScore } from './testing/tabulated-translation.ts';
import { PUBLISHED_TRANSLATION_EVOLUTION } from './translation-problem.ts';

/** Thousands of candidates, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000 });

const space = multi30k();
const problem = tabulatedTranslationProblem(space);
const score = (list: readonly { genotype: TranslationGenotype }[]) =>
  list.map(({ genotype }) => tabulatedTranslationScore(genotype));

async function search(name: AlgorithmName, seed: number, limits: Limits = {}) {
  const settings = {
    limits,
    population: 40,
    parents: 10,
    generations: 10,
    objectives: ['loss', 'energyMj'] as const,
  };
  const { sampler, config } = planSearch(name, settings);
  const start = sampler.init<TranslationGenotype>(config, Random.fromSeed(seed));
  return (await runSearch(sampler, start, problem, score)).scored;
}

const lowest = (scored: readonly { loss: number }[]) => Math.min(...scored.map(({ loss }) => loss));
const area = (scored: readonly Scored<TranslationGenotype>[]) =>
  hypervolume2d(
    scored.map(({ loss, costs }): Point => [loss, costs.energyMj]),
    [6, 12],
  );

describe('of 1.6e18 networks, by 400 evaluations', () => {
  test('NSGA-II covers more than random search, with each of three seeds', async () => {
    for (const seed of [1, 2, 3])
      expect(area(await search('nsga2', seed))).toBeGreaterThan(area(await search('random', seed)));
  });

  test.each(['evolution', 'aging', 'predictor'] as const)(
    'under a limit %s finds better ones than random search, on average of three seeds, and keeps to it',
    async (name) => {
      const limits = { energyMj: 2.5 };
      let ahead = 0;
      for (const seed of [1, 2, 3]) {
        const found = await search(name, seed, limits);
        ahead += lowest(await search('random', seed, limits)) - lowest(found);
        for (const { key, genotype, costs } of found) {
          expect(costs.energyMj).toBeLessThanOrEqual(2.5);
          expect(decodeTranslation(space, key)).toEqual(genotype);
        }
      }
      expect(ahead).toBeGreaterThan(0);
    },
  );
});

test('spec 7.5: 125 networks, then 50 mutants and 50 children of the best 25, which are not scored again', async () => {
  const published = tabulatedTranslationProblem(space, { rates: PUBLISHED_TRANSLATION_RATES });
  const config = { ...PUBLISHED_TRANSLATION_EVOLUTION, generations: 3, limits: { latencyMs: 4 } };
  const state = await runSearch(
    evolution,
    evolution.init<TranslationGenotype>(config, Random.fromSeed(1)),
    published,
    score,
  );
  expect(state.scored).toHaveLength(125 + 100 + 100);
  const means = [
    [0, 125],
    [125, 225],
    [225, 325],
  ].map(([from, to]) => {
    const losses = state.scored.slice(from, to).map(({ loss }) => loss);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  });
  expect(means[1]).toBeLessThan(means[0]);
  expect(means[2]).toBeLessThan(means[1]);
});

test('an elite that leaves no room for offspring is refused', () => {
  expect(() => evolution.init({ ...PUBLISHED_TRANSLATION_EVOLUTION, elite: 26 }, Random.fromSeed(1))).toThrow(
    /must fit the population of 125 beside its elite of 26/,
  );
});

test('networks are of one size by their widths, and of one shape by the depth of the decoder as well', () => {
  const [wide, deep] = [
    '384-256:C4f256.C4f256.C4f256|A4x4s1f256',
    '256-256:C4f256.C4f256.C4f256|A4x4s1f256.S4x4s1f256',
  ].map((word) => decodeTranslation(space, word));
  expect([problem.size?.(wide), problem.size?.(deep)]).toEqual(['384-256', '256-256']);
  expect([problem.shape?.(wide), problem.shape?.(deep)]).toEqual(['384-256|1', '256-256|2']);
});
