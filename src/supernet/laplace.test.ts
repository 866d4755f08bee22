/** Tail, transport and means of the Laplacian against published values and integrals. */
import { expect, test } from 'vitest';
import {
  gaussianClampedMean,
  gaussianTail,
  gaussianToLaplace,
  LAPLACE_B,
  laplaceClampedMean,
} from './laplace.ts';

const laplaceBelow = (x: number) =>
  x < 0 ? 0.5 * Math.exp(x / LAPLACE_B) : 1 - 0.5 * Math.exp(-x / LAPLACE_B);

test.each([
  [0, 0.5],
  [1, 0.158655253931457],
  [2, 0.0227501319481792],
  [2.5, 0.00620966532577614],
  [3, 0.00134989803163009],
  [4, 3.16712418331199e-5],
  [6, 9.86587645037698e-10],
])('P(Z > %d) = %d (tables of the normal distribution)', (z, tail) => {
  expect(Math.abs(gaussianTail(z) / tail - 1)).toBeLessThan(1e-8);
});

test('the transport takes every quantile of the Gaussian to the same quantile of the Laplacian, and rises', () => {
  for (let z = -5; z <= 5; z += 0.125) {
    const below = z < 0 ? gaussianTail(-z) : 1 - gaussianTail(z);
    expect(Math.abs(laplaceBelow(gaussianToLaplace(z)) - below)).toBeLessThan(1e-12);
    expect(gaussianToLaplace(z + 0.125)).toBeGreaterThan(gaussianToLaplace(z));
  }
  expect(gaussianToLaplace(0) + 0).toBe(0);
});

test.each([
  [-1, 0.5],
  [0.25, 2],
  [-3, -1],
  [Number.NEGATIVE_INFINITY, -2],
  [1.5, Number.POSITIVE_INFINITY],
])('E[clamp(X, %d, %d) - clamp(0)] equals the integral over the density', (low, high) => {
  const clamp = (x: number) => Math.min(high, Math.max(low, x));
  const step = 1e-3;
  let [expected, gaussian] = [0, 0];
  for (let x = -25 + step / 2; x < 25; x += step) {
    expected += ((clamp(x) - clamp(0)) * step * Math.exp(-Math.abs(x) / LAPLACE_B)) / (2 * LAPLACE_B);
    gaussian += ((clamp(x) - clamp(0)) * step * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
  }
  expect(laplaceClampedMean(low, high)).toBeCloseTo(expected, 5);
  expect(gaussianClampedMean(low, high)).toBeCloseTo(gaussian, 5);
});
