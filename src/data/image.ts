/**
 * One PNG or JPEG file to bytes of a wanted size: turned upright, made opaque on white, resized to cover the
 * size and cropped at the centre. sharp does the decoding; it is optional and loaded at the first image.
 */
import { readFile } from 'node:fs/promises';
import { ShiftAddError } from '../core/errors.ts';
import { DETAIL, type Size, type Window } from './crops.ts';

type Sharp = typeof import('sharp').default;

const importSharp = async (): Promise<Sharp> => (await import('sharp')).default;
let loaded: Promise<Sharp> | undefined;

/** The decoder. Throws `missing` when the package is not installed or does not load on this platform. */
export async function loadSharp(load: () => Promise<Sharp> = importSharp): Promise<Sharp> {
  try {
    if (load !== importSharp) return await load();
    loaded ??= load();
    return await loaded;
  } catch (cause) {
    loaded = undefined;
    throw new ShiftAddError(
      'missing',
      `reading PNG and JPEG files needs the optional package sharp, but it did not load ` +
        `(${String((cause as Error).message).split('\n')[0]}); install it with: npm install sharp`,
      { package: 'sharp' },
      cause,
    );
  }
}

export interface Decoded {
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array; // [height, width, 3]
}

/** The rows that a part of a picture lies in, [window.height, width, 3], and where in them. */
export interface Part {
  readonly rows: Uint8Array;
  readonly width: number;
  readonly window: Window;
}

export function partOf({ pixels, width }: Decoded, window: Window): Part {
  const line = 3 * width;
  return { rows: pixels.subarray(window.top * line, (window.top + window.height) * line), width, window };
}

/**
 * Warnings of libjpeg that mean lost pixels: it goes on, with noise or grey where the data broke. Its others
 * (bytes between segments, unknown revisions) come from cameras and editors and leave the picture whole.
 */
const LOST_PIXELS = /bad (Huffman|arithmetic) code|premature end|instead of RST/i;

/** The size that a picture is brought to, if any: covered and cut at the centre, or only made smaller, whole. */
type Wanted =
  | { readonly cover: Size; readonly atLeast?: undefined }
  | { readonly atLeast: Size; readonly cover?: undefined };

/** Decodes `file` as RGB, at its own size or cut to `size`. Rejects with sharp's error when the file is corrupt. */
export function decode(sharp: Sharp, file: string, size?: Size): Promise<Decoded> {
  return decodeTo(sharp, file, size && { cover: size });
}

/**
 * Decodes `file` as RGB, as large as parts of `size` are taken from: where it is more than twice `size` both ways it is made
 * smaller, to no less than that. Rejects as `decode` does.
 */
export function decodeForParts(sharp: Sharp, file: string, { height, width }: Size): Promise<Decoded> {
  return decodeTo(sharp, file, { atLeast: { height: DETAIL * height, width: DETAIL * width } });
}

async function decodeTo(sharp: Sharp, file: string, wanted: Wanted | undefined): Promise<Decoded> {
  // libvips takes three quarters of the time for bytes that it takes for a name
  const bytes = await readFile(file);
  try {
    return await decodeStrictly(sharp, bytes, wanted, 'warning');
  } catch (error) {
    if (LOST_PIXELS.test((error as Error).message)) throw error;
    return decodeStrictly(sharp, bytes, wanted, 'error');
  }
}

async function decodeStrictly(
  sharp: Sharp,
  file: Buffer,
  wanted: Wanted | undefined,
  failOn: 'warning' | 'error',
): Promise<Decoded> {
  let pipeline = sharp(file, { failOn }).autoOrient().flatten({ background: '#ffffff' });
  if (wanted?.cover !== undefined) {
    pipeline = pipeline.resize({ ...wanted.cover, fit: 'cover', position: 'centre' });
  } else if (wanted !== undefined) {
    pipeline = pipeline.resize({ ...wanted.atLeast, fit: 'outside', withoutEnlargement: true });
  }
  const { data, info } = await pipeline
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const pixels = info.channels === 3 ? data : spread(data, info.channels);
  return { height: info.height, width: info.width, pixels };
}

/** Grey (with or without alpha) to three equal channels. */
function spread(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((data.length / channels) * 3);
  for (let i = 0, at = 0; at < data.length; i += 3, at += channels) {
    out[i] = data[at];
    out[i + 1] = channels < 3 ? data[at] : data[at + 1];
    out[i + 2] = channels < 3 ? data[at] : data[at + 2];
  }
  return out;
}

/** Luma of ITU-R BT.601, exact for grey: [pixels, 3] to [pixels]. */
export function toGrey(rgb: Uint8Array): Uint8Array {
  const out = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < out.length; i++) {
    out[i] = (299 * rgb[3 * i] + 587 * rgb[3 * i + 1] + 114 * rgb[3 * i + 2] + 500) / 1000;
  }
  return out;
}

/**
 * Reads an image as a network sees it: bytes [height, width, channels] with 1 (grey) or 3 (RGB) channels.
 * Throws `data` when the file is missing or no image, `missing` without sharp.
 */
export async function readImage(
  file: string,
  shape: { readonly height: number; readonly width: number; readonly channels: number },
): Promise<Uint8Array> {
  if (shape.channels !== 1 && shape.channels !== 3) {
    throw new ShiftAddError(
      'shape',
      `an image file gives 1 or 3 channels, but the network takes ${shape.channels}; use a network for images`,
      { file, channels: shape.channels },
    );
  }
  const sharp = await loadSharp();
  let decoded: Decoded;
  try {
    decoded = await decode(sharp, file, shape);
  } catch (cause) {
    throw new ShiftAddError(
      'data',
      `${file} is not an image that can be read: expected PNG or JPEG, but decoding gave ` +
        `"${(cause as Error).message.split('\n')[0]}"; check the path or replace the file`,
      { file },
      cause,
    );
  }
  return shape.channels === 1 ? toGrey(decoded.pixels) : decoded.pixels;
}
