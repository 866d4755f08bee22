/**
 * Byte-pair merges over one word (Sennrich, Haddow and Birch, ACL 2016), as subword-nmt applies them:
 *
 *   lower        l o w e r</w>        characters, the last one marked as the end of the word
 *   merges       (l o) (lo w) (e r</w>), best rank first, every occurrence from left to right
 *   symbols      low er</w>
 *   subwords     low@@ er             as they are written: @@ says that the word goes on
 *
 * A character is a Unicode code point, as it is in Python.
 */
export const END_OF_WORD = '</w>';
export const GOES_ON = '@@';

/**
 * How the end of a word enters: `joined` to its last character (subword-nmt 0.2 and later, fastBPE), or `apart`, a
 * symbol of its own (codes without a version line).
 */
export type WordEnd = 'joined' | 'apart';

/** `left right` -> its place in the list: what is merged first. A pair that stands twice counts where it is first. */
export type MergeRanks = ReadonlyMap<string, number>;

export function rankMerges(merges: readonly string[]): MergeRanks {
  const ranks = new Map<string, number>();
  for (let i = 0; i < merges.length; i++) if (!ranks.has(merges[i])) ranks.set(merges[i], i);
  return ranks;
}

/** The symbols of `word` before any merge. */
export function wordSymbols(word: string, end: WordEnd = 'joined'): string[] {
  const symbols = Array.from(word);
  if (end === 'apart') symbols.push(END_OF_WORD);
  else symbols[symbols.length - 1] += END_OF_WORD;
  return symbols;
}

/** The symbols of `word` after all merges. The last one carries the mark of the end, whichever way it entered. */
export function mergeWord(word: string, ranks: MergeRanks, end: WordEnd): string[] {
  let symbols = wordSymbols(word, end);
  while (symbols.length > 1) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`);
      if (rank !== undefined && rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) break;
    symbols = mergePair(symbols, symbols[at], symbols[at + 1]);
  }
  const last = symbols.length - 1;
  if (symbols[last] === END_OF_WORD) symbols.splice(last - 1, 2, symbols[last - 1] + END_OF_WORD);
  return symbols;
}

/** Joins every `left right`, from left to right: a a a becomes aa a. */
export function mergePair(symbols: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (i + 1 < symbols.length && symbols[i] === left && symbols[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(symbols[i]);
  }
  return merged;
}

export function endsWord(symbol: string): boolean {
  return symbol.endsWith(END_OF_WORD);
}

/** A symbol as a subword: without its mark at the end of a word, with @@ within one. */
export function writeSymbol(symbol: string): string {
  return endsWord(symbol) ? symbol.slice(0, -END_OF_WORD.length) : symbol + GOES_ON;
}
