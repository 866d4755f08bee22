/**
 * Two text files read side by side: line i of one translates line i of the other. What cannot be a pair is left out
 * and counted, with the first lines named; what makes the files doubtful is an error.
 */
import { require_ } from '../../core/errors.ts';
import { firstOf, type TextFile } from './lines.ts';
import { joinOrigins, originOf } from './origin.ts';
import type { LanguagePair, SentencePairs } from './pairs.ts';
import { toPlain } from './plain.ts';

export interface AlignedOptions {
  readonly pair: LanguagePair;
  /** Most words of a sentence. */
  readonly longest: number;
  /** Whether pairs beyond it are left out (training) or kept and named (what is scored). */
  readonly beyond: 'leave out' | 'keep';
  /** Pairs are left out whose longer side has more than so many times the words of the other. */
  readonly ratio?: number | undefined;
  /** What counts as words. Default: what stands between spaces. */
  readonly count?: ((text: string, language: string) => number) | undefined;
}

export interface Aligned {
  readonly pairs: SentencePairs;
  readonly notes: readonly string[];
}

/** A pair is left out when a line is empty; above this share of a file, something else is wrong. */
const MOST_EMPTY = 0.1;

/** Throws `data` for files of unequal length, limit or not, and when more than a tenth of the lines are empty. */
export function alignFiles(from: TextFile, to: TextFile, options: AlignedOptions): Aligned {
  const { pair, longest, beyond, ratio = Number.POSITIVE_INFINITY, count = countWords } = options;
  const files = `${from.file} and ${to.file}`;
  const unit = from.counts;
  require_(
    from.total === to.total,
    'data',
    () =>
      `${from.file} has ${from.total} ${unit}s and ${to.file} has ${to.total}, but one by one they must ` +
      'translate each other; take both files from the same release',
    { file: from.file, other: to.file, [`${unit}s`]: [from.total, to.total] },
  );
  const source = toPlain(from, pair.from);
  const target = toPlain(to, pair.to);
  const empty: number[] = [];
  const long: number[] = [];
  const uneven: number[] = [];
  const kept = { from: [] as string[], to: [] as string[] };
  const numbers: number[] = [];
  for (let i = 0; i < source.lines.length; i++) {
    const one = source.lines[i];
    const other = target.lines[i];
    if (one === '' || other === '') {
      empty.push(i + 1);
      continue;
    }
    const words = count(one, pair.from);
    const others = count(other, pair.to);
    const isLong = Math.max(words, others) > longest;
    const isUneven = !isLong && (words > ratio * others || others > ratio * words);
    if (isLong) long.push(i + 1);
    if (isUneven) uneven.push(i + 1);
    if (isUneven || (isLong && beyond === 'leave out')) continue;
    kept.from.push(one);
    kept.to.push(other);
    numbers.push(i + 1);
  }
  const total = source.lines.length;
  require_(
    empty.length <= Math.max(1, MOST_EMPTY * total),
    'data',
    () =>
      `${files}: ${empty.length} of ${total} sentence pairs have an empty ${unit} (${firstOf(empty, unit)}), but at ` +
      'most a tenth may; check that the files are whole',
    { file: from.file, other: to.file, empty: empty.length, total },
  );
  require_(
    kept.from.length > 0,
    'data',
    () => `${files} have no sentence pair of at most ${longest} words; give other text`,
    { file: from.file, other: to.file, longest },
  );
  const tell = (places: readonly number[], what: string) =>
    places.length === 0
      ? []
      : [`${files}: ${places.length} of ${total} sentence pairs ${what} (${firstOf(places, unit)}).`];
  const notes = [
    ...source.notes,
    ...target.notes,
    ...tell(empty, `have an empty ${unit} and are left out`),
    ...tell(long, `are longer than ${longest} words and are ${beyond === 'keep' ? 'kept' : 'left out'}`),
    ...tell(uneven, `have a side more than ${ratio} times as long as the other and are left out`),
  ];
  const origin = originOf({ from: from.file, to: to.file, counts: unit }, numbers);
  return { pairs: { ...kept, origin }, notes };
}

/** What several pairs of files give, one after the other. */
export function joinAligned(parts: readonly Aligned[]): Aligned {
  return {
    pairs: {
      from: parts.flatMap((part) => part.pairs.from),
      to: parts.flatMap((part) => part.pairs.to),
      origin: joinOrigins(parts.map((part) => part.pairs.origin)),
    },
    notes: parts.flatMap((part) => part.notes),
  };
}

/** White space between words, counted without making the words. */
function countWords(line: string): number {
  let count = 0;
  let inside = false;
  for (let i = 0; i < line.length; i++) {
    const space = line.charCodeAt(i) <= 0x20;
    if (!space && !inside) count++;
    inside = !space;
  }
  return count;
}
