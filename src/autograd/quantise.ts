/**
 * Rounding operations with straight-through gradients: the forward pass sees the quantised value, the backward
 * pass sees the identity (spec 4.2). Clamping inside them is passed straight through as well, so a latent value
 * beyond the range can still find its way back.
 */
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

/** floor(x * 2^fractionBits) / 2^fractionBits, limited to `integerBits` integer bits: activations before a shift. */
export const fixedPoint = (x: Tensor, fractionBits = 16, integerBits = 16): Tensor =>
  unary('fixedPoint', x, fractionBits, integerBits);

/** sign(x) where |x| > threshold, else 0. */
export const ternary = (x: Tensor, threshold = 0.5): Tensor => unary('ternary', x, threshold);
