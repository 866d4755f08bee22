/**
 * Convolution by its definition: for every output pixel the window is walked, and every tap inside the image
 * multiplies. The innermost loop runs over output channels, which lie next to each other in weights and output.
 *
 *   y[n, e, f, m] = sum over r, s, i of x[n, e * stride + r - pad, f * stride + s - pad, g * c/groups + i]
 *                                       * w[r, s, i, m],   g the group of m
 *
 * Padding adds nothing: its taps are left out, so an infinite weight there does not turn into NaN. What happens at
 * one pixel and one place of the window stands in a function of its own, which keeps the compiled loops small.
 */
import type { WindowShape } from '../backend.ts';

export function convForward(x: Float32Array, w: Float32Array, y: Float32Array, shape: WindowShape): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const sums = new Float64Array(m);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < e; row++) {
      for (let column = 0; column < f; column++) {
        sums.fill(0);
        for (let i = 0; i < r; i++) {
          const xRow = row * stride + i - pad;
          if (xRow < 0 || xRow >= h) continue;
          for (let j = 0; j < s; j++) {
            const xColumn = column * stride + j - pad;
            if (xColumn < 0 || xColumn >= width) continue;
            const xAt = ((image * h + xRow) * width + xColumn) * c;
            addProducts(x, xAt, w, (i * s + j) * taps, sums, shape);
          }
        }
        y.set(sums, ((image * e + row) * f + column) * m);
      }
    }
  }
}

/** sums[m] += x[i] * w[i, m] */
function addProducts(
  x: Float32Array,
  xAt: number,
  w: Float32Array,
  wAt: number,
  sums: Float64Array,
  { c, m, groups }: WindowShape,
): void {
  const inputs = c / groups;
  const outputs = m / groups;
  for (let g = 0; g < groups; g++) {
    for (let k = 0; k < inputs; k++) {
      const value = x[xAt + g * inputs + k];
      const tap = wAt + k * m;
      for (let o = g * outputs; o < (g + 1) * outputs; o++) sums[o] += value * w[tap + o];
    }
  }
}

/** dx = every output's gradient times the weights it was reached through. */
export function convInputGradient(
  dy: Float32Array,
  w: Float32Array,
  dx: Float32Array,
  shape: WindowShape,
): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const sums = new Float64Array(h * width * c);
  for (let image = 0; image < n; image++) {
    sums.fill(0);
    for (let row = 0; row < e; row++) {
      for (let column = 0; column < f; column++) {
        const yAt = ((image * e + row) * f + column) * m;
        for (let i = 0; i < r; i++) {
          const xRow = row * stride + i - pad;
          if (xRow < 0 || xRow >= h) continue;
          for (let j = 0; j < s; j++) {
            const xColumn = column * stride + j - pad;
            if (xColumn < 0 || xColumn >= width) continue;
            addBack(dy, yAt, w, (i * s + j) * taps, sums, (xRow * width + xColumn) * c, shape);
          }
        }
      }
    }
    dx.set(sums, image * sums.length);
  }
}

/** sums[i] += sum over m of dy[m] * w[i, m] */
function addBack(
  dy: Float32Array,
  yAt: number,
  w: Float32Array,
  wAt: number,
  sums: Float64Array,
  at: number,
  { c, m, groups }: WindowShape,
): void {
  const inputs = c / groups;
  const outputs = m / groups;
  for (let g = 0; g < groups; g++) {
    for (let k = 0; k < inputs; k++) {
      const tap = wAt + k * m;
      let sum = 0;
      for (let o = g * outputs; o < (g + 1) * outputs; o++) sum += dy[yAt + o] * w[tap + o];
      sums[at + g * inputs + k] += sum;
    }
  }
}

/** dw = every input value times the gradient of the outputs it reached through that tap; dw is overwritten. */
export function convWeightGradient(
  x: Float32Array,
  dy: Float32Array,
  dw: Float32Array,
  shape: WindowShape,
): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const sums = new Float64Array(r * s * taps);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < e; row++) {
      for (let column = 0; column < f; column++) {
        const yAt = ((image * e + row) * f + column) * m;
        for (let i = 0; i < r; i++) {
          const xRow = row * stride + i - pad;
          if (xRow < 0 || xRow >= h) continue;
          for (let j = 0; j < s; j++) {
            const xColumn = column * stride + j - pad;
            if (xColumn < 0 || xColumn >= width) continue;
            const xAt = ((image * h + xRow) * width + xColumn) * c;
            addOuter(x, xAt, dy, yAt, sums, (i * s + j) * taps, shape);
          }
        }
      }
    }
  }
  dw.set(sums);
}

/** sums[i, m] += x[i] * dy[m] */
function addOuter(
  x: Float32Array,
  xAt: number,
  dy: Float32Array,
  yAt: number,
  sums: Float64Array,
  at: number,
  { c, m, groups }: WindowShape,
): void {
  const inputs = c / groups;
  const outputs = m / groups;
  for (let g = 0; g < groups; g++) {
    for (let k = 0; k < inputs; k++) {
      const value = x[xAt + g * inputs + k];
      const tap = at + k * m;
      for (let o = g * outputs; o < (g + 1) * outputs; o++) sums[tap + o] += value * dy[yAt + o];
    }
  }
}
