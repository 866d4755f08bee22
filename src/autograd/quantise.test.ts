import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { draw, tapeGradients } from './gradcheck.ts';
import {
  fewPowers,
  fixedPoint,
  floorStraightThrough,
  powerOfTwo,
  roundStraightThrough,
  shiftWeight,
  ternary,
} from './quantise.ts';

const backend = createReference();

describe('straight-through', () => {
  test.each([
    ['round', roundStraightThrough, [-2, -1, 0, 0, 1, 3]],
    ['floor', floorStraightThrough, [-2, -1, -1, 0, 0, 2]],
    ['ternary', ternary, [-1, -1, 0, 0, 1, 1]],
  ] as const)('%s rounds forward and is the identity backward', async (_, operation, expected) => {
    const x = { shape: [6], data: [-1.6, -0.7, -0.4, 0.2, 0.7, 2.5] };
    const { y, dy, gradients } = await tapeGradients(backend, [x], ([t]) => operation(t));
    expect([...y].map((value) => value + 0)).toEqual(expected);
    expect(gradients[0]).toEqual(dy);
  });

  test('powerOfTwo: clamped to [2^-15, 1], 0 stays 0, rounds exponents, idempotent (spec 4.2, 14.5)', async () => {
    const x = { shape: [6], data: [0, 1e-9, -0.3, 0.36, 5, -0.7] };
    const { y, dy, gradients } = await tapeGradients(backend, [x], ([t]) => powerOfTwo(t, -15));
    expect([...y]).toEqual([0, 2 ** -15, -0.25, 0.5, 1, -0.5]);
    expect(gradients[0]).toEqual(dy);
    const twice = await tapeGradients(backend, [{ shape: [6], data: y }], ([t]) => powerOfTwo(t, -15));
    expect(twice.y).toEqual(y);
  });

  test('fewPowers: the powers of a code, 0 below half of an octave under the smallest', async () => {
    const data = [0, 0.08, -0.09, 0.17, -0.18, 0.3, -0.36, 0.7, 3];
    const x = { shape: [9], data };
    const { y, dy, gradients } = await tapeGradients(backend, [x], ([t]) => fewPowers(t, -2, -1));
    // the smallest power is 2^-2 and begins at 2^-3.5 = 0.088
    expect([...y].map((value) => value + 0)).toEqual([0, 0, -0.25, 0.25, -0.25, 0.25, -0.5, 0.5, 0.5]);
    expect(gradients[0]).toEqual(dy);
    const codes = await tapeGradients(backend, [{ shape: [9], data: y }], ([t]) => fewPowers(t, -2, -1));
    expect(codes.y).toEqual(y);
  });

  test('fixedPoint floors to 16 fractional bits (spec 4.2)', async () => {
    const x = { shape: [3], data: [0.1, -0.1, 1.5] };
    const { y, dy, gradients } = await tapeGradients(backend, [x], ([t]) => fixedPoint(t));
    expect([...y]).toEqual([6553 / 65536, -6554 / 65536, 1.5]);
    expect(gradients[0]).toEqual(dy);
  });
});

/** PS weight and its gradients, written out as spec 4.2 states them. */
function explicitShift(s: number, p: number, lowest: number, threshold: number, dw: number) {
  const clamped = Math.min(0, Math.max(lowest, s));
  const exponent = Math.sign(clamped) * Math.floor(Math.abs(clamped) + 0.5);
  const sign = Math.abs(p) > threshold ? Math.sign(p) : 0;
  const w = sign * 2 ** exponent;
  return { w, ds: dw * sign * 2 ** exponent * Math.LN2, dp: dw };
}

describe('shiftWeight (PS, spec 4.2)', () => {
  test.each([
    [5, 0.5],
    [4, 0.3],
  ])('%i bits, threshold %f: equals the explicit loop', async (bits, threshold) => {
    const lowest = -(2 ** (bits - 1) - 2);
    const s = draw('s', [3, 3, 2, 5], lowest - 2, 2);
    const p = draw('p', [3, 3, 2, 5]);
    const { y, dy, gradients } = await tapeGradients(backend, [s, p], ([a, b]) =>
      shiftWeight(a, b, { lowest, threshold }),
    );
    for (let i = 0; i < y.length; i++) {
      const expected = explicitShift(s.data[i], p.data[i], lowest, threshold, dy[i]);
      expect(y[i]).toBeCloseTo(expected.w, 6);
      expect(gradients[0]?.[i]).toBeCloseTo(expected.ds, 5);
      expect(gradients[1]?.[i]).toBe(dy[i]);
    }
  });

  test('every weight is 0 or a signed power of two with an exponent in [-14, 0] (spec 14.5)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const inputs = [draw(`s${seed}`, [20], -30, 10), draw(`p${seed}`, [20])];
        const { y } = await tapeGradients(backend, inputs, ([s, p]) => shiftWeight(s, p));
        return y.every((w) => {
          const exponent = Math.log2(Math.abs(w));
          return w === 0 || (Number.isInteger(exponent) && exponent >= -14 && exponent <= 0);
        });
      }),
      { numRuns: 30 },
    );
  });
});
