import { conv2d } from '../autograd/convolution.ts';
import { fixedPoint } from '../autograd/quantise.ts';
import { bottleneckOperator, type Primitive } from './bottleneck.ts';

/** Fractional bits of the activations a shift layer reads (spec 4.2: 16 fractional, 16 integer bits). */
export const ACTIVATION_FRACTION_BITS = 16;

/**
 * Shift and accumulate: every weight is a signed power of two (DeepShift; spec 4.2). In training the shift is
 * carried out as the multiplication it equals.
 */
export const shiftPrimitive: Primitive = {
  kind: 'shift',
  input: (x) => fixedPoint(x, ACTIVATION_FRACTION_BITS),
  window: (x, weight, options) => conv2d(x, weight, options),
  normAfterPointwise: false,
};

export const shift = bottleneckOperator('shift', 's', 'Shift', shiftPrimitive);
