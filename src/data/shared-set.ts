/** Images in memory that threads of the process can share. */
import type { ImageSet } from './dataset.ts';

const shared = new WeakMap<ImageSet, ImageSet>();

/** The same images in shared memory; copied once for each set. Not where they lie there already or in files. */
export function sharedSet(set: ImageSet): ImageSet {
  if (set.files !== undefined || set.pixels.buffer instanceof SharedArrayBuffer) return set;
  let found = shared.get(set);
  if (found === undefined) {
    const pixels = new Uint8Array(new SharedArrayBuffer(set.pixels.length));
    pixels.set(set.pixels);
    found = { ...set, pixels };
    shared.set(set, found);
  }
  return found;
}
