/**
 * Pooling over windows. Padding is not there: averages divide by the pixels that are, and the maximum is taken
 * over them, the first one winning a tie. Every window touches the image (the checks see to it).
 */
import type { WindowShape } from '../backend.ts';
import { checkIndices } from '../checks.ts';

export function averageForward(x: Float32Array, y: Float32Array, shape: WindowShape): void {
  const { c } = shape;
  const sums = new Float64Array(c);
  overWindows(shape, (yAt, image, top, bottom, left, right) => {
    sums.fill(0);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const xAt = ((image * shape.h + row) * shape.w + column) * c;
        for (let k = 0; k < c; k++) sums[k] += x[xAt + k];
      }
    }
    const count = (bottom - top) * (right - left);
    for (let k = 0; k < c; k++) y[yAt + k] = sums[k] / count;
  });
}

export function averageBackward(dy: Float32Array, dx: Float32Array, shape: WindowShape): void {
  const { c } = shape;
  const sums = new Float64Array(shape.n * shape.h * shape.w * c);
  overWindows(shape, (yAt, image, top, bottom, left, right) => {
    const share = 1 / ((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const xAt = ((image * shape.h + row) * shape.w + column) * c;
        for (let k = 0; k < c; k++) sums[xAt + k] += dy[yAt + k] * share;
      }
    }
  });
  dx.set(sums);
}

/** index: the place of the maximum in x, counted over all of x [n, h, w, c]. */
export function maxForward(x: Float32Array, y: Float32Array, index: Int32Array, shape: WindowShape): void {
  const { c } = shape;
  overWindows(shape, (yAt, image, top, bottom, left, right) => {
    for (let k = 0; k < c; k++) {
      let best = ((image * shape.h + top) * shape.w + left) * c + k;
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const at = ((image * shape.h + row) * shape.w + column) * c + k;
          if (x[at] > x[best]) best = at;
        }
      }
      y[yAt + k] = x[best];
      index[yAt + k] = best;
    }
  });
}

/** Each gradient goes to the place its maximum came from. */
export function maxBackward(dy: Float32Array, index: Int32Array, dx: Float32Array, shape: WindowShape): void {
  const size = shape.n * shape.h * shape.w * shape.c;
  const results = shape.n * shape.e * shape.f * shape.c;
  checkIndices('poolBackward', index, results, 1, size);
  dx.fill(0, 0, size);
  for (let i = 0; i < results; i++) dx[index[i]] += dy[i];
}

/** Calls `visit` with every window's part inside the image: rows [top, bottom), columns [left, right). */
function overWindows(
  shape: WindowShape,
  visit: (yAt: number, image: number, top: number, bottom: number, left: number, right: number) => void,
): void {
  const { n, h, w, c, r, s, stride, pad, e, f } = shape;
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < e; row++) {
      const top = row * stride - pad;
      for (let column = 0; column < f; column++) {
        const left = column * stride - pad;
        visit(
          ((image * e + row) * f + column) * c,
          image,
          Math.max(0, top),
          Math.min(h, top + r),
          Math.max(0, left),
          Math.min(w, left + s),
        );
      }
    }
  }
}
