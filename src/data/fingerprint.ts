/** Whether data are the same, elsewhere or later: a SHA-256 over everything a result can depend on. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageDataset } from './dataset.ts';
import type { SubwordPairs } from './text/batches.ts';
import type { TranslationDataset } from './text/pairs.ts';

/**
 * Of pixels and labels in their order, sizes, classes and statistics; not of where the data came from. Images that are
 * decoded while training count by name and size of their files: reading all of them would take as long as an epoch.
 */
export function fingerprint({ train, test, classes, mean, deviation, mirrorable }: ImageDataset): string {
  const hash = createHash('sha256').update(JSON.stringify({ classes, mean, deviation, mirrorable }));
  for (const { count, height, width, channels, pixels, labels, files } of [train, test]) {
    hash.update(JSON.stringify([count, height, width, channels]));
    hash.update(pixels);
    if (files !== undefined)
      hash.update(JSON.stringify(files.names.map((name) => [name, sizeOf(join(files.root, name))])));
    // Labels may be held in one byte or in two.
    hash.update(new Uint8Array(Uint16Array.from(labels).buffer));
  }
  return hash.digest('hex');
}

/** Of sentences in their order and their languages. */
export function fingerprintPairs({ pair, train, valid, test }: TranslationDataset): string {
  const hash = createHash('sha256').update(JSON.stringify(pair));
  for (const { from, to } of [train, valid, test]) hash.update(JSON.stringify([from, to]));
  return hash.digest('hex');
}

/** Of sentences as subwords, by part: how far each goes, and their ids. */
export function fingerprintSubwords(parts: readonly SubwordPairs[]): string {
  const hash = createHash('sha256');
  for (const { from, to } of parts) {
    for (const side of [from, to]) {
      hash.update(JSON.stringify(side.map((ids) => ids.length)));
      for (const ids of side) hash.update(ids);
    }
  }
  return hash.digest('hex');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
