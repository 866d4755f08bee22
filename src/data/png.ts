/**
 * A PNG encoder for pictures the program makes itself: 8 bits a channel, no filtering, one deflate stream
 * (W3C PNG, third edition, sections 5 and 11). Reading PNG is sharp's work.
 */
import { crc32, deflateSync } from 'node:zlib';
import { require_ } from '../core/errors.ts';
import type { ImageSet } from './dataset.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR_TYPE: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number; // 1 grey, 3 RGB, 4 RGB and alpha
  readonly pixels: Uint8Array; // [height, width, channels]
}

/** The bytes of a PNG file. Throws `shape` for other channel counts or a wrong number of pixels. */
export function encodePng(picture: Picture): Buffer {
  const { height, width, channels, pixels } = picture;
  const colourType = COLOUR_TYPE[channels];
  require_(
    colourType !== undefined && pixels.length === height * width * channels && pixels.length > 0,
    'shape',
    () =>
      `a PNG of ${height} x ${width} takes 1, 3 or 4 channels and ${height * width} bytes each, but got ` +
      `${channels} channels and ${pixels.length} bytes; pass pixels as [height, width, channels]`,
    { height, width, channels, bytes: pixels.length },
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits a channel
  header[9] = colourType;
  const stride = width * channels;
  const lines = Buffer.alloc(height * (stride + 1)); // each line begins with filter type 0
  for (let row = 0; row < height; row++) {
    lines.set(pixels.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Images of a set in rows of `columns`, `gap` grey pixels apart. */
export function contactSheet(set: ImageSet, indices: ArrayLike<number>, columns: number, gap = 2): Picture {
  const { channels } = set;
  const rows = Math.ceil(indices.length / columns);
  const height = rows * (set.height + gap) + gap;
  const width = columns * (set.width + gap) + gap;
  const pixels = new Uint8Array(height * width * channels).fill(128);
  const line = set.width * channels;
  for (let i = 0; i < indices.length; i++) {
    const top = gap + Math.floor(i / columns) * (set.height + gap);
    const left = gap + (i % columns) * (set.width + gap);
    for (let row = 0; row < set.height; row++) {
      const from = (indices[i] * set.height + row) * line;
      pixels.set(set.pixels.subarray(from, from + line), ((top + row) * width + left) * channels);
    }
  }
  return { height, width, channels, pixels };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
