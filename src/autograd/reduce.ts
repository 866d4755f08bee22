/** Sums and means over axes. */
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';
import { repeat } from './repeat.ts';
import { scale } from './unary.ts';

/** Sums the neighbouring axes first..last. */
function sumRun(x: Tensor, first: number, last: number): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const outer = sizeOf(shape.slice(0, first));
  const axis = sizeOf(shape.slice(first, last + 1));
  const inner = sizeOf(shape.slice(last + 1));
  const y = backend.allocate(outer * inner);
  backend.reduce('sum', x.buffer, y, outer, axis, inner);
  const target = [...shape.slice(0, first), ...shape.slice(last + 1)];
  return graph.record(target, y, [x], (dy) => [repeat(backend, dy, outer, axis, inner)]);
}

/** Sum over `axes`, which disappear from the shape; over everything, to the scalar shape [], by default. */
export function sum(x: Tensor, axes: readonly number[] = x.shape.map((_, i) => i)): Tensor {
  const order = [...new Set(axes)].sort((a, b) => b - a);
  require_(
    order.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < x.shape.length),
    'shape',
    () => `axes ${showShape(axes)} are not all axes of ${showShape(x.shape)}`,
  );
  // from the last axis to the first, so that the numbers of those still to come stay valid
  let y = x;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j + 1 < order.length && order[j + 1] === order[j] - 1) j++;
    y = sumRun(y, order[j], order[i]);
    i = j + 1;
  }
  return y;
}

/** Mean over `axes`, which disappear from the shape; over everything by default. */
export function mean(x: Tensor, axes?: readonly number[]): Tensor {
  const total = sum(x, axes);
  return scale(total, sizeOf(total.shape) / sizeOf(x.shape));
}
