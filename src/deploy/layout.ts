/** Constants in the order that ONNX and PyTorch keep them. */
import type { Shape } from '../core/shapes.ts';
import { sizeOf } from '../core/shapes.ts';

/** Elements of `data` [shape] with the axes in another order. */
export function reordered(data: Float32Array, shape: Shape, axes: readonly number[]): Float32Array {
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const target = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  const index = new Array<number>(target.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from];
    for (let axis = target.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < target[axis]) break;
      from -= steps[axis] * target[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** A window's weight [r, s, c / groups, m] as [m, c / groups, r, s]. */
export const outputsFirst = (data: Float32Array, shape: Shape): Float32Array =>
  reordered(data, shape, [3, 2, 0, 1]);
