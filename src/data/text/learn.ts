/**
 * Learning byte-pair merges: the pair of neighbouring symbols that is most frequent becomes one symbol, again and
 * again. Counts are kept by pair, with the words each pair stands in; a merge touches only those words. A heap gives
 * the best pair; what it holds may be outdated, and is then put back with its present count.
 *
 * Of equally frequent pairs the greatest is taken, left symbol first, by code points: subword-nmt's rule, so the
 * same text gives the same codes there and here.
 */
import { require_ } from '../../core/errors.ts';
import { END_OF_WORD, endsWord, GOES_ON, wordSymbols, writeSymbol } from './merge.ts';

export interface LearnOptions {
  /** Most merges to learn. */
  readonly merges: number;
  /** A pair seen less often is not merged (2, as in subword-nmt). */
  readonly minimum?: number | undefined;
}

interface Word {
  symbols: Int32Array;
  readonly count: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Words it stands in, or once stood in. */
  readonly words: Set<number>;
}

/** Merges in the order learned, as `left right`. `counts`: how often each word stands in the text. */
export function learnMerges(counts: ReadonlyMap<string, number>, options: LearnOptions): string[] {
  const { merges, minimum = 2 } = options;
  require_(
    Number.isInteger(merges) && merges >= 0,
    'usage',
    () => `the number of merges must be a whole number from 0, but got ${merges}; change it`,
    { merges },
  );
  const learner = new Learner(counts);
  const learned: string[] = [];
  while (learned.length < merges) {
    const merge = learner.next(Math.max(1, minimum));
    if (merge === undefined) break;
    learned.push(merge);
  }
  return learned;
}

class Learner {
  private readonly symbols: string[] = [];
  private readonly ids = new Map<string, number>();
  private readonly words: Word[] = [];
  private readonly pairs = new Map<number, Pair>();
  private readonly heap: { readonly pair: Pair; readonly count: number }[] = [];

  constructor(counts: ReadonlyMap<string, number>) {
    for (const [word, count] of counts) {
      this.words.push({ symbols: Int32Array.from(wordSymbols(word), (symbol) => this.id(symbol)), count });
    }
    for (let w = 0; w < this.words.length; w++) this.count(w, 1);
    for (const pair of this.pairs.values()) this.push(pair);
  }

  private id(symbol: string): number {
    let id = this.ids.get(symbol);
    if (id === undefined) {
      id = this.symbols.push(symbol) - 1;
      this.ids.set(symbol, id);
    }
    return id;
  }

  /** Adds the pairs of word `w` to the counts, or takes them off. Returns those it touched. */
  private count(w: number, sign: 1 | -1): Pair[] {
    const { symbols, count } = this.words[w];
    const touched: Pair[] = [];
    for (let i = 0; i + 1 < symbols.length; i++) {
      const key = symbols[i] * 2 ** 26 + symbols[i + 1];
      let pair = this.pairs.get(key);
      if (pair === undefined) {
        pair = { left: symbols[i], right: symbols[i + 1], count: 0, words: new Set() };
        this.pairs.set(key, pair);
      }
      pair.count += sign * count;
      if (sign > 0) pair.words.add(w);
      touched.push(pair);
    }
    return touched;
  }

  /** Merges the best pair everywhere and gives its name; undefined when none is frequent enough. */
  next(minimum: number): string | undefined {
    const best = this.best(minimum);
    if (best === undefined) return undefined;
    const { left, right } = best;
    const joined = this.id(this.symbols[left] + this.symbols[right]);
    const grown = new Set<Pair>();
    for (const w of best.words) {
      const symbols = mergeIds(this.words[w].symbols, left, right, joined);
      if (symbols === undefined) continue;
      this.count(w, -1);
      this.words[w].symbols = symbols;
      for (const pair of this.count(w, 1)) if (pair.left === joined || pair.right === joined) grown.add(pair);
    }
    best.words.clear();
    for (const pair of grown) this.push(pair);
    return `${this.symbols[left]} ${this.symbols[right]}`;
  }

  private best(minimum: number): Pair | undefined {
    for (;;) {
      const top = this.pop();
      if (top === undefined) return undefined;
      const { pair, count } = top;
      // a count can only have fallen since: pairs that grow hold a new symbol and are pushed when they do
      if (pair.count < minimum) continue;
      if (pair.count !== count) this.push(pair);
      else if (this.writable(pair)) return pair;
    }
  }

  /** Whether the merged symbol can be told from others once written: see `GOES_ON` and `END_OF_WORD`. */
  private writable({ left, right }: Pair): boolean {
    const symbol = this.symbols[left] + this.symbols[right];
    // a right that is the mark and nothing else is text that looks like it
    const final = endsWord(symbol) && this.symbols[right].length > END_OF_WORD.length;
    const text = final ? writeSymbol(symbol) : symbol;
    return !text.includes(END_OF_WORD) && !(final && text.endsWith(GOES_ON));
  }

  private before(a: { pair: Pair; count: number }, b: { pair: Pair; count: number }): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const left = compareCodePoints(this.symbols[a.pair.left], this.symbols[b.pair.left]);
    return (left || compareCodePoints(this.symbols[a.pair.right], this.symbols[b.pair.right])) > 0;
  }

  private push(pair: Pair): void {
    const heap = this.heap;
    const entry = { pair, count: pair.count };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): { readonly pair: Pair; readonly count: number } | undefined {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.before(heap[child + 1], heap[child])) child++;
      if (!this.before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

/** `symbols` with every `left right` as `joined`; undefined when there is none. */
function mergeIds(symbols: Int32Array, left: number, right: number, joined: number): Int32Array | undefined {
  const merged: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const hit = symbols[i] === left && symbols[i + 1] === right;
    merged.push(hit ? joined : symbols[i]);
    if (hit) i++;
  }
  return merged.length === symbols.length ? undefined : Int32Array.from(merged);
}

/** As Python compares strings. UTF-16 order differs from it beyond the basic plane. */
export function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; ) {
    const x = a.codePointAt(i)!;
    const y = b.codePointAt(i)!;
    if (x !== y) return x - y;
    i += x > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}
