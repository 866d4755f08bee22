/** A small set of drawn digits as IDX files, so that a run over it takes a second or two. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageSet } from '../../data/dataset.ts';
import { drawGlyphs } from '../../data/glyphs/glyphs.ts';

export const TINY_TEST_IMAGES = 100;

/** Writes 400 training and 100 test images of 16 x 16 pixels into `dir`; returns the name `--data` takes. */
export function writeTinyIdx(dir: string): string {
  const { train, test } = drawGlyphs({ seed: 1, train: 400, test: TINY_TEST_IMAGES, size: 16 });
  mkdirSync(dir, { recursive: true });
  writeSet(dir, 'train', train);
  writeSet(dir, 't10k', test);
  return `idx:${dir}`;
}

function writeSet(dir: string, name: string, { count, height, width, pixels, labels }: ImageSet): void {
  writeFileSync(join(dir, `${name}-images-idx3-ubyte`), idx([count, height, width], pixels));
  writeFileSync(join(dir, `${name}-labels-idx1-ubyte`), idx([count], labels));
}

/** The IDX format of yann.lecun.com/exdb/mnist: two zeros, type 8 (unsigned byte), rank, big-endian sizes, data. */
function idx(sizes: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  for (const [i, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** Flags that make `--preset smoke` on this data quick, with several checkpoints in every phase. */
export const QUICK = [
  ...['--validation', '80', '--supernet-epochs', '3', '--epochs', '2'],
  ...['--population', '4', '--score-images', '40', '--calibration-images', '40'],
];
