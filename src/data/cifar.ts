/**
 * CIFAR-10 and CIFAR-100, binary version (Krizhevsky, 2009): records of one label byte (CIFAR-100: coarse,
 * then fine) and 3072 bytes, three planes red, green, blue of 32 x 32. Planes become interleaved channels here.
 */
import { basename, join } from 'node:path';
import { require_, ShiftAddError } from '../core/errors.ts';
import { isFolder, listFolder, locate, locateOrThrow, readBytes } from './bytes.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import type { LoadOptions } from './idx.ts';
import { CIFAR10_CLASSES, CIFAR100_CLASSES } from './names.ts';
import { assemble } from './statistics.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;

interface Layout {
  readonly title: string;
  readonly train: readonly string[];
  readonly test: string;
  /** Folder inside the publisher's archive. */
  readonly inner: string;
  readonly labelBytes: number; // the last of them is the label used
  readonly classes: readonly string[];
}

export const CIFAR10: Layout = {
  title: 'CIFAR-10',
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: 'test_batch.bin',
  inner: 'cifar-10-batches-bin',
  labelBytes: 1,
  classes: CIFAR10_CLASSES,
};

export const CIFAR100: Layout = {
  title: 'CIFAR-100',
  train: ['train.bin'],
  test: 'test.bin',
  inner: 'cifar-100-binary',
  labelBytes: 2,
  classes: CIFAR100_CLASSES,
};

/**
 * Reads what batches there are in `directory` (or in the archive's own folder inside it), .gz or not; missing
 * training batches are noted. Throws `data` when no training batch or no test batch is there, or one is malformed.
 */
export async function openCifar(
  layout: Layout,
  directory: string,
  options: LoadOptions,
): Promise<ImageDataset> {
  const inner = join(directory, layout.inner);
  const place = (await isFolder(inner)) ? inner : directory;
  const listing = await listFolder(place, `the binary version of ${layout.title}`);
  const present = layout.train.flatMap((name) => locate(place, listing, [name]) ?? []);
  if (present.length === 0) {
    const python = listing.some((name) => name === 'data_batch_1' || name === 'train');
    throw new ShiftAddError(
      'data',
      `no training batch of ${layout.title} is in ${place}: expected ${layout.train[0]} (or .gz), but found ` +
        `${python ? 'the Python version' : listing.length === 0 ? 'an empty folder' : listing.slice(0, 3).join(', ')}` +
        `; take the binary version of the set`,
      { file: join(place, layout.train[0]), found: listing.slice(0, 10) },
    );
  }
  const testFile = locateOrThrow(place, listing, [layout.test]);
  const train = await readBatches(layout, present);
  const test = await readBatches(layout, [testFile]);
  const missing = layout.train.filter((name) => locate(place, listing, [name]) === undefined);
  const notes =
    missing.length === 0
      ? []
      : [
          `${layout.title}: found ${train.count} training images in ${present.length} of ${layout.train.length} ` +
            `batches; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
        ];
  return assemble({ ...options, classes: layout.classes, train, test, mirrorable: true, notes });
}

async function readBatches(layout: Layout, files: readonly string[]): Promise<ImageSet> {
  const record = layout.labelBytes + 3 * PLANE;
  const batches: { file: string; bytes: Uint8Array }[] = [];
  for (const file of files) {
    const bytes = await readBytes(file);
    const rest = bytes.length % record;
    require_(
      bytes.length > 0 && rest === 0,
      'data',
      () =>
        `${file} is cut off or not ${layout.title}: expected records of ${record} bytes (32 x 32 pixels), but it ` +
        `holds ${bytes.length}, which leaves ${rest} over; download it again`,
      { file, record, found: bytes.length, over: rest },
    );
    batches.push({ file, bytes });
  }
  const count = batches.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const pixels = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  let image = 0;
  for (const { file, bytes } of batches) {
    for (let at = 0; at < bytes.length; at += record, image++) {
      const label = bytes[at + layout.labelBytes - 1];
      require_(
        label < layout.classes.length,
        'data',
        () =>
          `${basename(file)}: labels must be 0 to ${layout.classes.length - 1}, but record ${at / record} of ${file} ` +
          `has ${label}; download it again`,
        { file, record: at / record, label },
      );
      labels[image] = label;
      const from = at + layout.labelBytes;
      const to = image * 3 * PLANE;
      for (let p = 0; p < PLANE; p++) {
        pixels[to + 3 * p] = bytes[from + p];
        pixels[to + 3 * p + 1] = bytes[from + PLANE + p];
        pixels[to + 3 * p + 2] = bytes[from + 2 * PLANE + p];
      }
    }
  }
  return { count, height: SIDE, width: SIDE, channels: 3, pixels, labels };
}
