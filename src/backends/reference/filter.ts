/**
 * A filter along sentences, one for all channels of a head: the lightweight convolution, and the same window with
 * the adder's distance and gradients (spec 4.1) in place of products.
 *
 *   conv   y[i] = sum over r of w[r] x[i - left + r]         dx = sum w dy                    dw = sum x dy
 *   add    y[i] = - sum over r of |x[i - left + r] - w[r]|   dx = sum clamp(w - x, -1, 1) dy  dw = sum (x - w) dy
 *
 * Rows before the first and behind the last are 0: they add nothing to a convolution, and take part in distances.
 */
import type { FilterKind, FilterShape } from '../backend.ts';

/**
 * For every channel of every output row and every tap: where they stand in y and w, and where in x; -1 is outside.
 */
function forEachTap(
  { n, t, e, c, k, heads, left }: FilterShape,
  visit: (yAt: number, wAt: number, xAt: number) => void,
): void {
  const channels = c / heads;
  for (let s = 0; s < n; s++) {
    for (let i = 0; i < e; i++) {
      for (let r = 0; r < k; r++) {
        const row = i - left + r;
        const xAt = row >= 0 && row < t ? (s * t + row) * c : -1;
        for (let j = 0; j < c; j++) {
          visit((s * e + i) * c + j, Math.floor(j / channels) * k + r, xAt < 0 ? -1 : xAt + j);
        }
      }
    }
  }
}

/** x: [n, t, c], w: [heads, k], y: [n, e, c]. */
export function filterForward(
  kind: FilterKind,
  x: Float32Array,
  w: Float32Array,
  y: Float32Array,
  shape: FilterShape,
): void {
  const sums = new Float64Array(shape.n * shape.e * shape.c);
  forEachTap(shape, (yAt, wAt, xAt) => {
    const value = xAt < 0 ? 0 : x[xAt];
    if (kind === 'add') sums[yAt] -= Math.abs(value - w[wAt]);
    else if (xAt >= 0) sums[yAt] += value * w[wAt];
  });
  y.set(sums);
}

/** dx: [n, t, c]; rows that nobody reads get 0. */
export function filterInputGradient(
  kind: FilterKind,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  shape: FilterShape,
): void {
  const sums = new Float64Array(shape.n * shape.t * shape.c);
  forEachTap(shape, (yAt, wAt, xAt) => {
    if (xAt < 0) return;
    const slope = kind === 'conv' ? w[wAt] : Math.min(1, Math.max(-1, w[wAt] - x[xAt]));
    sums[xAt] += slope * dy[yAt];
  });
  dx.set(sums);
}

/** dw: [heads, k]; rows outside are part of a distance's. */
export function filterWeightGradient(
  kind: FilterKind,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
  dw: Float32Array,
  shape: FilterShape,
): void {
  const sums = new Float64Array(shape.heads * shape.k);
  forEachTap(shape, (yAt, wAt, xAt) => {
    const value = xAt < 0 ? 0 : x[xAt];
    if (kind === 'add') sums[wAt] += (value - w[wAt]) * dy[yAt];
    else if (xAt >= 0) sums[wAt] += value * dy[yAt];
  });
  dw.set(sums);
}
