/** Axes in another order. */
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** y[i] has x's axis axes[i]; `axes` holds every axis of x once, at most six of them. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const inverse: number[] = [];
  for (let i = 0; i < axes.length; i++) inverse[axes[i]] = i;
  require_(
    axes.length === shape.length && inverse.length === axes.length && !inverse.includes(undefined as never),
    'shape',
    () => `permute needs every axis of ${showShape(shape)} once, got ${showShape(axes)}`,
  );
  const target = axes.map((axis) => shape[axis]);
  const y = backend.allocate(sizeOf(shape));
  backend.permute(x.buffer, y, shape, axes);
  return graph.record(target, y, [x], (dy) => {
    const dx = backend.allocate(sizeOf(shape));
    backend.permute(dy, dx, target, inverse);
    return [dx];
  });
}
