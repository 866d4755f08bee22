/**
 * An image on its way from stored bytes to a batch, and the passes over its pixels that all operations are made of. It
 * is changed where it lies, and no pass asks for memory: at thousands of images a second, arrays of their own would cost
 * more than the arithmetic. `plain-picture.ts` says what each pass means; `wasm-picture.ts` gives the same bytes faster.
 */
import type { Placement } from '../augment.ts';

/** [x', y'] = [a b c; d e f] [x, y, 1]: where a pixel of the result is looked up; x to the right, y down, centres at .5 */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [height, width, channels], 0 to 255. */
  readonly data: Uint8Array;
  /** Takes the image at pixels[from...] of a set, mirrored, shifted; what it no longer covers is 0 or the nearest pixel. */
  place(pixels: Uint8Array, from: number, placement: Placement, padding: 'black' | 'edge'): void;
  /** Sends every value of a channel through its table: tables [channels, 256]. */
  lookUp(tables: Uint8Array): void;
  /** How often each channel has each value, [channels, 256], in memory that the next call overwrites. */
  counts(): Uint32Array;
  /** Sum over all pixels: of luma where there are three channels, of the first channel otherwise. */
  lumaSum(): number;
  /** Every pixel of three channels away from its luma, by `blended`. */
  saturate(factor: number): void;
  /** Every pixel but those of the border away from the mean of its neighbours, by `blended`. */
  sharpen(factor: number): void;
  /** Bilinear; a place outside the image gets the fill colour. */
  transform(matrix: Matrix, fill: readonly number[]): void;
  /** Every value through its channel's table, to images[at...]: table [channels, 256]. */
  normalise(table: Float32Array, images: Float32Array, at: number): void;
}

/** Clipped to 0 to 255 and cut off below the point, as a cast to a byte does. */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/** Away from a degenerate value, in single precision, as Pillow's Image.blend: factor 0 gives it, 1 the value itself. */
export function blended(degenerate: number, value: number, factor: number): number {
  const product = Math.fround(Math.fround(factor) * (value - degenerate));
  return toByte(Math.fround(degenerate + product));
}
