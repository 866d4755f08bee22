/**
 * `openDataset`: one name for every image set, as `--data` takes it. A source is one record in the table below:
 * its name, what stands after the colon, what it reads, and how it is opened.
 */
import { nearest, require_, ShiftAddError } from '../core/errors.ts';
import { CIFAR10, CIFAR100, openCifar } from './cifar.ts';
import type { ImageDataset } from './dataset.ts';
import { fetchSet, type Progress } from './download.ts';
import { openFolder } from './folder.ts';
import { drawGlyphs } from './glyphs/glyphs.ts';
import { openIdx } from './idx.ts';
import { CIFAR10_ARCHIVE, CIFAR100_ARCHIVE, FASHION_MNIST, KMNIST, MNIST, type RemoteSet } from './remote.ts';

export interface OpenOptions {
  /** Seeds what is drawn (glyphs) and which images a limit keeps. Default 0. */
  readonly seed?: number | string | undefined;
  /** At most this many images of each set. */
  readonly limit?: number | undefined;
  /** Pixels a side: glyphs (28) and folder (that of all its images). */
  readonly imageSize?: number | undefined;
  /** Bytes of decoded images that `folder` keeps in memory (1.5 GiB). */
  readonly memory?: number | undefined;
  /** Share of the files of a `folder` set that may be unreadable, 0 to 1 (0.05). */
  readonly unreadableShare?: number | undefined;
  readonly progress?: Progress | undefined;
}

type Resolved = OpenOptions & { readonly source: string; readonly seed: number | string };

export interface ImageSource {
  readonly name: string;
  /** What stands after the colon: nothing, a folder, or a folder that may be left out to download the original. */
  readonly place: 'none' | 'folder' | 'folder or download';
  /** One line for help and docs. */
  readonly reads: string;
  readonly sized: boolean; // takes imageSize
  readonly remote?: RemoteSet;
  open(folder: string, options: Resolved): Promise<ImageDataset>;
}

const plain = ({ source, seed, limit }: Resolved) => ({ source, seed, limit });

function published(name: string, title: string, remote: RemoteSet, open: ImageSource['open']): ImageSource {
  return {
    name,
    place: 'folder or download',
    reads: `${title}; without a folder it is downloaded from its publisher`,
    sized: false,
    remote,
    open,
  };
}

const openIdxFolder: ImageSource['open'] = (folder, options) => openIdx(folder, plain(options));

export const IMAGE_SOURCES: readonly ImageSource[] = [
  {
    name: 'glyphs',
    place: 'none',
    reads: 'ten digits drawn at run time, 28 x 28 grey, 6000 for training and 1500 for test',
    sized: true,
    async open(_folder, { source, seed, limit, imageSize }) {
      const train = limit === undefined ? 6000 : Math.min(6000, limit);
      const test = limit === undefined ? 1500 : Math.min(1500, limit);
      return { ...drawGlyphs({ seed, train, test, size: imageSize }), source };
    },
  },
  {
    name: 'idx',
    place: 'folder',
    reads: 'MNIST, Fashion-MNIST, KMNIST or another set in the four IDX files, .gz or not',
    sized: false,
    open: openIdxFolder,
  },
  published('mnist', 'MNIST in IDX files', MNIST, openIdxFolder),
  published('fashion-mnist', 'Fashion-MNIST in IDX files', FASHION_MNIST, openIdxFolder),
  published('kmnist', 'Kuzushiji-MNIST in IDX files', KMNIST, openIdxFolder),
  published('cifar10', 'CIFAR-10, binary version, .gz or not', CIFAR10_ARCHIVE, (folder, options) =>
    openCifar(CIFAR10, folder, plain(options)),
  ),
  published(
    'cifar100',
    'CIFAR-100 (fine labels), binary version, .gz or not',
    CIFAR100_ARCHIVE,
    (folder, options) => openCifar(CIFAR100, folder, plain(options)),
  ),
  {
    name: 'folder',
    place: 'folder',
    reads: 'train/ and test/ or val/, a folder a class, PNG and JPEG; ImageNet as it is published',
    sized: true,
    open: (folder, options) => {
      const { imageSize, memory, unreadableShare, progress } = options;
      return openFolder(folder, { ...plain(options), imageSize, memory, unreadableShare, progress });
    },
  },
];

/**
 * Opens `source`: `glyphs`, or `NAME:FOLDER`, or `NAME:` to download a published set into the cache.
 * Throws `usage` for an unknown name or options a source does not take, `data` and `missing` as its reader does.
 */
export async function openDataset(source: string, options: OpenOptions = {}): Promise<ImageDataset> {
  const colon = source.indexOf(':');
  const name = colon < 0 ? source : source.slice(0, colon);
  const place = colon < 0 ? '' : source.slice(colon + 1);
  const entry = IMAGE_SOURCES.find((candidate) => candidate.name === name) ?? unknown(name, source);
  checkOptions(entry, source, place, options);
  const resolved: Resolved = { ...options, source, seed: options.seed ?? 0 };
  if (place !== '' || entry.place === 'none') return entry.open(place, resolved);
  require_(
    colon >= 0 && entry.remote !== undefined,
    'usage',
    () =>
      entry.remote === undefined
        ? `${name} reads a folder, but "${source}" names none; write ${name}:FOLDER` +
          (name === 'idx' ? ', or mnist:, fashion-mnist: or kmnist: to download one' : '')
        : `${name} needs a colon, but got "${source}"; write ${name}:FOLDER, or ${name}: to download the original`,
    { source },
  );
  return entry.open(await fetchSet(entry.remote, undefined, options.progress), resolved);
}

function unknown(name: string, source: string): never {
  const names = IMAGE_SOURCES.map((candidate) => candidate.name);
  const near = nearest(name, names);
  throw new ShiftAddError(
    'usage',
    `"${source}" is no image data: expected one of ${names.join(', ')}, but got "${name}"` +
      (near === undefined ? '; choose one of these' : `; did you mean ${near}?`),
    { source, nearest: near ?? null },
  );
}

function checkOptions(entry: ImageSource, source: string, place: string, options: OpenOptions): void {
  require_(
    entry.place !== 'none' || place === '',
    'usage',
    () => `${entry.name} takes nothing after the colon, but got "${source}"; write ${entry.name}`,
    { source },
  );
  const { limit, imageSize } = options;
  require_(
    limit === undefined || (Number.isInteger(limit) && limit > 0),
    'usage',
    () => `the limit on images must be a positive whole number, but got ${limit}; leave it out to use all`,
    { limit: limit ?? null },
  );
  require_(
    imageSize === undefined || (entry.sized && Number.isInteger(imageSize) && imageSize > 0),
    'usage',
    () =>
      entry.sized
        ? `the image size must be a positive whole number of pixels, but got ${imageSize}; change it`
        : `${entry.name} images come in their own size, but an image size of ${imageSize} was given; leave it out`,
    { source, imageSize: imageSize ?? null },
  );
}
