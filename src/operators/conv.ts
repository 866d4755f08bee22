import { conv2d } from '../autograd/convolution.ts';
import { bottleneckOperator, type Primitive } from './bottleneck.ts';

/** Multiply and accumulate: y = sum x * w. */
export const convPrimitive: Primitive = {
  kind: 'conv',
  input: (x) => x,
  window: (x, weight, options) => conv2d(x, weight, options),
  normAfterPointwise: false,
};

export const conv = bottleneckOperator('conv', 'c', 'Convolution', convPrimitive);
