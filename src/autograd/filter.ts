/**
 * A filter along sentences, the same for all channels of a head: the lightweight convolution ('conv'), or the adder's
 * distance with the adder's gradients in its place ('add'; spec 4.1, and adder.ts for why they are not the derivative).
 */
import type { FilterKind, FilterShape } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export interface FilterOptions {
  /** Channel i of c reads filter floor(i / (c / heads)). */
  readonly heads: number;
  /** Rows before its own that an output row reads: (k - 1) / 2 in an encoder, k - 1 where nobody may look ahead. */
  readonly left: number;
  /** Output rows; as many as input rows by default. */
  readonly rows?: number;
}

/**
 * Output row i is the filter over x rows i - left ... i - left + k - 1, where rows outside are 0. x: [n, t, c], w:
 * [heads, k]; result: [n, rows, c].
 *
 * @throws ShiftAddError 'shape' when filters and channels do not fit.
 */
export function filter1d(kind: FilterKind, x: Tensor, w: Tensor, options: FilterOptions): Tensor {
  const { heads, left } = options;
  const { graph } = x;
  const { backend } = graph;
  const [n, t, c] = x.shape;
  const k = w.shape[1];
  require_(
    x.shape.length === 3 && sameShape(w.shape, [heads, k]) && c % heads === 0,
    'shape',
    () =>
      `a filter of ${heads} heads needs x [n, t, c] with c a multiple of the heads and w [heads, k], got ` +
      `${showShape(x.shape)} and ${showShape(w.shape)}`,
  );
  const e = options.rows ?? t;
  const shape: FilterShape = { n, t, e, c, k, heads, left };
  const y = backend.allocate(n * e * c);
  backend.filterForward(kind, x.buffer, w.buffer, y, shape);
  return graph.record([n, e, c], y, [x, w], (dy) => {
    const dx = x.needsGradient ? backend.allocate(sizeOf(x.shape)) : null;
    const dw = w.needsGradient ? backend.allocate(heads * k) : null;
    if (dx !== null) backend.filterInputGradient(kind, x.buffer, w.buffer, dy, dx, shape);
    if (dw !== null) backend.filterWeightGradient(kind, x.buffer, w.buffer, dy, dw, shape);
    return [dx, dw];
  });
}
