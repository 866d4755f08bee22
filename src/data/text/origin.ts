/**
 * Where sentence pairs stood in the files they were read from: whatever is left out, joined or held out on the way, what
 * is said of a pair names its file and line. Two numbers a pair, so that a corpus of millions can carry them.
 */
import { firstOf, type TextFile } from './lines.ts';

export interface Origin {
  /** Pairs of files that translate each other. */
  readonly files: readonly OriginFiles[];
  /** Of each pair: which of `files`, and its line (or sentence) there, from 1. */
  readonly parts: Uint16Array;
  readonly numbers: Uint32Array;
}

export interface OriginFiles {
  readonly from: string;
  readonly to: string;
  /** What numbers count. */
  readonly counts: TextFile['counts'];
}

/** Of pairs from one pair of files. */
export function originOf(files: OriginFiles, numbers: readonly number[]): Origin {
  return { files: [files], parts: new Uint16Array(numbers.length), numbers: Uint32Array.from(numbers) };
}

/** Of the pairs at `indices`, in that order. */
export function takeOrigin({ files, parts, numbers }: Origin, indices: ArrayLike<number>): Origin {
  return {
    files,
    parts: Uint16Array.from(indices, (index) => parts[index]),
    numbers: Uint32Array.from(indices, (index) => numbers[index]),
  };
}

/** Of several sets of pairs, one after the other; undefined where one's is not known. */
export function joinOrigins(origins: readonly (Origin | undefined)[]): Origin | undefined {
  const known = origins.filter((origin) => origin !== undefined);
  if (known.length < origins.length) return undefined;
  const count = known.reduce((sum, { numbers }) => sum + numbers.length, 0);
  const joined = {
    files: known.flatMap(({ files }) => files),
    parts: new Uint16Array(count),
    numbers: new Uint32Array(count),
  };
  let at = 0;
  let before = 0;
  for (const { files, parts, numbers } of known) {
    for (let i = 0; i < numbers.length; i++) joined.parts[at + i] = before + parts[i];
    joined.numbers.set(numbers, at);
    at += numbers.length;
    before += files.length;
  }
  return joined;
}

/** `line 7 of valid.en`: one side of a pair. */
export function placeOf({ files, parts, numbers }: Origin, index: number, side: 'from' | 'to'): string {
  const { counts, [side]: file } = files[parts[index]];
  return `${counts} ${numbers[index]} of ${file}`;
}

/** `train.en and train.de, lines 3, 8`: the first of several pairs, by file. */
export function placesOf({ files, parts, numbers }: Origin, indices: readonly number[]): string {
  return files
    .map(({ from, to, counts }, part) => {
      const own = indices.filter((index) => parts[index] === part).map((index) => numbers[index]);
      return own.length === 0 ? '' : `${from} and ${to}, ${firstOf(own, counts)}`;
    })
    .filter((place) => place !== '')
    .join('; ');
}
