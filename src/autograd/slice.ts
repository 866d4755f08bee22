/**
 * Parts of a tensor along one axis. With x seen as [outer, extent, inner] a part is `outer` pieces of memory,
 * so slicing, splitting and their gradients are strided block copies.
 */
import type { Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** Places of the part [start, start + length) of `axis`: in x, and packed. */
function places(x: Tensor, axis: number, start: number, length: number) {
  const { shape } = x;
  require_(
    axis >= 0 && axis < shape.length && start >= 0 && length > 0 && start + length <= shape[axis],
    'shape',
    () => `a slice [${start}, ${start + length}) of axis ${axis} does not lie within ${showShape(shape)}`,
  );
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  return {
    outer,
    columns: length * inner,
    whole: { offset: start * inner, stride: shape[axis] * inner },
    part: { offset: 0, stride: length * inner },
    shape: [...shape.slice(0, axis), length, ...shape.slice(axis + 1)],
  };
}

/** x[..., start : start + length, ...] along `axis`. */
export function slice(x: Tensor, axis: number, start: number, length: number): Tensor {
  const { backend } = x.graph;
  const at = places(x, axis, start, length);
  const y = backend.allocate(at.outer * at.columns);
  backend.copyBlocks(x.buffer, y, at.outer, at.columns, at.whole, at.part, false);
  return x.graph.record(at.shape, y, [x], (dy) => {
    const dx = backend.allocate(sizeOf(x.shape));
    backend.fill(dx, 0);
    backend.copyBlocks(dy, dx, at.outer, at.columns, at.part, at.whole, false);
    return [dx];
  });
}

/**
 * x cut along `axis` into parts of the given lengths (their sum is the axis). The parts write their gradients
 * into one buffer. That is safe because they read a private alias of x: nothing else adds to its gradient.
 */
export function split(x: Tensor, axis: number, lengths: readonly number[]): Tensor[] {
  const { backend } = x.graph;
  require_(
    lengths.reduce((sum, length) => sum + length, 0) === x.shape[axis],
    'shape',
    () => `parts ${showShape(lengths)} do not add up to axis ${axis} of ${showShape(x.shape)}`,
  );
  const alias = x.graph.record(x.shape, x.buffer, [x], (dy) => [dy]);
  let dx: Buffer | null = null;
  let start = 0;
  return lengths.map((length) => {
    const at = places(x, axis, start, length);
    start += length;
    const y = backend.allocate(at.outer * at.columns);
    backend.copyBlocks(x.buffer, y, at.outer, at.columns, at.whole, at.part, false);
    return x.graph.record(at.shape, y, [alias], (dy) => {
      const first = dx === null;
      if (dx === null) {
        dx = backend.allocate(sizeOf(x.shape));
        backend.fill(dx, 0);
      }
      backend.copyBlocks(dy, dx, at.outer, at.columns, at.part, at.whole, false);
      return [first ? dx : null];
    });
  });
}
