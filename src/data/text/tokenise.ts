/**
 * Plain text to words and punctuation apart, as Moses' tokenizer.perl does it (without hyphen splitting): special
 * characters stand alone, commas except within numbers, apostrophes as the language contracts them, full stops except
 * after abbreviations and within words. Words are parted by one space.
 */
import { type Prefixes, prefixesOf } from './prefixes.ts';

type Rule = readonly [pattern: RegExp, replacement: string];

const ALNUM = '\\p{Alphabetic}\\p{Nd}';
const COMMON: readonly Rule[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  [/[\u0000-\u001f]/gu, ''],
  [new RegExp(`([^${ALNUM}\\s.'\`,\\-])`, 'gu'), ' $1 '],
  // several dots stay together
  [/\.{2,}/gu, ' $& '],
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
  let tokeniser = TOKENISERS.get(language);
  if (tokeniser === undefined) TOKENISERS.set(language, (tokeniser = new Tokeniser(language)));
  return tokeniser.tokenise(text);
}

const TOKENISERS = new Map<string, Tokeniser>();

/** Parts kept; a hostile text must not fill the memory. */
const CACHE = 2 ** 18;

/**
 * The rules look no further than the white space around a part of the text, and only an apostrophe or a comma makes
 * a difference at either end of it. Any other part gives the same words wherever it stands, and is taken apart once.
 */
class Tokeniser {
  private readonly rules: readonly Rule[];
  private readonly prefixes: Prefixes;
  private readonly cache = new Map<string, readonly string[]>();

  constructor(language: string) {
    this.rules = [...COMMON, ...(APOSTROPHES.get(language) ?? OTHERS)];
    this.prefixes = prefixesOf(language);
  }

  tokenise(text: string): string[] {
    const stopped = splitStops(this.words(splitSpaces(text)), this.prefixes);
    const end = stopped[stopped.length - 1];
    // a full stop before the apostrophe that ends the text
    if (end?.endsWith(".'")) stopped.splice(-1, 1, ...[end.slice(0, -2), '.', "'"].filter(Boolean));
    return stopped;
  }

  private words(parts: readonly string[]): string[] {
    const last = parts.length - 1;
    const words: string[] = [];
    for (let i = 0; i <= last; i++) {
      const part = parts[i];
      // one rule takes the space between two apostrophes for itself: then the parts are not independent
      if (part.endsWith("'") && parts[i + 1]?.startsWith("'")) return this.apart(parts.join(' '));
      const atEdge = (i === 0 && part.startsWith("'")) || (i === last && /[',]$/u.test(part));
      if (atEdge) words.push(...this.apart(`${i > 0 ? ' ' : ''}${part}${i < last ? ' ' : ''}`));
      else for (const word of this.inside(part)) words.push(word);
    }
    return words;
  }

  private inside(part: string): readonly string[] {
    let words = this.cache.get(part);
    if (words === undefined) {
      words = this.apart(` ${part} `);
      if (this.cache.size >= CACHE) this.cache.clear();
      this.cache.set(part, words);
    }
    return words;
  }

  private apart(text: string): string[] {
    let spaced = text;
    for (const [pattern, replacement] of this.rules) spaced = spaced.replace(pattern, replacement);
    return splitSpaces(spaced);
  }
}

/** What stands between white space. */
export function splitSpaces(text: string): string[] {
  return text.split(/\s+/u).filter((part) => part !== '');
}

/** Full stops at the end of words become words, where they end a sentence. */
function splitStops(words: readonly string[], { always, beforeNumbers }: Prefixes): string[] {
  const split: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (!word.endsWith('.') || word.length < 2 || word.endsWith('..')) {
      split.push(word);
      continue;
    }
    const stem = word.slice(0, -1);
    const next = words[i + 1];
    const belongs =
      next !== undefined &&
      ((stem.includes('.') && /\p{Alphabetic}/u.test(stem)) ||
        always.has(stem) ||
        /^\p{Lowercase}/u.test(next) ||
        (beforeNumbers.has(stem) && /^[0-9]/u.test(next)));
    if (belongs) split.push(word);
    else split.push(stem, '.');
  }
  return split;
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
