/** The transformation kernel T as released: a piecewise linear map through the origin (spec 5.3). */
import { sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/**
 * y = slopes[bin of x] * x over bins of equal width between the smallest and largest x. x: any shape, slopes:
 * [pieces]. `closed` puts the maximum into the last bin; open, as released, maps it to 0.
 */
export function piecewise(x: Tensor, slopes: Tensor, { closed }: { readonly closed: boolean }): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const length = sizeOf(shape);
  const pieces = sizeOf(slopes.shape);
  const y = backend.allocate(length);
  backend.piecewiseForward(x.buffer, slopes.buffer, y, length, pieces, closed);
  return graph.record(shape, y, [x, slopes], (dy) => {
    const dx = backend.allocate(length);
    const dslopes = backend.allocate(pieces);
    backend.piecewiseBackward(x.buffer, slopes.buffer, dy, dx, dslopes, length, pieces, closed);
    return [dx, dslopes];
  });
}
