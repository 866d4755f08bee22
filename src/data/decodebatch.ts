/**
 * Pictures of a set too large for memory, decoded for one batch. What a file does not give, because it is corrupt,
 * the next image of the set gives instead: a batch stays full, and the same in whatever thread it is made.
 */
import { join } from 'node:path';
import type { BatchItem, DecodedBatch } from './batches.ts';
import { middleWindow, randomWindow } from './crops.ts';
import type { ImageSet } from './dataset.ts';
import { decodeWindow, loadSharp } from './image.ts';

/** Share of a set that may be unreadable. */
export const UNREADABLE_SHARE = 0.05;

/** How many images of a set may be unreadable. */
export function mostUnreadable(count: number): number {
  return Math.floor(UNREADABLE_SHARE * count);
}

export class BatchDecoder {
  private readonly set: ImageSet;
  private readonly indices: ArrayLike<number>;
  private readonly unreadable = new Set<number>();
  private readonly report: (index: number) => void;

  /** indices: the images in use, from which a corrupt one is replaced. `report` is called once for each of those. */
  constructor(set: ImageSet, indices: ArrayLike<number>, report: (index: number) => void) {
    this.set = set;
    this.indices = indices;
    this.report = report;
  }

  /** Rejects when more images in a row are corrupt than a set may have. */
  async decode(items: readonly BatchItem[]): Promise<DecodedBatch> {
    const { height, width, channels } = this.set;
    const bytes = height * width * channels;
    const pixels = new Uint8Array(items.length * bytes);
    const indices = new Uint32Array(items.length);
    await Promise.all(
      items.map(async (item, i) => {
        const found = await this.decodeOne(item);
        pixels.set(found.pixels, i * bytes);
        indices[i] = found.index;
      }),
    );
    return { pixels, indices };
  }

  private async decodeOne({ at, random }: BatchItem): Promise<{ index: number; pixels: Uint8Array }> {
    const { files, height, width } = this.set;
    const sharp = await loadSharp();
    const { length } = this.indices;
    const most = Math.min(length, mostUnreadable(this.set.count) + 1);
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
    throw last ?? new Error('no image that can be read');
  }
}
