/** The same memory under another shape. */
import { require_ } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** x with the elements in the same order and another shape of equal size; nothing is copied. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  require_(
    sizeOf(shape) === sizeOf(x.shape),
    'shape',
    () => `a reshape keeps the number of elements, got ${showShape(x.shape)} to ${showShape(shape)}`,
  );
  return x.graph.record(shape, x.buffer, [x], (dy) => [dy]);
}
