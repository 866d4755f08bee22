/**
 * Pictures of a set too large for memory, decoded for one batch or read from where they are kept decoded. Where a file is corrupt, a batch that must be full
 * takes the next image of the set instead, and is the same in whatever thread it is made. A batch that need not be
 * full, as those are that networks are measured on, leaves the image out: none counts twice.
 */
import { join } from 'node:path';
import { require_ } from '../core/errors.ts';
import type { BatchItem, DecodedBatch } from './batches.ts';
import { middleWindow, randomWindow, type Size, type Window } from './crops.ts';
import type { ImageSet } from './dataset.ts';
import { type Decoded, decodeForParts, loadSharp, type Part, partOf } from './image.ts';
import { PictureRing, type RingMemory } from './picturering.ts';
import { StoredPictures } from './picturestore.ts';
import { resamplerOf } from './wasm-resample.ts';

/** Share of a set that may be unreadable unless another is given. */
export const UNREADABLE_SHARE = 0.05;

/** How many images of a set may be unreadable: a share of 0 to 1, rounded down. */
export function mostUnreadable(share: number, count: number): number {
  return Math.floor(share * count + 1e-9);
}

export interface Unreadable {
  /** Folder of the set. */
  readonly place: string;
  readonly share: number;
  /** Images of the set. */
  readonly count: number;
  /** Those found so far. */
  readonly files: readonly string[];
}

/** Throws `data` when more images of a set are unreadable than may be. */
export function checkUnreadable({ place, share, count, files }: Unreadable): void {
  require_(
    files.length <= mostUnreadable(share, count),
    'data',
    () =>
      `${place}: at most ${Number((100 * share).toPrecision(6))} % of the ${count} images may be unreadable, but ` +
      `${files.length} are (${nameSome(files)}); replace or remove them, or allow more with --unreadable-share`,
    { count: files.length, files: files.slice(0, 100) },
  );
}

const NAMED = 5;

/** `a.png, b.png, and 3 more` */
export function nameSome(files: readonly string[]): string {
  const more = files.length > NAMED ? `, and ${files.length - NAMED} more` : '';
  return `${files.slice(0, NAMED).join(', ')}${more}`;
}

export interface DecoderOptions {
  readonly full: boolean;
  readonly ring?: RingMemory | undefined;
  readonly report: (index: number) => void;
}

export class BatchDecoder {
  private readonly set: ImageSet;
  private readonly resampler;
  private readonly stored;
  private readonly ring: PictureRing | undefined;
  private readonly indices: ArrayLike<number>;
  private readonly unreadable = new Set<number>();
  private readonly report: (index: number) => void;
  private readonly full: boolean;

  /**
   * indices: the images in use. `full`: a corrupt one is replaced by the next of them, else it is left out. `ring`: where
   * pictures are found that are used more than once. `report` is called once for each corrupt one.
   */
  constructor(set: ImageSet, indices: ArrayLike<number>, { full, ring, report }: DecoderOptions) {
    this.set = set;
    this.resampler = resamplerOf(set);
    this.stored = storedOf(set);
    this.ring = ring && new PictureRing(ring);
    this.indices = indices;
    this.full = full;
    this.report = report;
  }

  /** Rejects when a full batch meets more corrupt images in a row than a set may have. */
  async decode(items: readonly BatchItem[]): Promise<DecodedBatch> {
    const { height, width, channels } = this.set;
    const bytes = height * width * channels;
    const pixels = new Uint8Array(items.length * bytes);
    const place = (i: number) => pixels.subarray(i * bytes, (i + 1) * bytes);
    const shown = await Promise.all(items.map((item, i) => this.show(item, place(i))));
    const indices: number[] = [];
    for (const [i, index] of shown.entries()) {
      if (index === undefined) continue;
      if (indices.length < i) place(indices.length).set(place(i));
      indices.push(index);
    }
    return { pixels: pixels.subarray(0, indices.length * bytes), indices };
  }

  /** Puts what is seen of the image of `item`, or of one in its place, into `out`; undefined where it is left out. */
  private async show({ at, random, position }: BatchItem, out: Uint8Array): Promise<number | undefined> {
    const { files, count } = this.set;
    const { length } = this.indices;
    const most = this.full ? Math.min(length, mostUnreadable(files!.unreadableShare, count) + 1) : 1;
    const windowOf = (size: Size) =>
      random === undefined ? middleWindow(size) : randomWindow(size, random.split('window'));
    let last: unknown;
    for (let tries = 0; tries < most; tries++) {
      const index = this.indices[(at + tries) % length];
      if (this.unreadable.has(index)) continue;
      try {
        const { rows, width, window } =
          this.stored?.(index, windowOf) ??
          (await this.part(index, windowOf, tries === 0 ? position : undefined));
        out.set(this.resampler.cut(rows, width, window));
        return index;
      } catch (error) {
        last = error;
        if (this.unreadable.has(index)) continue;
        this.unreadable.add(index);
        this.report(index);
      }
    }
    if (!this.full) return undefined;
    throw last ?? new Error('no image that can be read');
  }

  /** `position`: where the ring would have it. */
  private async part(
    index: number,
    windowOf: (size: Size) => Window,
    position: number | undefined,
  ): Promise<Part> {
    const decode = () => this.decodeOne(index);
    if (this.ring !== undefined && position !== undefined) return this.ring.part(position, windowOf, decode);
    const decoded = await decode();
    return partOf(decoded, windowOf(decoded));
  }

  private async decodeOne(index: number): Promise<Decoded> {
    const { root, names } = this.set.files!;
    return decodeForParts(await loadSharp(), join(root, names[index]), this.set);
  }
}

/** Parts of the pictures that are kept on disk. One that could not be read is undefined: it may be by now. */
function storedOf({ files, count }: ImageSet) {
  if (files?.stored === undefined) return undefined;
  const store = new StoredPictures(files.stored, count);
  return (index: number, windowOf: (size: Size) => Window): Part | undefined => {
    const size = store.size(index);
    if (size === undefined) return undefined;
    const window = windowOf(size);
    return { rows: store.rows(index, window), width: size.width, window };
  };
}
