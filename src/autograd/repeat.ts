/** What a sum takes together, spread out again. */
import type { Backend, Buffer } from '../backends/backend.ts';

/** g [outer, inner] repeated to [outer, axis, inner]; `g` itself where axis is 1. */
export function repeat(backend: Backend, g: Buffer, outer: number, axis: number, inner: number): Buffer {
  if (axis === 1) return g;
  const y = backend.allocate(outer * axis * inner);
  if (outer === 1 || inner === 1) {
    const zero = backend.allocate(outer * axis * inner);
    backend.fill(zero, 0);
    if (outer === 1) backend.binary('add', zero, g, y, axis, inner, 'row');
    else backend.binary('add', zero, g, y, outer, axis, 'column');
    backend.free(zero);
    return y;
  }
  // both sides remain: a column of ones times a row, once for each of `outer`
  const ones = backend.allocate(outer * axis);
  backend.fill(ones, 1);
  backend.matmul(ones, g, y, {
    batch: outer,
    m: axis,
    n: inner,
    k: 1,
    transposeA: false,
    transposeB: false,
    alpha: 1,
    accumulate: false,
    gradient: 'b',
  });
  backend.free(ones);
  return y;
}
