/** Softmax over the last axis, with the scale and mask of attention folded in. */
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export interface SoftmaxOptions {
  /** Factor on x; attention uses 1 / sqrt(width of a head). */
  readonly scale?: number;
  /** Added before the exponential; [maskRows, columns], repeated over the rows of x. No gradient flows to it. */
  readonly mask?: Tensor;
}

/** softmax(scale * x + mask) along the last axis of x [..., columns]. */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  const { scale = 1, mask } = options;
  const { graph, shape } = x;
  const { backend } = graph;
  const columns = shape[shape.length - 1];
  const rows = sizeOf(shape) / columns;
  const maskRows = mask === undefined ? 1 : sizeOf(mask.shape) / columns;
  require_(
    mask === undefined || (mask.shape[mask.shape.length - 1] === columns && rows % maskRows === 0),
    'shape',
    () => `a mask ${showShape(mask?.shape ?? [])} does not repeat over the rows of ${showShape(shape)}`,
  );
  const y = backend.allocate(rows * columns);
  backend.softmaxForward(x.buffer, mask?.buffer ?? null, y, rows, columns, maskRows, scale);
  return graph.record(shape, y, [x], (dy) => {
    const dx = backend.allocate(rows * columns);
    backend.softmaxBackward(y, dy, dx, rows, columns, scale);
    return [dx];
  });
}
