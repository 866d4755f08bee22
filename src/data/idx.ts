/**
 * The IDX format of MNIST and its successors: a big-endian header (magic number, one size a dimension), then
 * unsigned bytes (Y. LeCun, "The MNIST database", file formats).
 *
 *   images  00 00 08 03 | n | rows | columns | n * rows * columns bytes
 *   labels  00 00 08 01 | n | n bytes
 */
import { require_ } from '../core/errors.ts';
import { listFolder, locateOrThrow, readBytes } from './bytes.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import { namesFor } from './names.ts';
import { assemble } from './statistics.ts';

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

export interface LoadOptions {
  readonly source: string;
  readonly seed: number | string;
  readonly limit?: number | undefined;
}

/**
 * Reads train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-..., t10k-labels-... from `directory`, .gz or
 * not. Class names and mirrorability follow from the folder's name (fashion, kmnist; digits otherwise).
 * Throws `data` for files that are missing, cut off or malformed.
 */
export async function openIdx(directory: string, options: LoadOptions): Promise<ImageDataset> {
  const listing = await listFolder(directory, 'train-images-idx3-ubyte and its three companions');
  const { classes, mirrorable } = namesFor(directory);
  const read = async (prefix: string): Promise<ImageSet> => {
    const find = (name: string, kind: string) =>
      locateOrThrow(directory, listing, [
        `${prefix}-${name}-${kind}-ubyte`,
        `${prefix}-${name}.${kind}-ubyte`,
      ]);
    const imageFile = find('images', 'idx3');
    const labelFile = find('labels', 'idx1');
    const images = parseImages(await readBytes(imageFile), imageFile);
    const labels = parseLabels(await readBytes(labelFile), labelFile, classes.length);
    require_(
      labels.length === images.count,
      'data',
      () =>
        `${labelFile} must hold one label for each of the ${images.count} images in ${imageFile}, but holds ` +
        `${labels.length}; take both files from the same set`,
      { file: labelFile, expected: images.count, found: labels.length },
    );
    return { ...images, labels };
  };
  const train = await read('train');
  const test = await read('t10k');
  require_(
    train.height === test.height && train.width === test.width,
    'data',
    () =>
      `training and test images in ${directory} must have one size, but are ${train.height} x ${train.width} and ` +
      `${test.height} x ${test.width}; take all four files from the same set`,
    { file: directory, train: [train.height, train.width], test: [test.height, test.width] },
  );
  return assemble({ ...options, classes, train, test, mirrorable, notes: [] });
}

/** Parses an image file: pixels [n, rows, columns, 1]. `file` is for messages. */
export function parseImages(bytes: Uint8Array, file: string): Omit<ImageSet, 'labels'> {
  const view = header(bytes, file, IMAGES_MAGIC, 16, 'images');
  const [count, height, width] = [view.getUint32(4), view.getUint32(8), view.getUint32(12)];
  require_(
    count > 0 && height > 0 && width > 0 && height <= 4096 && width <= 4096,
    'data',
    () =>
      `${file} must hold at least one image of 1 to 4096 pixels a side, but its header says ${count} images of ` +
      `${height} x ${width}; replace the file`,
    { file, count, height, width },
  );
  length(bytes, file, 16 + count * height * width, `${count} images of ${height} x ${width}`);
  return { count, height, width, channels: 1, pixels: bytes.subarray(16) };
}

/** Parses a label file; every label must be below `classes`. */
export function parseLabels(bytes: Uint8Array, file: string, classes: number): Uint8Array {
  const count = header(bytes, file, LABELS_MAGIC, 8, 'labels').getUint32(4);
  length(bytes, file, 8 + count, `${count} labels`);
  const labels = bytes.slice(8);
  const wrong = labels.findIndex((label) => label >= classes);
  require_(
    wrong < 0,
    'data',
    () =>
      `${file}: labels must be 0 to ${classes - 1}, but label ${wrong} is ${labels[wrong]}; replace the file`,
    { file, index: wrong, label: labels[wrong] ?? null, classes },
  );
  return labels;
}

function header(bytes: Uint8Array, file: string, magic: number, size: number, what: string): DataView {
  require_(
    bytes.length >= size,
    'data',
    () =>
      `${file} is cut off: expected a header of ${size} bytes, but the file holds ${bytes.length}; download it again`,
    { file, expected: size, found: bytes.length },
  );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = view.getUint32(0);
  require_(
    found === magic,
    'data',
    () => {
      const other =
        found === IMAGES_MAGIC
          ? ', which is an image file'
          : found === LABELS_MAGIC
            ? ', which is a label file'
            : '';
      return `${file} must begin with the magic number ${hex(magic)} of IDX ${what}, but begins with ${hex(found)}${other}; replace the file`;
    },
    { file, expected: magic, found },
  );
  return view;
}

function length(bytes: Uint8Array, file: string, expected: number, what: string): void {
  require_(
    bytes.length === expected,
    'data',
    () =>
      `${file} ${bytes.length < expected ? 'is cut off' : 'is too long'}: its header says ${what}, which is ` +
      `${expected} bytes, but it holds ${bytes.length}; download it again`,
    { file, expected, found: bytes.length },
  );
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
