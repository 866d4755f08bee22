/** Tensors laid side by side along one axis. */
import { require_ } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** Joins tensors whose shapes agree except along `axis`; the result's axis is the sum of theirs. */
export function concatenate(parts: readonly Tensor[], axis: number): Tensor {
  const [{ graph, shape }] = parts;
  const { backend } = graph;
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  let extent = 0;
  const blocks = parts.map((part) => {
    require_(
      part.shape.length === shape.length && sameShape(part.shape.with(axis, shape[axis]), shape),
      'shape',
      () =>
        `concatenate along axis ${axis} needs equal other axes, got ${parts.map((p) => showShape(p.shape)).join(' and ')}`,
    );
    const block = { offset: extent * inner, columns: part.shape[axis] * inner };
    extent += part.shape[axis];
    return block;
  });
  const stride = extent * inner;
  const y = backend.allocate(outer * stride);
  for (let i = 0; i < parts.length; i++) {
    const { offset, columns } = blocks[i];
    const packed = { offset: 0, stride: columns };
    backend.copyBlocks(parts[i].buffer, y, outer, columns, packed, { offset, stride }, false);
  }
  return graph.record(shape.with(axis, extent), y, parts, (dy) =>
    parts.map((part, i) => {
      if (!part.needsGradient) return null;
      const { offset, columns } = blocks[i];
      const dx = backend.allocate(outer * columns);
      backend.copyBlocks(dy, dx, outer, columns, { offset, stride }, { offset: 0, stride: columns }, false);
      return dx;
    }),
  );
}
