/**
 * The best that differ: what a search proposes last are near copies of its best, and a few trials tell more of candidates
 * that lie apart. Greedy, from the best on: one is taken when it differs enough from all taken before it. What a supernet
 * compares unfairly, networks of several widths, takes turns.
 */
import { queuesBySize } from './turns.ts';

/** Share of features in which two must differ: about a fifth of their choices. */
const APART = 0.2;

/** What a choice of candidates looks at. */
export interface Looks<T> {
  /** What is true of one, as words; a word that stands twice counts twice. */
  features(one: T): readonly string[];
  /** Scores are compared within a size, for what is unfair between them; one size for all where it is left out. */
  size?(one: T): string;
}

/**
 * Up to `count` of `ranked`, best first: the sizes take turns, the one with the best first, and each gives its best that is
 * apart from all given before. Where too few are apart, the best of the others follow.
 */
export function bestApart<T>(ranked: readonly T[], count: number, { features, size }: Looks<T>): T[] {
  const sizes = queuesBySize(ranked, (one) => size?.(one) ?? '');
  const taken = new Map<T, ReadonlyMap<string, number>>();
  const takeApart = (queue: T[]): void => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const words = countWords(features(one));
      if ([...taken.values()].some((other) => difference(words, other) < APART)) continue;
      taken.set(one, words);
      return;
    }
  };
  while (taken.size < count && [...sizes.values()].some((queue) => queue.length > 0)) {
    for (const queue of sizes.values()) if (taken.size < count) takeApart(queue);
  }
  const near = ranked.filter((one) => !taken.has(one));
  return [...taken.keys(), ...near.slice(0, count - taken.size)];
}

/** 0 for the same words, 1 for none in common: 1 - |A n B| / |A u B| of multisets (Jaccard). */
function difference(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let [common, all] = [0, 0];
  for (const word of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(word) ?? 0, b.get(word) ?? 0];
    common += Math.min(x, y);
    all += Math.max(x, y);
  }
  return all === 0 ? 0 : 1 - common / all;
}

function countWords(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
