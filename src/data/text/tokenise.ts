/**
 * Plain text to words and punctuation apart, as Moses' tokenizer.perl does it (without hyphen splitting): special
 * characters stand alone, commas except within numbers, apostrophes as the language contracts them, full stops except
 * after abbreviations and within words. Words are parted by one space.
 */
import { prefixesOf } from './prefixes.ts';

type Rule = readonly [pattern: RegExp, replacement: string];

const ALNUM = '\\p{Alphabetic}\\p{Nd}';
const COMMON: readonly Rule[] = [
  [/\s+/gu, ' '],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  [/[\u0000-\u001f]/gu, ''],
  [/^ | $/gu, ''],
  [new RegExp(`([^${ALNUM}\\s.'\`,\\-])`, 'gu'), ' $1 '],
  // several dots stay together
  [/\.{2,}(?!$)/gu, ' $& '],
  [/\.{2,}$/gu, ' $&'],
  [/([^\p{N}]),/gu, '$1 , '],
  [/,([^\p{N}])/gu, ' , $1'],
  [/(\p{N}),$/gu, '$1 ,'],
];

/** it's -> it 's */
const ENGLISH: readonly Rule[] = [
  [/([^\p{Alphabetic}])'([^\p{Alphabetic}])/gu, "$1 ' $2"],
  [/([^\p{Alphabetic}\p{N}])'(\p{Alphabetic})/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'([^\p{Alphabetic}])/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'(\p{Alphabetic})/gu, "$1 '$2"],
  [/(\p{N})'(s)/gu, "$1 '$2"],
];

/** l'eau -> l' eau */
const FRENCH: readonly Rule[] = [
  [/([^\p{Alphabetic}])'([^\p{Alphabetic}])/gu, "$1 ' $2"],
  [/([^\p{Alphabetic}])'(\p{Alphabetic})/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'([^\p{Alphabetic}])/gu, "$1 ' $2"],
  [/(\p{Alphabetic})'(\p{Alphabetic})/gu, "$1' $2"],
];

const OTHERS: readonly Rule[] = [[/'/gu, " ' "]];

const APOSTROPHES = new Map([
  ['en', ENGLISH],
  ['fr', FRENCH],
  ['it', FRENCH],
]);

/** The words and punctuation of `text`. `language`: a code as `en`; it decides on apostrophes and abbreviations. */
export function tokenise(text: string, language: string): string[] {
  let spaced = text;
  for (const [pattern, replacement] of COMMON) spaced = spaced.replace(pattern, replacement);
  for (const [pattern, replacement] of APOSTROPHES.get(language) ?? OTHERS) {
    spaced = spaced.replace(pattern, replacement);
  }
  const stopped = splitStops(spaced.split(/\s+/u).filter(Boolean), language).join(' ');
  // a full stop before a closing apostrophe
  const words = stopped.replace(/\.' ?$/u, " . '").split(' ');
  return words.filter(Boolean);
}

/** Full stops at the end of words become words, where they end a sentence. */
function splitStops(words: readonly string[], language: string): string[] {
  const { always, beforeNumbers } = prefixesOf(language);
  return words.flatMap((word, i) => {
    if (!/[^.]\.$/u.test(word)) return [word];
    const stem = word.slice(0, -1);
    const next = words[i + 1];
    const belongs =
      next !== undefined &&
      ((stem.includes('.') && /\p{Alphabetic}/u.test(stem)) ||
        always.has(stem) ||
        /^\p{Lowercase}/u.test(next) ||
        (beforeNumbers.has(stem) && /^[0-9]/u.test(next)));
    return belongs ? [word] : [stem, '.'];
  });
}

const ESCAPES: readonly (readonly [char: string, escape: string])[] = [
  ['&', '&amp;'],
  ['|', '&#124;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ["'", '&apos;'],
  ['"', '&quot;'],
  ['[', '&#91;'],
  [']', '&#93;'],
];

/** As tokenizer.perl writes what its decoder would read as markup. */
export function addEscapes(text: string): string {
  let out = text;
  for (const [char, name] of ESCAPES) out = out.replaceAll(char, name);
  return out;
}

/** Undoes `addEscapes`, and its older forms &bar; &bra; &ket;. */
export function undoEscapes(text: string): string {
  if (!text.includes('&')) return text;
  let out = text.replaceAll('&bar;', '|').replaceAll('&bra;', '[').replaceAll('&ket;', ']');
  for (const [char, name] of [...ESCAPES].reverse()) out = out.replaceAll(name, char);
  return out;
}
