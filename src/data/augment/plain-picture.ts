/** What the passes over a picture mean, pixel by pixel: the specification, and what runs where there is no Wasm. */
import type { Placement } from '../augment.ts';
import { blended, type Matrix, type Picture } from './picture.ts';

/** Luma of ITU-R BT.601 in 16 bits behind the point, Pillow's convert("L"). */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

export class PlainPicture implements Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
  private readonly before: Uint8Array;
  private readonly counted: Uint32Array;

  constructor(height: number, width: number, channels: number) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.data = new Uint8Array(height * width * channels);
    this.before = new Uint8Array(this.data.length);
    this.counted = new Uint32Array(256 * channels);
  }

  place(
    pixels: Uint8Array,
    from: number,
    { mirrored, top, left }: Placement,
    padding: 'black' | 'edge',
  ): void {
    const { height, width, channels, data } = this;
    const seen = (at: number, size: number) =>
      padding === 'edge' ? Math.min(size - 1, Math.max(0, at)) : at >= 0 && at < size ? at : -1;
    let to = 0;
    for (let row = 0; row < height; row++) {
      const y = seen(row + top, height);
      for (let column = 0; column < width; column++) {
        const x = seen((mirrored ? width - 1 - column : column) + left, width);
        const pixel = from + (y * width + x) * channels;
        for (let c = 0; c < channels; c++) data[to++] = x < 0 || y < 0 ? 0 : pixels[pixel + c];
      }
    }
  }

  lookUp(tables: Uint8Array): void {
    const { channels, data } = this;
    for (let i = 0; i < data.length; ) {
      for (let c = 0; c < channels; c++, i++) data[i] = tables[256 * c + data[i]];
    }
  }

  counts(): Uint32Array {
    const { channels, data, counted } = this;
    counted.fill(0);
    for (let i = 0; i < data.length; ) {
      for (let c = 0; c < channels; c++, i++) counted[256 * c + data[i]]++;
    }
    return counted;
  }

  lumaSum(): number {
    const { channels, data } = this;
    let sum = 0;
    for (let i = 0; i < data.length; i += channels) {
      sum += channels === 3 ? luma(data[i], data[i + 1], data[i + 2]) : data[i];
    }
    return sum;
  }

  saturate(factor: number): void {
    const { data } = this;
    for (let i = 0; i + 2 < data.length; i += 3) {
      const grey = luma(data[i], data[i + 1], data[i + 2]);
      for (let c = i; c < i + 3; c++) data[c] = blended(grey, data[c], factor);
    }
  }

  sharpen(factor: number): void {
    const { height, width, channels, data, before } = this;
    before.set(data);
    const line = width * channels;
    for (let row = 1; row < height - 1; row++) {
      for (let i = row * line + channels; i < (row + 1) * line - channels; i++) {
        let sum = 4 * before[i];
        for (const from of [i - line, i, i + line]) {
          sum += before[from - channels] + before[from] + before[from + channels];
        }
        data[i] = blended(Math.floor(sum / 13 + 0.5), before[i], factor);
      }
    }
  }

  transform([a, b, c, d, e, f]: Matrix, fill: readonly number[]): void {
    const { height, width, channels, data, before } = this;
    before.set(data);
    const line = width * channels;
    let to = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const x = a * (column + 0.5) + b * (row + 0.5) + c;
        const y = d * (column + 0.5) + e * (row + 0.5) + f;
        if (x < 0 || x >= width || y < 0 || y >= height) {
          for (let channel = 0; channel < channels; channel++) data[to++] = fill[channel];
          continue;
        }
        const left = Math.floor(x - 0.5);
        const top = Math.floor(y - 0.5);
        const dx = x - 0.5 - left;
        const dy = y - 0.5 - top;
        const upper = Math.max(0, top) * line;
        const lower = Math.min(height - 1, top + 1) * line;
        const west = Math.max(0, left) * channels;
        const east = Math.min(width - 1, left + 1) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const above = between(before[upper + west + channel], before[upper + east + channel], dx);
          const below = between(before[lower + west + channel], before[lower + east + channel], dx);
          data[to++] = between(above, below, dy);
        }
      }
    }
  }

  normalise(table: Float32Array, images: Float32Array, at: number): void {
    const { channels, data } = this;
    for (let i = 0; i < data.length; ) {
      for (let c = 0; c < channels; c++, i++) images[at + i] = table[256 * c + data[i]];
    }
  }
}

/** In Pillow's order of arithmetic: the result is cut off to whole values, so the last bit counts. */
function between(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
