import { expect, test } from 'vitest';
import { meanAndDeviation } from './spread.ts';

test('the deviation divides by n - 1, and one value has none', () => {
  // 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, 26 / 2 = 13
  expect(meanAndDeviation([2, 4, 9])).toEqual({ mean: 5, deviation: Math.sqrt(13) });
  expect(meanAndDeviation([0.25])).toEqual({ mean: 0.25, deviation: null });
});
