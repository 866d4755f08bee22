/**
 * The best that differ: what a search proposes last are near copies of its best, and a few trials tell more of candidates
 * that lie apart. Greedy, from the best on: one is taken when it differs enough from all taken before it.
 */

/** Share of features in which two must differ: about a fifth of their choices. */
const APART = 0.2;

/**
 * Up to `count` of `ranked`, best first, each apart from those before it; where too few are, the best of the others follow.
 * `features`: what is true of one, as words; a word that stands twice counts twice.
 */
export function bestApart<T>(
  ranked: readonly T[],
  count: number,
  features: (one: T) => readonly string[],
): T[] {
  const taken: { readonly one: T; readonly words: ReadonlyMap<string, number> }[] = [];
  const near: T[] = [];
  for (const one of ranked) {
    if (taken.length === count) break;
    const words = countWords(features(one));
    if (taken.every((other) => difference(words, other.words) >= APART)) taken.push({ one, words });
    else near.push(one);
  }
  return [...taken.map(({ one }) => one), ...near.slice(0, count - taken.length)];
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
