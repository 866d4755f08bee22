/**
 * An image on its way from stored bytes to a batch. The operations change it where it lies, and none of them asks
 * for memory: at thousands of images a second, arrays of their own would cost more than the arithmetic.
 */

/** data: [height, width, channels], 0 to 255. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Clipped to 0 to 255 and cut off below the point, as a cast to a byte does. */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}

/** Luma of ITU-R BT.601 in 16 fractional bits, Pillow's convert("L"). */
export function luma(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

let scratch = new Uint8Array(0);

/** The picture's values as they are now, in memory that the next call overwrites. */
export function before({ data }: Picture): Uint8Array {
  if (scratch.length < data.length) scratch = new Uint8Array(data.length);
  scratch.set(data);
  return scratch;
}

/** Sends every value of a channel through its table: tables [channels, 256]. */
export function lookUp({ channels, data }: Picture, tables: Uint8Array): void {
  const { length } = data;
  if (channels === 3) {
    for (let i = 0; i + 2 < length; i += 3) {
      data[i] = tables[data[i]];
      data[i + 1] = tables[256 + data[i + 1]];
      data[i + 2] = tables[512 + data[i + 2]];
    }
    return;
  }
  for (let c = 0; c < channels; c++) {
    for (let i = c; i < length; i += channels) data[i] = tables[256 * c + data[i]];
  }
}
