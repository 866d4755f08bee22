/**
 * Images in folders: train/ and test/ (or val/), one folder a class in each, PNG and JPEG. Everything is decoded
 * once, to one size; a set in which no pixel of any image has colour gets one channel instead of three.
 */
import { basename, join } from 'node:path';
import { require_, ShiftAddError } from '../core/errors.ts';
import { isFolder, listFolder } from './bytes.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import { decodeAll, firstSize, type ImageFile } from './decodeset.ts';
import type { LoadOptions } from './idx.ts';
import { loadSharp } from './image.ts';
import { assemble } from './statistics.ts';

const IMAGE_NAME = /\.(png|jpe?g)$/i;

export interface FolderOptions extends LoadOptions {
  /** Pixels a side; without it, the size of the first training image. */
  readonly imageSize?: number | undefined;
  readonly progress?: ((message: string) => void) | undefined;
}

/**
 * Reads `directory`. Files that do not decode are skipped and named in the notes, up to 5 % of a set.
 * Throws `data` when folders are missing or empty, a test class is unknown, or more files are corrupt.
 */
export async function openFolder(directory: string, options: FolderOptions): Promise<ImageDataset> {
  const { imageSize, progress, ...rest } = options;
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
  const testFiles = await listImages(testPlace, classes);

  const sharp = await loadSharp();
  const size =
    imageSize === undefined ? await firstSize(sharp, trainFiles) : { height: imageSize, width: imageSize };
  const notes: string[] = [];
  if (listing.includes('val') && listing.includes('test')) {
    notes.push(
      `${directory} holds test/ and val/: ${basename(testPlace)}/ is used as the test set, the other is not.`,
    );
  }
  const decodeSet = async (files: readonly ImageFile[], place: string) => {
    const read = await decodeAll(sharp, files, size, place, progress);
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

async function classFolders(place: string): Promise<string[]> {
  const names = (await listFolder(place, 'a folder a class')).filter((name) => !name.startsWith('.'));
  const isClass = await Promise.all(names.map((name) => isFolder(join(place, name))));
  return names.filter((_, i) => isClass[i]);
}

/** test/ if it has class folders (ImageNet's has none), otherwise val/. */
async function findTest(directory: string): Promise<string> {
  for (const name of ['test', 'val']) {
    const place = join(directory, name);
    if ((await isFolder(place)) && (await classFolders(place)).length > 0) return place;
  }
  throw new ShiftAddError(
    'data',
    `${directory} must hold test/ or val/ with the same class folders as train/, but has neither; move a part of ` +
      `the images there`,
    { file: directory },
  );
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
    const images = (await listFolder(join(place, name), 'images')).filter((file) => IMAGE_NAME.test(file));
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
