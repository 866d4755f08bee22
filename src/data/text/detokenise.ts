/**
 * Words and punctuation back to plain text, as Moses' detokenizer.perl does it: what opens goes to the word on its
 * right, what closes to the word on its left, a quotation mark opens and closes in turn.
 */
const OPENS = /^[\p{Sc}([{¿¡]+$/u;
const CLOSES = /^[,.?!:;\\%}\])]+$/u;
const SPACED_IN_FRENCH = /^[?!:;\\%]$/u;
const QUOTES = /^['"„“”`]+$/u;

/** The text of `words`. `language`: a code as `en`; it decides on apostrophes, quotation marks and French spaces. */
export function detokenise(words: readonly string[], language: string): string {
  let text = '';
  let space = '';
  const open = new Map<string, boolean>();
  const toLeft = (word: string) => {
    text += word;
    space = ' ';
  };
  const plain = (word: string) => {
    text += space + word;
    space = ' ';
  };
  const toRight = (word: string) => {
    text += space + word;
    space = '';
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const before = words[i - 1] ?? '';
    if (OPENS.test(word)) toRight(word);
    else if (CLOSES.test(word)) {
      toLeft(language === 'fr' && SPACED_IN_FRENCH.test(word) && text !== '' ? ` ${word}` : word);
    } else if (
      language === 'en' &&
      /^'\p{Alphabetic}/u.test(word) &&
      /[\p{Alphabetic}\p{Nd}]$/u.test(before)
    ) {
      toLeft(word);
    } else if (
      (language === 'fr' || language === 'it') &&
      /\p{Alphabetic}'$/u.test(word) &&
      /^\p{Alphabetic}/u.test(words[i + 1] ?? '')
    ) {
      toRight(word);
    } else if (QUOTES.test(word)) {
      const kind = /^[„“”]+$/u.test(word) ? '"' : word;
      const possessive = language === 'en' && word === "'" && before.endsWith('s');
      if (open.get(kind)) {
        open.set(kind, false);
        toLeft(word);
      } else if (possessive) toLeft(word);
      else {
        open.set(kind, true);
        toRight(word);
      }
    } else plain(word);
  }
  return text;
}
