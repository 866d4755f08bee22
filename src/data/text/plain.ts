/**
 * Published parallel text is often tokenised, escaped, split at hyphens or already split into subwords. What was done
 * to it is recognised and undone, so that sentence pairs are plain text wherever they come from, and one tokeniser
 * does the rest.
 */
import { detokenise } from './detokenise.ts';
import type { TextFile } from './lines.ts';
import { splitSpaces, undoEscapes } from './tokenise.ts';

/** Lines looked at to recognise the form of a file. */
const SAMPLE = 2000;

/** The file as plain text, with a note for what was undone. `language` decides how words are put together. */
export function toPlain(text: TextFile, language: string): TextFile {
  const sample = text.lines.slice(0, SAMPLE);
  const split = share(sample, /@@ /u) > 0.05;
  const tokenised = isTokenised(sample);
  if (!split && !tokenised) return text;
  const lines = text.lines.map((line) => {
    const whole = split ? line.replaceAll('@@ ', '') : line;
    if (!tokenised) return whole;
    // hyphens that were split: @-@ (Moses), ##AT##-##AT## (its form after another pass)
    const joined = whole.replace(/ (?:@-@|##AT##-##AT##) /gu, '-');
    return detokenise(splitSpaces(undoEscapes(joined)), language);
  });
  const undone = [
    ...(split ? ['split into subwords (@@)'] : []),
    ...(tokenised ? ['tokenised (punctuation between spaces)'] : []),
  ];
  return {
    ...text,
    lines,
    notes: [...text.notes, `${text.file} is ${undone.join(' and ')}; that was undone.`],
  };
}

/** Full stops and commas stand apart in a fifth of the lines, and hardly ever at a word. */
function isTokenised(lines: readonly string[]): boolean {
  const apart = share(lines, / [.,](?: |$)/u);
  const attached = share(lines, /\p{L}[.,](?: |$)/u);
  return apart > 0.2 && apart > 4 * attached;
}

function share(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length / Math.max(1, lines.length);
}
