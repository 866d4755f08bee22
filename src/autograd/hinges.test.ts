/** Sums and means over the pieces of a cut line, against loops and finite differences. */
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { bend, pieceMeans } from './hinges.ts';

const backend = createReference();
const KNOTS = [-1.5, -0.5, 0.25, 1];
const ENDS = [Number.NEGATIVE_INFINITY, ...KNOTS, Number.POSITIVE_INFINITY];

/** What piece k contributes to x. */
function contribution(x: number, k: number): number {
  const clamped = (v: number) => Math.min(ENDS[k + 1], Math.max(ENDS[k], v));
  return clamped(x) - clamped(0);
}

/** Values in every piece, none nearer to a knot than a finite difference reaches. */
function inside(count: number): Float32Array {
  const random = Random.fromSeed('inside');
  const centres = [-2.2, -1, -0.15, 0.6, 1.6];
  return Float32Array.from({ length: count }, (_, i) => centres[i % 5] + random.uniform(-0.25, 0.25));
}

const X = { shape: [3, 4, 2], data: inside(24) };
const SLOPES = draw('slopes', [5], 0.2, 2);

describe('bend', () => {
  test('is the sum of slopes times what the pieces contribute', async () => {
    const { y } = await tapeGradients(backend, [X, SLOPES], ([x, s]) => bend(x, s, KNOTS));
    for (const [i, x] of X.data.entries()) {
      const expected = ENDS.slice(1).reduce((sum, _, k) => sum + SLOPES.data[k] * contribution(x, k), 0);
      expect(y[i]).toBeCloseTo(expected, 5);
    }
  });

  test('with slopes of 1 is the identity, with a slope of 2 beyond the last knot twice as steep there', async () => {
    const x = { shape: [4], data: [-3, 0, 0.7, 4] };
    const values = async (slopes: number[]) => {
      const inputs = [x, { shape: [5], data: slopes }];
      return [...(await tapeGradients(backend, inputs, ([a, s]) => bend(a, s, KNOTS))).y];
    };
    expect((await values([1, 1, 1, 1, 1])).map((v, i) => Math.abs(v - x.data[i]) < 1e-6)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect((await values([1, 1, 1, 1, 2]))[3]).toBeCloseTo(1 + 2 * 3, 5);
  });

  test('derivatives by x and by slopes', async () => {
    expect(await gradientError(backend, [X, SLOPES], ([x, s]) => bend(x, s, KNOTS))).toBeLessThan(2e-3);
  });

  test('refuses knots that fall and a wrong number of slopes', async () => {
    const build = (knots: number[]) => tapeGradients(backend, [X, SLOPES], ([x, s]) => bend(x, s, knots));
    await expect(build([0, 1, 1, 2])).rejects.toThrow(/knots must rise/);
    await expect(build([0, 1])).rejects.toThrow(/2 knots need 3 slopes/);
  });
});

describe('pieceMeans', () => {
  test('is the mean of what the pieces contribute; together they are the mean of x', async () => {
    const { y } = await tapeGradients(backend, [X], ([x]) => pieceMeans(x, KNOTS));
    const n = X.data.length;
    for (let k = 0; k < 5; k++) {
      const expected = X.data.reduce((sum, x) => sum + contribution(x, k), 0) / n;
      expect(y[k]).toBeCloseTo(expected, 6);
    }
    const mean = X.data.reduce((a, b) => a + b) / n;
    expect(y.reduce((a, b) => a + b)).toBeCloseTo(mean, 5);
  });

  test('derivative by x', async () => {
    expect(await gradientError(backend, [X], ([x]) => pieceMeans(x, KNOTS))).toBeLessThan(2e-3);
  });
});
