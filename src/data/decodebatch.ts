/**
 * Pictures of a set too large for memory, decoded for one batch. Where a file is corrupt, a batch that must be full
 * takes the next image of the set instead, and is the same in whatever thread it is made. A batch that need not be
 * full, as those are that networks are measured on, leaves the image out: none counts twice.
 */
import { join } from 'node:path';
import { require_ } from '../core/errors.ts';
import type { BatchItem, DecodedBatch } from './batches.ts';
import { middleWindow, randomWindow } from './crops.ts';
import type { ImageSet } from './dataset.ts';
import { decodeWindow, loadSharp } from './image.ts';

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

export class BatchDecoder {
  private readonly set: ImageSet;
  private readonly indices: ArrayLike<number>;
  private readonly unreadable = new Set<number>();
  private readonly report: (index: number) => void;
  private readonly full: boolean;

  /**
   * indices: the images in use. `full`: a corrupt one is replaced by the next of them, else it is left out. `report` is
   * called once for each corrupt one.
   */
  constructor(
    set: ImageSet,
    indices: ArrayLike<number>,
    { full, report }: { readonly full: boolean; readonly report: (index: number) => void },
  ) {
    this.set = set;
    this.indices = indices;
    this.full = full;
    this.report = report;
  }

  /** Rejects when a full batch meets more corrupt images in a row than a set may have. */
  async decode(items: readonly BatchItem[]): Promise<DecodedBatch> {
    const { height, width, channels } = this.set;
    const bytes = height * width * channels;
    const decoded = await Promise.all(items.map((item) => this.decodeOne(item)));
    const found = decoded.filter((one) => one !== undefined);
    const pixels = new Uint8Array(found.length * bytes);
    for (const [i, one] of found.entries()) pixels.set(one.pixels, i * bytes);
    return { pixels, indices: found.map(({ index }) => index) };
  }

  /** Undefined for a corrupt image that is left out. */
  private async decodeOne({
    at,
    random,
  }: BatchItem): Promise<{ index: number; pixels: Uint8Array } | undefined> {
    const { files, height, width } = this.set;
    const sharp = await loadSharp();
    const { length } = this.indices;
    const most = this.full ? Math.min(length, mostUnreadable(files!.unreadableShare, this.set.count) + 1) : 1;
    let last: unknown;
    for (let tries = 0; tries < most; tries++) {
      const index = this.indices[(at + tries) % length];
      if (this.unreadable.has(index)) continue;
      const file = join(files!.root, files!.names[index]);
      try {
        const window = (size: { height: number; width: number }) =>
          random === undefined ? middleWindow(size) : randomWindow(size, random.split('window'));
        const { pixels } = await decodeWindow(sharp, file, { height, width }, window);
        return { index, pixels };
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
}
