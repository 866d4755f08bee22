/**
 * Images in folders: train/ and test/ (or val/), one folder a class in each, PNG and JPEG; ImageNet's layout is one of
 * these, and its val/ may also be flat. What fits into memory is decoded once, to one size; a set in which no pixel of
 * any image has colour gets one channel instead of three. What does not fit is decoded while training, in colour.
 */
import { basename, join, relative } from 'node:path';
import { require_, ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { isFolder, listFolder } from './bytes.ts';
import { middleWindow, type Size } from './crops.ts';
import type { ImageDataset, ImageFiles, ImageSet } from './dataset.ts';
import { UNREADABLE_SHARE } from './decodebatch.ts';
import { decodeAll, firstSize, type ImageFile } from './decodeset.ts';
import type { Progress } from './download.ts';
import type { LoadOptions } from './idx.ts';
import { decodeForParts, loadSharp } from './image.ts';
import { assemble, type ChannelStatistics, channelStatistics } from './statistics.ts';
import { flatValidation } from './validation.ts';
import { resamplerOf } from './wasm-resample.ts';

/** Bytes of decoded images that are kept in memory unless another number is given. */
export const MEMORY = 1.5 * 2 ** 30;
/** Images that mean and deviation are taken from when not all are decoded. */
const SAMPLE = 512;

const IMAGE_NAME = /\.(png|jpe?g)$/i;

export interface FolderOptions extends LoadOptions {
  /** Pixels a side; without it, the size that all images have. */
  readonly imageSize?: number | undefined;
  /** Bytes of decoded images that are kept in memory; a set that takes more is decoded while training. */
  readonly memory?: number | undefined;
  /** Share of the files of a set that may be unreadable, 0 to 1; 0.05 unless given. */
  readonly unreadableShare?: number | undefined;
  readonly progress?: Progress | undefined;
}

/**
 * Reads `directory`. Files that do not decode are skipped and named in the notes, up to `unreadableShare`.
 * Throws `data` when folders are missing or empty, a test class is unknown, or more files are corrupt.
 */
export async function openFolder(directory: string, options: FolderOptions): Promise<ImageDataset> {
  const { imageSize, memory = MEMORY, unreadableShare = UNREADABLE_SHARE, progress, ...rest } = options;
  const listing = await listFolder(directory, 'train/ and val/ or test/');
  const trainPlace = join(directory, 'train');
  require_(
    listing.includes('train'),
    'data',
    () =>
      `${directory} must hold a folder train/ with a folder a class, but has none; create it or check the path`,
    { file: trainPlace },
  );
  const classes = await classFolders(trainPlace);
  require_(
    classes.length >= 2,
    'data',
    () =>
      `${trainPlace} must hold at least two class folders, but holds ${classes.length}; put the images of each ` +
      `class into a folder of its own`,
    { file: trainPlace, classes: classes.length },
  );
  const testPlace = await findTest(directory);
  const trainFiles = await listImages(trainPlace, classes);
  const testFiles = await listTest(testPlace, classes);

  const sharp = await loadSharp();
  const size =
    imageSize === undefined ? await firstSize(sharp, trainFiles) : { height: imageSize, width: imageSize };
  const notes: string[] = [];
  if (listing.includes('val') && listing.includes('test')) {
    notes.push(
      `${directory} holds test/ and val/: ${basename(testPlace)}/ is used as the test set, the other is not.`,
    );
  }
  const bytes = (trainFiles.length + testFiles.length) * size.height * size.width * 3;
  if (bytes > memory) {
    require_(
      imageSize !== undefined,
      'data',
      () =>
        `${directory}: ${trainFiles.length + testFiles.length} images of ${size.height} x ${size.width} take ${bytes} ` +
        `bytes, more than the ${memory} kept in memory, and decoding them while training needs a size; ` +
        `give one, as --image-size 224`,
      { file: directory, bytes, memory },
    );
    notes.push(
      `${directory}: ${trainFiles.length} and ${testFiles.length} images are decoded when they are needed, mean and ` +
        `deviation are those of ${Math.min(SAMPLE, trainFiles.length)} of them.`,
    );
    const named = (files: readonly ImageFile[], root: string) =>
      namedSet(files, { root, unreadableShare }, size);
    return assemble({
      ...rest,
      ...{ classes, train: named(trainFiles, trainPlace), test: named(testFiles, testPlace) },
      ...{ mirrorable: true, notes },
      statistics: await sampledStatistics(sharp, trainFiles, size, options.seed),
    });
  }
  const exact = imageSize === undefined;
  const decodeSet = async (files: readonly ImageFile[], place: string) => {
    const read = await decodeAll(sharp, files, { ...size, exact, unreadableShare }, place, progress);
    if (read.note !== undefined) notes.push(read.note);
    return read;
  };
  const train = await decodeSet(trainFiles, trainPlace);
  const test = await decodeSet(testFiles, testPlace);
  const grey = !train.coloured && !test.coloured;
  return assemble({
    ...rest,
    classes,
    train: grey ? firstChannel(train.set) : train.set,
    test: grey ? firstChannel(test.set) : test.set,
    mirrorable: true,
    notes,
  });
}

/** A set that is decoded while training. */
function namedSet(
  files: readonly ImageFile[],
  { root, ...rest }: Omit<ImageFiles, 'names'>,
  { height, width }: Size,
): ImageSet {
  return {
    ...{ count: files.length, height, width, channels: 3, pixels: new Uint8Array(0) },
    labels: Uint16Array.from(files, ({ label }) => label),
    files: { root, ...rest, names: files.map(({ file }) => relative(root, file)) },
  };
}

/** Of some images, the same ones for a seed; those that cannot be read are left out. */
async function sampledStatistics(
  sharp: Awaited<ReturnType<typeof loadSharp>>,
  files: readonly ImageFile[],
  size: Size,
  seed: number | string,
): Promise<ChannelStatistics> {
  const order = Random.fromSeed(seed).split('statistics').permutation(files.length).subarray(0, SAMPLE);
  const found: Uint8Array[] = [];
  const resampler = resamplerOf(size);
  for (let from = 0; from < order.length; from += 8) {
    const group = [...order.subarray(from, from + 8)].map((index) =>
      decodeForParts(sharp, files[index].file, size).catch(() => undefined),
    );
    for (const picture of await Promise.all(group)) {
      if (picture === undefined) continue;
      const window = middleWindow(picture);
      const rows = picture.pixels.subarray(window.top * picture.width * 3);
      found.push(resampler.cut(rows, picture.width, window).slice());
    }
  }
  const pixels = Buffer.concat(found);
  return channelStatistics({ count: found.length, ...size, channels: 3, pixels, labels: new Uint8Array(0) });
}

async function classFolders(place: string): Promise<string[]> {
  const names = (await listFolder(place, 'a folder a class')).filter((name) => !name.startsWith('.'));
  const isClass = await Promise.all(names.map((name) => isFolder(join(place, name))));
  return names.filter((_, i) => isClass[i]);
}

/** test/ if it has class folders (ImageNet's has none), otherwise val/, also without class folders. */
async function findTest(directory: string): Promise<string> {
  for (const name of ['test', 'val']) {
    const place = join(directory, name);
    if (!(await isFolder(place))) continue;
    if ((await classFolders(place)).length > 0) return place;
    if (name === 'val' && (await imagesIn(place)).length > 0) return place;
  }
  throw new ShiftAddError(
    'data',
    `${directory} must hold test/ or val/ with the same class folders as train/, but has neither; move a part of ` +
      `the images there`,
    { file: directory },
  );
}

async function imagesIn(place: string): Promise<string[]> {
  return (await listFolder(place, 'images')).filter((file) => IMAGE_NAME.test(file));
}

async function listTest(place: string, classes: readonly string[]): Promise<ImageFile[]> {
  if ((await classFolders(place)).length > 0) return listImages(place, classes);
  return flatValidation(place, await imagesIn(place), classes);
}

async function listImages(place: string, classes: readonly string[]): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  for (const name of await classFolders(place)) {
    const label = classes.indexOf(name);
    require_(
      label >= 0,
      'data',
      () => `${join(place, name)} is a class that train/ does not have; rename or remove it`,
      { file: join(place, name) },
    );
    const images = await imagesIn(join(place, name));
    require_(
      images.length > 0,
      'data',
      () =>
        `${join(place, name)} must hold PNG or JPEG files, but holds none; add images or remove the folder`,
      { file: join(place, name) },
    );
    for (const image of images) files.push({ file: join(place, name, image), label });
  }
  return files;
}

function firstChannel(set: ImageSet): ImageSet {
  const pixels = new Uint8Array(set.pixels.length / 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = set.pixels[3 * i];
  return { ...set, channels: 1, pixels };
}
