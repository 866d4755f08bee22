import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { quantile, rankCorrelation } from './rank-interval.ts';

const normals = (random: Random, count: number) => Array.from({ length: count }, () => random.normal());

describe('intervals of rank correlations', () => {
  test('value: tau-b and rho of the examples in the documentation of scipy.stats (as in rank.test.ts)', () => {
    const random = Random.fromSeed(0);
    const tau = rankCorrelation([12, 2, 1, 12, 2], [1, 4, 7, 1, 0], random).kendallTau;
    expect(tau.value).toBeCloseTo(-0.47140452079103173, 14);
    const rho = rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], random).spearmanRho;
    expect(rho.value).toBeCloseTo(0.8207826816681233, 14);
  });

  test('bounds, by hand: of (1,1) (2,3) (3,2) the 24 resamples with an order have tau -1, 1/3 or 1', () => {
    // All three items (6 of 24): 1/3. First and second, or first and third (6 each): 1. Second and third (6): -1.
    const at = (confidence: number) =>
      rankCorrelation([1, 2, 3], [1, 3, 2], Random.fromSeed(3), { confidence, resamples: 4000 }).kendallTau;
    expect(at(0.95).value).toBeCloseTo(1 / 3, 14);
    expect(at(0.95).low).toBeCloseTo(-1, 12);
    expect(at(0.95).high).toBeCloseTo(1, 12);
    // A quarter lies at -1 and a quarter at 1/3: the middle 30 % begin at 35 % and end at 65 %.
    expect(at(0.3).low).toBeCloseTo(1 / 3, 12);
    expect(at(0.3).high).toBeCloseTo(1, 12);
  });

  test('hold the true tau of normal pairs, 2 / pi * asin(r), about as often as they promise', () => {
    const random = Random.fromSeed(21);
    const [rounds, r] = [120, 0.6];
    const truth = (2 / Math.PI) * Math.asin(r);
    let held = 0;
    for (let round = 0; round < rounds; round++) {
      const a = normals(random, 24);
      const b = a.map((x) => r * x + Math.sqrt(1 - r * r) * random.normal());
      const { low, high } = rankCorrelation(a, b, random, { resamples: 200 }).kendallTau;
      if (Number(low) <= truth && truth <= Number(high)) held++;
    }
    // 95 % of 120 are 114; the percentile bootstrap is a little narrow at 24 items.
    expect(held).toBeGreaterThanOrEqual(102);
    expect(held).toBeLessThan(120);
  });

  test('narrow with more items, and are the same for the same seed', () => {
    const width = (count: number) => {
      const random = Random.fromSeed(5);
      const a = normals(random, count);
      const { low, high } = rankCorrelation(
        a,
        a.map((x) => x + random.normal()),
        random,
        { resamples: 300 },
      ).spearmanRho;
      return Number(high) - Number(low);
    };
    expect(width(80)).toBeLessThan(0.7 * width(10));
    expect(width(10)).toBe(width(10));
  });

  test('one score for all items has no order: null, not a number', () => {
    const none = { value: null, low: null, high: null };
    const found = rankCorrelation([1, 1, 1], [1, 2, 3], Random.fromSeed(0));
    expect([found.kendallTau, found.spearmanRho]).toEqual([none, none]);
    expect(() => rankCorrelation([1, 2], [1, 2], Random.fromSeed(0))).toThrow('at least 3');
  });

  test('quantiles between neighbours, as numpy.quantile has them by default', () => {
    expect([0, 0.25, 0.5, 1].map((share) => quantile([1, 2, 4, 8], share))).toEqual([1, 1.75, 3, 8]);
  });
});
