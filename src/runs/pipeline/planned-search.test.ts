/** Bounds on what is scored, from settings to the search. */
import { describe, expect, test } from 'vitest';
import { planSearch } from '../../search/algorithms.ts';
import { ALGORITHM_NAMES } from '../../search/names.ts';
import type { Scored } from '../../search/problem.ts';
import { DEFAULT_CONFIG, LATER_SETTINGS, type RunConfig } from '../options.ts';
import { boundsOf, IMAGE_SEARCH, plannedSearch, TRANSLATION_SEARCH } from './planned-search.ts';
import { searchOf } from './search-phase.ts';
import { takingsFor } from './take-retrained.ts';

const nsga2 = (settings: Partial<RunConfig>): RunConfig => ({
  ...DEFAULT_CONFIG,
  algorithm: 'nsga2',
  ...settings,
});

describe('bounds', () => {
  test('are none, or the most that an objective may be', () => {
    expect(boundsOf(nsga2({}), IMAGE_SEARCH)).toEqual({});
    expect(LATER_SETTINGS).toMatchObject({ boundError: 'none', boundLoss: 'none', boundBleu: 'none' });
    expect(boundsOf(nsga2({ boundError: '12%', boundLoss: '1.5' }), IMAGE_SEARCH)).toEqual({
      error: 0.12,
      loss: 1.5,
    });
    expect(boundsOf(nsga2({ boundError: '.12' }), IMAGE_SEARCH)).toEqual({ error: 0.12 });
    expect(boundsOf(nsga2({ boundBleu: '30' }), TRANSLATION_SEARCH)).toEqual({ bleu: 70 });
    const { config } = plannedSearch(nsga2({ boundBleu: '30' }), {}, 3, TRANSLATION_SEARCH);
    expect(config).toMatchObject({ bounds: { bleu: 70 } });
  });

  test.each([
    [{ boundError: '12' }, "--bound-error is a bound such as 12% or 0.12, but is '12'"],
    [{ boundError: 'low' }, "--bound-error is a bound such as 12% or 0.12, but is 'low'"],
    [{ boundError: '120%' }, "--bound-error is a bound such as 12% or 0.12, but is '120%'"],
    [{ boundLoss: '5%' }, "--bound-loss is a bound such as 1.5, but is '5%'"],
    [{ boundLoss: '-1' }, "--bound-loss is a bound such as 1.5, but is '-1'"],
    [{ boundBleu: '101' }, "--bound-bleu is a bound such as 30, but is '101'"],
  ])('that cannot be read are refused: %o', (settings, sentence) => {
    expect(() => boundsOf(nsga2(settings), TRANSLATION_SEARCH)).toThrow(sentence);
  });

  test('on what images are not scored by are refused', () => {
    expect(() => boundsOf(nsga2({ boundBleu: '30' }), IMAGE_SEARCH)).toThrow(
      '--bound-bleu asks for bleu, which networks of this data are not scored by; leave it out',
    );
  });

  test('are refused by the algorithms that know none, and random searches beside one have none', () => {
    for (const algorithm of ALGORITHM_NAMES.filter((name) => name !== 'nsga2'))
      expect(() => plannedSearch(nsga2({ algorithm, boundError: '12%' }), {}, 3)).toThrow(
        `the search algorithm ${algorithm} knows no bounds on what is scored, and error has one; choose nsga2`,
      );
    const plan = { phase: 'search', title: '', index: 1, of: 1, limits: {}, generations: 3 };
    const config = nsga2({ boundError: '12%', randomSearches: 1 });
    expect(searchOf(config, plan, IMAGE_SEARCH).config).toMatchObject({ bounds: { error: 0.12 } });
    const beside = searchOf(config, { ...plan, baseline: true }, IMAGE_SEARCH);
    expect(beside.sampler.name).toBe('random');
    const sizes = { limits: {}, population: 4, parents: 2, generations: 2, objectives: ['loss'] as const };
    expect(planSearch('random', { ...sizes, bounds: {} }).sampler.name).toBe('random');
  });
});

test('those to retrain keep to the bounds, and where too few do, those that exceed them least join', () => {
  const scored = [0.5, 0.2, 0.1, 0.3].map(
    (error, id): Scored<number> => ({
      ...{ id, key: `${id}`, genotype: id, loss: id / 10, accuracy: 1 - error },
      costs: { energyMj: 1 + id, latencyMs: 1, params: 1, macs: 1 },
    }),
  );
  const taken = (count: number, error?: number) => {
    const bounds = error === undefined ? {} : { error };
    const { scored: take = (all, n) => all.slice(0, n) } = takingsFor<number>(
      ['loss', 'energyMj'],
      10,
      bounds,
    );
    return take(scored, count).map(({ id }) => id);
  };
  expect(taken(2)).toEqual([0, 1]);
  expect(taken(2, 0.25)).toEqual([1, 2]);
  expect(taken(1, 0.15)).toEqual([2]);
  expect(taken(3, 0.15)).toEqual([2, 1, 3]);
});
