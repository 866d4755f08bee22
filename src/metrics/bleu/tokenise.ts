/**
 * How a line becomes the words that BLEU counts. The rules are those of the scripts the field has used since 2002, as
 * sacreBLEU has them, so that scores can be compared; the name of the rule is part of a score's signature.
 *
 *   13a   mteval-v13a of NIST, the rule of WMT: signs apart, stop and comma apart unless between digits
 *   intl  mteval-v14's international rule: any punctuation and symbol of Unicode apart, unless between digits
 *   char  every character is a word
 *   none  words are what white space separates
 */

// White space as Unicode's bidirectional classes have it, which is not quite \s: the separators 1c to 1f and NEL belong to
// it, the byte order mark does not.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const BETWEEN = new RegExp(SPACE, 'u');
const TRAILING = new RegExp(`${SPACE}$`, 'u');

/** What white space separates; none of an empty or blank line. */
export function wordsOf(text: string): string[] {
  return text.split(BETWEEN).filter((word) => word !== '');
}

/** The text without its white space: [code points]. */
export function charactersOf(text: string): string[] {
  return [...wordsOf(text).join('')];
}

/** mteval-v13a: undoes what SGML escapes, then separates ASCII signs. */
function mteval13a(line: string): string[] {
  let text = line.replaceAll('<skipped>', '').replaceAll('-\n', '');
  for (const [entity, sign] of ENTITIES) text = text.replaceAll(entity, sign);
  return wordsOf(
    ` ${text} `
      .replace(/[{-~[-` -&(-+:-@/]/gu, ' $& ')
      .replace(/([^0-9])([.,])/gu, '$1 $2 ')
      .replace(/([.,])([^0-9])/gu, ' $1 $2')
      .replace(/([0-9])(-)/gu, '$1 $2 '),
  );
}

/** In this order: `&amp;lt;` is `<`. */
const ENTITIES = [
  ['&quot;', '"'],
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
] as const;

/** mteval-v14, international: a number at the end of the line keeps its stop, as in the original script. */
function international(line: string): string[] {
  return wordsOf(
    line
      .replace(TRAILING, '')
      .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
      .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
      .replace(/\p{S}/gu, ' $& '),
  );
}

export const TOKENISERS = {
  '13a': mteval13a,
  none: wordsOf,
  intl: international,
  char: charactersOf,
} as const satisfies Record<string, (line: string) => string[]>;

export type TokeniserName = keyof typeof TOKENISERS;
