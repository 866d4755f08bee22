import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import type { PathScore } from './figures.ts';
import { agreement, reliability, seedAgreement, type TruePath, truePaths } from './rank.ts';

/** Paths 0, 1, ... with these losses by seed. */
const paths = (...losses: readonly (readonly number[])[]): TruePath[] =>
  losses.map((seeds, i) => ({ genotype: `p${i}`, energyMj: i, losses: new Map(seeds.entries()) }));
const scores = (losses: readonly number[]): PathScore[] =>
  losses.map((loss, i) => ({ genotype: `p${i}`, loss, accuracy: 0 }));

test('parts and seeds come together, cheapest path first', () => {
  const part = (seed: number, ...found: readonly (readonly [string, number, number])[]) => ({
    seed,
    figures: {
      kind: 'truth' as const,
      epochs: 1,
      paths: found.map(([genotype, energyMj, loss]) => ({ genotype, energyMj, loss, accuracy: 0 })),
    },
  });
  const found = truePaths([part(0, ['b', 2, 0.5]), part(0, ['a', 1, 0.7]), part(1, ['b', 2, 0.6])]);
  expect(found.map(({ genotype, losses }) => [genotype, [...losses.values()]])).toEqual([
    ['a', [0.7]],
    ['b', [0.5, 0.6]],
  ]);
});

describe('reliability', () => {
  test('of two paths with two seeds each, by hand', () => {
    // means 1 and 3: variance 2; seeds: variance 0.02 each, so 0.01 of the variance of a mean
    const found = reliability(paths([0.9, 1.1], [2.9, 3.1]))!;
    expect(found.paths).toBeCloseTo(Math.SQRT2, 12);
    expect(found.seeds).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(found.reliability).toBeCloseTo(1 - 0.01 / 2, 12);
    expect(found.repeated).toBe(2);
  });

  test('is about 0 where only seeds differ', () => {
    const random = Random.fromSeed('noise');
    const noise = Array.from({ length: 400 }, () => [random.normal(), random.normal()]);
    expect(reliability(paths(...noise))!.reliability).toBeLessThan(0.15);
  });

  test('is unknown without a second seed', () => {
    expect(reliability(paths([1], [2]))).toBe(null);
    expect(seedAgreement(paths([1], [2], [3], [4]))).toBe(null);
  });
});

describe('agreement', () => {
  const truth = paths([1, 1.01], [2, 2.02], [3, 2.99], [4, 4.01], [5, 5]);

  test('is 1 for the same order, -1 for the reverse, and the mean over supernets', () => {
    const same = scores([0.1, 0.2, 0.3, 0.4, 0.5]);
    const reverse = scores([5, 4, 3, 2, 1]);
    const best = agreement([same], truth)!;
    for (const value of [best.tau, best.rho, best.low, best.high]) expect(value).toBeCloseTo(1, 12);
    expect(best.paths).toBe(5);
    const worst = agreement([reverse], truth)!;
    for (const value of [worst.tau, worst.rho]) expect(value).toBeCloseTo(-1, 12);
    expect(agreement([same, reverse], truth)!.tau).toBeCloseTo(0, 12);
  });

  test('counts the pairs that seeds leave no doubt about', () => {
    const close = paths([1, 1.2], [1.1, 1.3], [5, 5.2], [9, 9.2]);
    // 0 and 1 lie within the noise; the supernet has only them the wrong way round
    const found = agreement([scores([2, 1, 3, 4])], close)!;
    expect(found.tau).toBeCloseTo(4 / 6, 12);
    // drawn anew the same pairs agree, whichever they are
    expect(found.clear).toEqual({ tau: 1, low: 1, high: 1, pairs: 5, of: 6 });
  });

  test('takes the paths that both sides have, and needs four', () => {
    expect(agreement([scores([1, 2, 3])], truth)).toBe(null);
    expect(agreement([], truth)).toBe(null);
    expect(agreement([scores([1, 2, 3, 4])], truth)!.paths).toBe(4);
  });
});

test('two seeds agree on an order as far as they do', () => {
  const found = seedAgreement(paths([1, 1], [2, 2], [3, 4], [4, 3]))!;
  expect(found.tau).toBeCloseTo(4 / 6, 12);
  expect(found.paths).toBe(4);
});
