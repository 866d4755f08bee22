import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averageRanks, kendallTau, spearmanRho } from './rank.ts';

test('tau-b of the example in the documentation of scipy.stats.kendalltau: -0.47140452079103173', () => {
  expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.47140452079103173, 14);
});

test('rho of the example in the documentation of scipy.stats.spearmanr: 0.8207826816681233', () => {
  expect(spearmanRho([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 14);
});

test('ties share their average rank', () => {
  expect([...averageRanks([10, 20, 10, 5])]).toEqual([2.5, 4, 2.5, 1]);
});

test('1 for the same order, -1 for the reverse, symmetric, NaN without order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 30 }), (a) => {
      for (const rank of [kendallTau, spearmanRho]) {
        expect(rank(a, a)).toBeCloseTo(1, 12);
        expect(
          rank(
            a,
            a.map((x) => -x),
          ),
        ).toBeCloseTo(-1, 12);
        const b = a.map((x) => Math.abs(x) % 7);
        const [forth, back] = [rank(a, b), rank(b, a)];
        expect(Object.is(forth, back) || Math.abs(forth - back) < 1e-12).toBe(true);
      }
    }),
  );
  expect(kendallTau([1, 1], [1, 2])).toBeNaN();
  expect(spearmanRho([1, 1], [1, 2])).toBeNaN();
  expect(() => kendallTau([1], [1])).toThrow(/at least 2/);
});
