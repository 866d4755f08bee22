/**
 * The adder layer: an L1 distance in place of a product (AdderNet; spec 4.1).
 *
 *   y[n, e, f, m] = - sum over r, s, i of | x[...] - w[r, s, i, m] |
 *
 * Padding takes part with x = 0: a padded position contributes -|w|. The gradients are AdderNet's, not the true
 * derivative: full precision for the weights, clipped for the input. The loops are those of convolution.ts.
 */
import type { WindowShape } from '../backend.ts';

export function adderForward(x: Float32Array, w: Float32Array, y: Float32Array, shape: WindowShape): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const sums = new Float64Array(m);
  const zeros = new Float32Array(c);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < e; row++) {
      for (let column = 0; column < f; column++) {
        sums.fill(0);
        for (let i = 0; i < r; i++) {
          const xRow = row * stride + i - pad;
          for (let j = 0; j < s; j++) {
            const xColumn = column * stride + j - pad;
            const inside = xRow >= 0 && xRow < h && xColumn >= 0 && xColumn < width;
            const xAt = inside ? ((image * h + xRow) * width + xColumn) * c : 0;
            subtractDistances(inside ? x : zeros, xAt, w, (i * s + j) * taps, sums, shape);
          }
        }
        y.set(sums, ((image * e + row) * f + column) * m);
      }
    }
  }
}

/** sums[m] -= |x[i] - w[i, m]| */
function subtractDistances(
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
      for (let o = g * outputs; o < (g + 1) * outputs; o++) sums[o] -= Math.abs(value - w[tap + o]);
    }
  }
}

/** dx = sum over outputs of clamp(w - x, -1, 1) * dy (HardTanh); NaN stays NaN. */
export function adderInputGradient(
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  shape: WindowShape,
): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const size = h * width * c;
  const sums = new Float64Array(size);
  for (let image = 0; image < n; image++) {
    const pixels = x.subarray(image * size, (image + 1) * size);
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
            const at = (xRow * width + xColumn) * c;
            addClipped(pixels, at, w, (i * s + j) * taps, dy, yAt, sums, shape);
          }
        }
      }
    }
    dx.set(sums, image * size);
  }
}

/** sums[i] += sum over m of clamp(w[i, m] - x[i], -1, 1) * dy[m] */
function addClipped(
  x: Float32Array,
  at: number,
  w: Float32Array,
  wAt: number,
  dy: Float32Array,
  yAt: number,
  sums: Float64Array,
  { c, m, groups }: WindowShape,
): void {
  const inputs = c / groups;
  const outputs = m / groups;
  for (let g = 0; g < groups; g++) {
    for (let k = 0; k < inputs; k++) {
      const value = x[at + g * inputs + k];
      const tap = wAt + k * m;
      let sum = 0;
      for (let o = g * outputs; o < (g + 1) * outputs; o++) {
        const distance = w[tap + o] - value;
        if (distance > 1) sum += dy[yAt + o];
        else if (distance < -1) sum -= dy[yAt + o];
        else sum += distance * dy[yAt + o];
      }
      sums[at + g * inputs + k] += sum;
    }
  }
}

/** dw = sum over positions and images of (x - w) * dy, padded positions included with x = 0; dw is overwritten. */
export function adderWeightGradient(
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
  dw: Float32Array,
  shape: WindowShape,
): void {
  const { n, h, w: width, c, r, s, m, stride, pad, e, f } = shape;
  const taps = (c / shape.groups) * m;
  const sums = new Float64Array(r * s * taps);
  const zeros = new Float32Array(c);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < e; row++) {
      for (let column = 0; column < f; column++) {
        const yAt = ((image * e + row) * f + column) * m;
        for (let i = 0; i < r; i++) {
          const xRow = row * stride + i - pad;
          for (let j = 0; j < s; j++) {
            const xColumn = column * stride + j - pad;
            const inside = xRow >= 0 && xRow < h && xColumn >= 0 && xColumn < width;
            const xAt = inside ? ((image * h + xRow) * width + xColumn) * c : 0;
            addDifferences(inside ? x : zeros, xAt, w, (i * s + j) * taps, dy, yAt, sums, shape);
          }
        }
      }
    }
  }
  dw.set(sums);
}

/** sums[i, m] += (x[i] - w[i, m]) * dy[m]; sums lie as w does. */
function addDifferences(
  x: Float32Array,
  xAt: number,
  w: Float32Array,
  wAt: number,
  dy: Float32Array,
  yAt: number,
  sums: Float64Array,
  { c, m, groups }: WindowShape,
): void {
  const inputs = c / groups;
  const outputs = m / groups;
  for (let g = 0; g < groups; g++) {
    for (let k = 0; k < inputs; k++) {
      const value = x[xAt + g * inputs + k];
      const tap = wAt + k * m;
      for (let o = g * outputs; o < (g + 1) * outputs; o++) {
        sums[tap + o] += (value - w[tap + o]) * dy[yAt + o];
      }
    }
  }
}
