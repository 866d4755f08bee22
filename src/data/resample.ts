/**
 * A part of an RGB picture, brought to a size: bicubic with the window widened where it shrinks, a = -0.5, columns first
 * and rows after that, weights of 22 bits behind the point. These are the bytes of Pillow's crop and
 * resize(Image.BICUBIC). `PlainResampler` says what is computed, `WasmResampler` gives the same bytes faster.
 */
import type { Size, Window } from './crops.ts';

export interface Resampler {
  /**
   * The part `window` of a picture: `rows` are its rows, [window.height, width, 3]. Returns [size.height, size.width, 3] in
   * memory that the next call overwrites.
   */
  cut(rows: Uint8Array, width: number, window: Window): Uint8Array;
}

/** What each pixel of a line is made of, for `count` pixels out of a line of `length`. */
export interface Weights {
  /** Most pixels that one is made of. */
  readonly taps: number;
  /** [count]: the first pixel, and how many. */
  readonly first: Int32Array;
  readonly used: Int32Array;
  /** [count, taps], in units of 2^-22; 0 behind those used. */
  readonly weights: Int32Array;
}

const SUPPORT = 2;
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

function cubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

export function weightsOf(length: number, count: number): Weights {
  const scale = length / count;
  const stretch = Math.max(scale, 1);
  const support = SUPPORT * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(count);
  const used = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const real = new Float64Array(taps);
  for (let i = 0; i < count; i++) {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support + 0.5));
    const seen = Math.min(length, Math.trunc(centre + support + 0.5)) - from;
    let sum = 0;
    for (let k = 0; k < seen; k++) {
      real[k] = cubic((k + from - centre + 0.5) * (1 / stretch));
      sum += real[k];
    }
    for (let k = 0; k < seen; k++) {
      const share = sum === 0 ? real[k] : real[k] / sum;
      weights[i * taps + k] = Math.trunc(share * (1 << FRACTION_BITS) + (share < 0 ? -0.5 : 0.5));
    }
    first[i] = from;
    used[i] = seen;
  }
  return { taps, first, used, weights };
}

function toByte(sum: number): number {
  const value = sum >> FRACTION_BITS;
  return Math.max(0, Math.min(255, value));
}

export class PlainResampler implements Resampler {
  private readonly size: Size;
  private readonly out: Uint8Array;

  constructor(size: Size) {
    this.size = size;
    this.out = new Uint8Array(size.height * size.width * 3);
  }

  cut(rows: Uint8Array, width: number, window: Window): Uint8Array {
    const { size, out } = this;
    const narrow = new Uint8Array(window.height * size.width * 3);
    const across = weightsOf(window.width, size.width);
    for (let row = 0; row < window.height; row++) {
      const from = (row * width + window.left) * 3;
      for (let i = 0; i < size.width; i++) {
        for (let c = 0; c < 3; c++) {
          let sum = HALF;
          for (let k = 0; k < across.used[i]; k++)
            sum += rows[from + (across.first[i] + k) * 3 + c] * across.weights[i * across.taps + k];
          narrow[(row * size.width + i) * 3 + c] = toByte(sum);
        }
      }
    }
    const down = weightsOf(window.height, size.height);
    const line = size.width * 3;
    for (let row = 0; row < size.height; row++) {
      for (let i = 0; i < line; i++) {
        let sum = HALF;
        for (let k = 0; k < down.used[row]; k++)
          sum += narrow[(down.first[row] + k) * line + i] * down.weights[row * down.taps + k];
        out[row * line + i] = toByte(sum);
      }
    }
    return out;
  }
}
