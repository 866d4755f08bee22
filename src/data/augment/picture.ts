/** An image on its way from stored bytes to a batch: plain numbers, and operations that make new ones of it. */

/** data: [height, width, channels], 0 to 255. The operations of RandAugment keep values whole, as bytes are. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export function like({ height, width, channels }: Picture, data: Float32Array): Picture {
  return { height, width, channels, data };
}

/** Clipped to 0 to 255 and cut off below the point, as a cast to a byte does. */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Luma of ITU-R BT.601 in 16 fractional bits, Pillow's convert("L"): [height, width]. Grey stays as it is. */
export function luma({ height, width, channels, data }: Picture): Float32Array {
  if (channels !== 3) return data.slice(0, height * width);
  const out = new Float32Array(height * width);
  for (let i = 0; i < out.length; i++) {
    const sum = 19595 * data[3 * i] + 38470 * data[3 * i + 1] + 7471 * data[3 * i + 2];
    out[i] = (sum + 0x8000) >> 16;
  }
  return out;
}
