import { adder2d } from '../autograd/adder.ts';
import { bottleneckOperator, type Primitive } from './bottleneck.ts';

/** Compare and accumulate: y = - sum |x - w| (AdderNet; spec 4.1). */
export const addPrimitive: Primitive = {
  kind: 'add',
  input: (x) => x,
  window: (x, weight, options) => adder2d(x, weight, options),
  normAfterPointwise: true,
};

export const add = bottleneckOperator('add', 'd', 'Add', addPrimitive);
