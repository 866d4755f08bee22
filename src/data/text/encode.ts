/**
 * Sentence pairs as subword ids. Training leaves out what is longer than the model's positions and says how many;
 * what is scored is never left out, so there a sentence that does not fit is an error.
 */
import { require_ } from '../../core/errors.ts';
import { firstOf } from './lines.ts';
import { placeOf, placesOf } from './origin.ts';
import type { LanguagePair, SentencePairs } from './pairs.ts';
import { UNK } from './special.ts';
import type { Subwords } from './subwords.ts';

export interface EncodedPairs {
  /** Ids without BOS and EOS. */
  readonly from: readonly Int32Array[];
  readonly to: readonly Int32Array[];
  /** Where each pair stands in the text it was made of. */
  readonly indices: Uint32Array;
  /** Subwords that are UNK, and all there are. */
  readonly unknown: { readonly from: number; readonly to: number };
  readonly subwords: { readonly from: number; readonly to: number };
  /** Pairs left out, unknown characters. One sentence each. */
  readonly notes: readonly string[];
}

export interface EncodeOptions {
  readonly pair: LanguagePair;
  /** `train`, `valid` or `test`: names the set in notes and errors. */
  readonly name: string;
  /** Most subwords of a sentence, EOS included; no limit when absent. */
  readonly longest?: number | undefined;
  /** What happens to a pair beyond the limit. Default `refuse`. */
  readonly beyond?: 'leave out' | 'refuse' | undefined;
}

/** Throws `data`, with file and line (or the number of the pair), for one beyond the limit that may not be left out. */
export function encodePairs(pairs: SentencePairs, subwords: Subwords, options: EncodeOptions): EncodedPairs {
  const { pair, name, longest = Number.POSITIVE_INFINITY, beyond = 'refuse' } = options;
  const from: Int32Array[] = [];
  const to: Int32Array[] = [];
  const indices: number[] = [];
  const out: number[] = [];
  const { origin } = pairs;
  const nameOf = (i: number, side: 'from' | 'to') =>
    origin === undefined ? `${name}, sentence pair ${i + 1}` : `${name}, ${placeOf(origin, i, side)}`;
  for (let i = 0; i < pairs.from.length; i++) {
    const source = subwords.encode(pairs.from[i], pair.from);
    const target = subwords.encode(pairs.to[i], pair.to);
    const length = Math.max(source.length, target.length) + 1;
    if (length > longest) {
      const side = source.length >= target.length ? 'from' : 'to';
      require_(
        beyond === 'leave out',
        'data',
        () =>
          `${nameOf(i, side)} ("${start(pairs[side][i])}") takes ${length} subwords, but at most ` +
          `${longest} fit; allow longer sentences or take the pair out of the file`,
        { set: name, pair: i + 1, length, longest },
      );
      out.push(i);
      continue;
    }
    from.push(source);
    to.push(target);
    indices.push(i);
  }
  require_(
    from.length > 0,
    'data',
    () =>
      `${name} has no sentence pair of at most ${longest} subwords; allow longer sentences or give other text`,
    { set: name, longest },
  );
  const unknown = { from: countUnknown(from), to: countUnknown(to) };
  const total = { from: sum(from), to: sum(to) };
  const notes: string[] = [];
  if (out.length > 0) {
    const numbers = out.map((i) => i + 1);
    const places = origin === undefined ? firstOf(numbers, 'pair') : placesOf(origin, out);
    notes.push(
      `${name}: ${out.length} of ${pairs.from.length} sentence pairs are longer than ${longest} subwords and are left ` +
        `out (${places}).`,
    );
  }
  const unknowns = unknown.from + unknown.to;
  if (unknowns > 0) {
    notes.push(
      `${name}: ${unknowns} of ${total.from + total.to} subwords hold unknown characters and are read as UNK.`,
    );
  }
  return { from, to, indices: Uint32Array.from(indices), unknown, subwords: total, notes };
}

function countUnknown(sentences: readonly Int32Array[]): number {
  let count = 0;
  for (const ids of sentences) for (const id of ids) if (id === UNK) count++;
  return count;
}

function sum(sentences: readonly Int32Array[]): number {
  return sentences.reduce((total, ids) => total + ids.length, 0);
}

function start(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
