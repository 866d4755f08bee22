/**
 * Rounding operations with straight-through gradients: the forward pass sees the quantised value, the backward
 * pass sees the identity (spec 4.2). Clamping inside them is passed straight through as well, so a latent value
 * beyond the range can still find its way back.
 */
import { sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';
import { unary } from './unary.ts';

export { type ShiftWeightOptions, shiftWeight } from './shift-weight.ts';

/** Nearest integer, halves away from zero. */
export const roundStraightThrough = (x: Tensor): Tensor => unary('round', x);

/** Largest integer not above x. */
export const floorStraightThrough = (x: Tensor): Tensor => unary('floor', x);

/**
 * sign(w) * 2^round(log2 clamp(|w|, 2^minExponent, 2^maxExponent)), and 0 where w is exactly 0: the shift
 * layer's weight in its Q form. A 5-bit weight has minExponent -15 (spec 4.2).
 */
export const powerOfTwo = (w: Tensor, minExponent: number, maxExponent = 0): Tensor =>
  unary('powerOfTwo', w, minExponent, maxExponent);

/**
 * Powers of two from 2^lowest to 2^highest, nearest in the exponent, and 0 below: where |w| <= 2^(lowest - 1.5). Shift
 * weights in codes of few bits.
 */
export function fewPowers(w: Tensor, lowest: number, highest: number): Tensor {
  const { graph, shape } = w;
  const { backend } = graph;
  const size = sizeOf(shape);
  const [y, sign] = [backend.allocate(size), backend.allocate(size)];
  backend.unary('powerOfTwo', w.buffer, y, size, lowest, highest);
  backend.unary('abs', y, y, size);
  backend.unary('ternary', w.buffer, sign, size, 2 ** (lowest - 1.5));
  backend.binary('multiply', y, sign, y, 1, size, 'same');
  return graph.record(shape, y, [w], (dy) => [dy]);
}

/** floor(x * 2^fractionBits) / 2^fractionBits, limited to `integerBits` integer bits: activations before a shift. */
export const fixedPoint = (x: Tensor, fractionBits = 16, integerBits = 16): Tensor =>
  unary('fixedPoint', x, fractionBits, integerBits);

/** sign(x) where |x| > threshold, else 0. */
export const ternary = (x: Tensor, threshold = 0.5): Tensor => unary('ternary', x, threshold);
