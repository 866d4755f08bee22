/**
 * A list of labelled image files to one array of bytes. A few files are decoded at a time, in the order of the
 * list; those that do not decode are left out, named and counted.
 */
import { require_, ShiftAddError } from '../core/errors.ts';
import type { Size } from './crops.ts';
import type { ImageSet } from './dataset.ts';
import { checkUnreadable, nameSome } from './decodebatch.ts';
import type { Progress } from './download.ts';
import { type Decoded, decode, type loadSharp } from './image.ts';

type Sharp = Awaited<ReturnType<typeof loadSharp>>;

const AT_ONCE = 8;

export interface ImageFile {
  readonly file: string;
  readonly label: number;
}

export interface DecodedSet {
  readonly set: ImageSet; // three channels
  /** Whether any pixel of any image has colour. */
  readonly coloured: boolean;
  /** What was skipped, if anything. */
  readonly note: string | undefined;
}

/** The size of the first file that decodes. Throws `data` when none does. */
export async function firstSize(sharp: Sharp, files: readonly ImageFile[]) {
  for (const { file } of files) {
    const first = await decode(sharp, file).catch(() => undefined);
    if (first !== undefined) return { height: first.height, width: first.width };
  }
  throw new ShiftAddError(
    'data',
    `none of the ${files.length} files beside ${files[0].file} is a PNG or JPEG that can be read; replace them`,
    { file: files[0].file, count: files.length },
  );
}

/**
 * Decodes `files` at a size; with `exact`, they must have it already. Throws `data` when more than `unreadableShare` of
 * them are corrupt, or one has another size. `place` is for messages.
 */
export async function decodeAll(
  sharp: Sharp,
  files: readonly ImageFile[],
  {
    exact,
    unreadableShare,
    ...size
  }: Size & {
    readonly exact?: boolean;
    readonly unreadableShare: number;
  },
  place: string,
  progress: Progress | undefined,
): Promise<DecodedSet> {
  const bytes = size.height * size.width * 3;
  const pixels = new Uint8Array(files.length * bytes);
  const labels = new Uint16Array(files.length);
  const corrupt: string[] = [];
  let count = 0;
  let coloured = false;
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const group = files.slice(start, start + AT_ONCE);
    const decoded = await Promise.all(
      group.map(({ file }) => decode(sharp, file, exact ? undefined : size).catch(() => undefined)),
    );
    decoded.forEach((image, i) => {
      if (image === undefined) {
        corrupt.push(group[i].file);
        return;
      }
      if (exact) checkSize(group[i].file, image, size);
      coloured ||= hasColour(image);
      pixels.set(image.pixels, count * bytes);
      labels[count++] = group[i].label;
    });
    const done = start + group.length;
    progress?.(`${place}: ${done} of ${files.length} images read`, done / files.length);
  }
  checkUnreadable({ place, share: unreadableShare, count: files.length, files: corrupt });
  const note =
    corrupt.length === 0
      ? undefined
      : `${place}: skipped ${corrupt.length} of ${files.length} images that could not be read: ${nameSome(corrupt)}.`;
  const set: ImageSet = {
    count,
    ...size,
    channels: 3,
    pixels: pixels.subarray(0, count * bytes),
    labels: labels.subarray(0, count),
  };
  return { set, coloured, note };
}

function checkSize(file: string, { height, width }: Size, wanted: Size): void {
  require_(
    height === wanted.height && width === wanted.width,
    'data',
    () =>
      `images must have one size unless one is asked for, but ${file} is ${width}x${height} and others are ` +
      `${wanted.width}x${wanted.height}; choose one for all, as --image-size ${Math.min(wanted.height, wanted.width)}`,
    { file, height, width },
  );
}

function hasColour({ pixels }: Decoded): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return true;
  }
  return false;
}
