/**
 * Holding out a slice of a set so that every class keeps its share: candidates are scored on held-out training
 * images (spec 13.4), never on the test set.
 */
import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { ImageSet } from './dataset.ts';

export interface Split {
  /** Indices that stay, ascending. */
  readonly kept: Uint32Array;
  /** Indices held out, ascending. */
  readonly held: Uint32Array;
}

/**
 * Holds out `count` of the labelled items. Each class gives its proportional share; the places that rounding
 * down leaves open go to the classes with the largest remainders, lower classes first among equals.
 * Throws `usage` unless 0 <= count <= labels.length.
 */
export function stratified(labels: ArrayLike<number>, count: number, random: Random): Split {
  const total = labels.length;
  require_(
    Number.isInteger(count) && count >= 0 && count <= total,
    'usage',
    () => `cannot hold out ${count} of ${total} images; give a whole number between 0 and ${total}`,
    { count, total },
  );
  const members: number[][] = [];
  for (let i = 0; i < total; i++) {
    members[labels[i]] ??= [];
    members[labels[i]].push(i);
  }
  const classes = members.flatMap((list, label) => (list ? [{ label, list }] : []));
  const shares = classes.map(({ label, list }) => {
    const exact = (list.length * count) / Math.max(1, total);
    return { label, list, take: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  let open = count - shares.reduce((sum, share) => sum + share.take, 0);
  for (const share of [...shares].sort((a, b) => b.remainder - a.remainder || a.label - b.label)) {
    if (open <= 0) break;
    if (share.take === share.list.length) continue;
    share.take++;
    open--;
  }
  const isHeld = new Uint8Array(total);
  for (const { label, list, take } of shares) {
    const order = random.split(`class:${label}`).permutation(list.length);
    for (let i = 0; i < take; i++) isHeld[list[order[i]]] = 1;
  }
  const kept = new Uint32Array(total - count);
  const held = new Uint32Array(count);
  let k = 0;
  let h = 0;
  for (let i = 0; i < total; i++) {
    if (isHeld[i]) held[h++] = i;
    else kept[k++] = i;
  }
  return { kept, held };
}

/** A copy of the images at `indices`, in that order. */
export function subset(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const size = set.height * set.width * set.channels;
  const count = indices.length;
  const { files } = set;
  const pixels = new Uint8Array(files === undefined ? count * size : 0);
  const labels = set.labels instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const from = indices[i] * size;
    if (files === undefined) pixels.set(set.pixels.subarray(from, from + size), i * size);
    labels[i] = set.labels[indices[i]];
  }
  const taken = { count, height: set.height, width: set.width, channels: set.channels, pixels, labels };
  if (files === undefined) return taken;
  const names = Array.from(indices, (index) => files.names[index]);
  const { root, unreadableShare } = files;
  return { ...taken, files: { root, unreadableShare, names } };
}
