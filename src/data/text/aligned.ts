/**
 * Two text files read side by side: line i of one translates line i of the other. What cannot be a pair is left out
 * and counted, with the first lines named; what makes the files doubtful is an error.
 */
import { require_ } from '../../core/errors.ts';
import { firstOf } from './encode.ts';
import type { TextFile } from './lines.ts';
import type { LanguagePair, SentencePairs } from './pairs.ts';
import { toPlain } from './plain.ts';

export interface AlignedOptions {
  readonly pair: LanguagePair;
  /** Most words of a sentence. */
  readonly longest: number;
  /** Whether pairs beyond it are left out (training) or kept and named (what is scored). */
  readonly beyond: 'leave out' | 'keep';
}

export interface Aligned {
  readonly pairs: SentencePairs;
  readonly notes: readonly string[];
}

/** A pair is left out when a line is empty; above this share of a file, something else is wrong. */
const MOST_EMPTY = 0.1;

/** Throws `data` for files of unequal length, and when more than a tenth of the lines are empty. */
export function alignFiles(from: TextFile, to: TextFile, options: AlignedOptions): Aligned {
  const { pair, longest, beyond } = options;
  require_(
    from.lines.length === to.lines.length,
    'data',
    () =>
      `${from.file} has ${from.lines.length} lines and ${to.file} has ${to.lines.length}, but line by line they must ` +
      'translate each other; take both files from the same release',
    { file: from.file, other: to.file, lines: [from.lines.length, to.lines.length] },
  );
  const source = toPlain(from, pair.from);
  const target = toPlain(to, pair.to);
  const empty: number[] = [];
  const long: number[] = [];
  const kept = { from: [] as string[], to: [] as string[] };
  for (let i = 0; i < source.lines.length; i++) {
    const one = source.lines[i];
    const other = target.lines[i];
    if (one === '' || other === '') {
      empty.push(i + 1);
      continue;
    }
    if (countWords(one) > longest || countWords(other) > longest) {
      long.push(i + 1);
      if (beyond === 'leave out') continue;
    }
    kept.from.push(one);
    kept.to.push(other);
  }
  const total = source.lines.length;
  require_(
    empty.length <= Math.max(1, MOST_EMPTY * total),
    'data',
    () =>
      `${from.file} and ${to.file}: ${empty.length} of ${total} sentence pairs have an empty line ` +
      `(${firstOf(empty, 'line')}), but at most a tenth may; check that the files are whole`,
    { file: from.file, other: to.file, empty: empty.length, total },
  );
  require_(
    kept.from.length > 0,
    'data',
    () => `${from.file} and ${to.file} have no sentence pair of at most ${longest} words; give other text`,
    { file: from.file, other: to.file, longest },
  );
  const notes = [...source.notes, ...target.notes];
  if (empty.length > 0) {
    notes.push(
      `${from.file} and ${to.file}: ${empty.length} of ${total} sentence pairs have an empty line and are left out ` +
        `(${firstOf(empty, 'line')}).`,
    );
  }
  if (long.length > 0) {
    notes.push(
      `${from.file} and ${to.file}: ${long.length} of ${total} sentence pairs are longer than ${longest} words and ` +
        `are ${beyond === 'keep' ? 'kept' : 'left out'} (${firstOf(long, 'line')}).`,
    );
  }
  return { pairs: kept, notes };
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
