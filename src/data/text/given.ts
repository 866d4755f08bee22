/**
 * Subwords that were learned elsewhere: files of merges and of vocabularies.
 *
 *   subword-nmt   "#version: 0.2", then a merge a line         e r</w>
 *   fastBPE       a merge a line with its count                e r</w> 83
 *   vocabulary    a subword a line with its count              er@@ 120      (also fairseq's dict.xx.txt)
 *
 * Merges without version and counts are subword-nmt's first form, where the end of a word is a symbol of its own.
 */
import { require_, ShiftAddError } from '../../core/errors.ts';
import { readLines, stripSpaces, type TextFile } from './lines.ts';
import { END_OF_WORD, type WordEnd } from './merge.ts';
import { type SubwordModel, sealModel, type TextForm } from './model.ts';
import type { LanguagePair, SentencePairs } from './pairs.ts';
import { countSubwords, countWords } from './subwords.ts';

export interface GivenOptions {
  readonly pair: LanguagePair;
  /** File of merges. */
  readonly codes: string;
  /** File of subwords and counts. Absent: they are counted in `text`. */
  readonly vocabulary?: string | undefined;
  /** Subwords seen less often are no part of the vocabulary (subword-nmt's --vocabulary-threshold). Default 1. */
  readonly threshold?: number | undefined;
  /** Training text. */
  readonly text?: SentencePairs | undefined;
  /** Default `moses`. */
  readonly words?: TextForm['words'] | undefined;
  /** Default false. */
  readonly lowerCase?: boolean | undefined;
}

/**
 * The model of given merges, and vocabulary where there is one. Whether the text is to be escaped (&apos;) is read off
 * the files. Throws `data`, with file and line, for what is neither format, and `usage` without vocabulary and text.
 */
export async function givenSubwords(options: GivenOptions): Promise<SubwordModel> {
  const { pair, text, threshold = 1, words = 'moses', lowerCase = false } = options;
  const { merges, end } = readCodes(await readSymbols(options.codes));
  const given =
    options.vocabulary === undefined
      ? undefined
      : readVocabulary(await readSymbols(options.vocabulary), threshold);
  const escaped =
    given?.includes('&apos;') === true ||
    merges.some((merge) => merge.replace(' ', '') === `&apos;${END_OF_WORD}`);
  const form: TextForm = { words, lowerCase, escaped };
  if (given !== undefined) return sealModel({ languages: pair, form, end, merges, vocabulary: given });
  require_(
    text !== undefined,
    'usage',
    () =>
      `${options.codes} has merges only, and their vocabulary needs a file or training text; give one of them`,
    { file: options.codes },
  );
  const vocabulary = countSubwords(countWords(text, pair, form), merges, end);
  return sealModel({ languages: pair, form, end, merges, vocabulary });
}

/** Symbols stand between spaces, U+0020; other white space may be part of them, as of the words they were learned on. */
const readSymbols = (file: string) => readLines(file, undefined, stripSpaces);

/** Merges as `left right`, in their order. */
export function readCodes({ file, lines }: TextFile): { readonly merges: string[]; readonly end: WordEnd } {
  const version = /^#version: (.*)$/u.exec(lines[0])?.[1];
  require_(
    version === undefined || version === '0.1' || version === '0.2',
    'data',
    () =>
      `${file} holds merges of version ${version}, but versions 0.1 and 0.2 of subword-nmt are read; learn them anew`,
    { file, version: version ?? null },
  );
  const merges: string[] = [];
  for (let i = version === undefined ? 0 : 1; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const match = /^([^ ]+) ([^ ]+)(?: \d+)?$/u.exec(lines[i]);
    if (match === null) {
      throw new ShiftAddError(
        'data',
        `${file}, line ${i + 1}: a merge must be two symbols, and a count in fastBPE's files, but got "${lines[i]}"; ` +
          'take the file as subword-nmt or fastBPE wrote it',
        { file, line: i + 1 },
      );
    }
    merges.push(`${match[1]} ${match[2]}`);
  }
  // only where the end is a symbol of its own can a merge name it alone
  const apart =
    version === undefined ? merges.some((merge) => merge.endsWith(` ${END_OF_WORD}`)) : version === '0.1';
  return { merges, end: apart ? 'apart' : 'joined' };
}

/** The subwords seen at least `threshold` times, in the order of the file. */
export function readVocabulary({ file, lines }: TextFile, threshold: number): string[] {
  const seen = new Set<string>();
  const kept: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const match = /^([^ ]+) (\d+)$/u.exec(lines[i]);
    if (match === null || seen.has(match[1])) {
      const wrong = match === null ? `got "${lines[i]}"` : `"${match[1]}" stands there twice`;
      throw new ShiftAddError(
        'data',
        `${file}, line ${i + 1}: a vocabulary has one subword and its count a line, each once, but ${wrong}; take the ` +
          'file as subword-nmt, fastBPE or fairseq wrote it',
        { file, line: i + 1 },
      );
    }
    seen.add(match[1]);
    if (Number(match[2]) >= threshold) kept.push(match[1]);
  }
  require_(
    kept.length > 0,
    'data',
    () => `${file} has no subword that was seen ${threshold} times; lower the threshold`,
    { file, threshold },
  );
  return kept;
}
