/** Images of a set that a program is measured on. */
import { ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { ImageSet } from '../../data/dataset.ts';

/**
 * `count` images of a set, drawn without repeating any, as bytes [count, h, w, c]; all where there are no more, or count is 0.
 * @throws ShiftAddError 'data' for a set that is not in memory
 */
export function drawn(
  set: ImageSet,
  count: number,
): { readonly pixels: Uint8Array; readonly labels: number[] } {
  if (set.files !== undefined) {
    throw new ShiftAddError(
      'data',
      'the images do not fit into memory, and an integer program is measured on images that do; give --data a smaller set',
    );
  }
  const size = set.height * set.width * set.channels;
  const indices = Array.from({ length: set.count }, (_, i) => i);
  const chosen =
    count === 0 || count >= set.count
      ? indices
      : Random.fromSeed(0).split('images').shuffle(indices).slice(0, count);
  const pixels = new Uint8Array(chosen.length * size);
  chosen.forEach((index, i) => {
    pixels.set(set.pixels.subarray(index * size, (index + 1) * size), i * size);
  });
  return { pixels, labels: chosen.map((index) => set.labels[index]) };
}
