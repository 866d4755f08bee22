/**
 * Words and punctuation back to plain text. The rules are those of Moses' detokenizer.perl: what opens joins the word
 * on its right, what closes the word on its left, a quotation mark opens and closes in turn. Where published text
 * shows that they are wrong more often than right, these rules differ: slashes between words, colons between digits,
 * typographic quotation marks and apostrophes, Q&A, a sign of currency after its number, a quotation that only closes.
 */
interface Joins {
  /** No space before. */
  readonly left: boolean;
  /** No space after. */
  readonly right: boolean;
}

const APART: Joins = { left: false, right: false };
const LEFT: Joins = { left: true, right: false };
const RIGHT: Joins = { left: false, right: true };
const BOTH: Joins = { left: true, right: true };

const OPENS = /^[([{¿¡#]+$/u;
const CLOSES = /^[,.?!:;\\%}\])]+$/u;
const SPACED_IN_FRENCH = /^[?!:;\\%]$/u;
const CURRENCY = /^\p{Sc}+$/u;
const QUOTES = /^(?:['"`]+|[„“”‘’‚]+)$/u;
/** What may follow a quotation mark that ends the text. */
const ENDS = /^[.,?!:;)\]]+$/u;
const WORD = /^[\p{Alphabetic}\p{Nd}]/u;
const AFTER_WORD = /[\p{Alphabetic}\p{Nd}]$/u;

/** The text of `words`. `language`: a code as `en`; it decides on apostrophes, quotation marks and French spaces. */
export function detokenise(words: readonly string[], language: string): string {
  const writer = new Writer(words, language);
  let text = '';
  let joined = true;
  for (let i = 0; i < words.length; i++) {
    const { left, right } = writer.joins(i);
    text += joined || left ? words[i] : ` ${words[i]}`;
    joined = right;
  }
  return text;
}

class Writer {
  private readonly words: readonly string[];
  private readonly language: string;
  /** Kinds of quotation marks that are open. */
  private readonly open = new Set<string>();
  private afterClosing = false;

  constructor(words: readonly string[], language: string) {
    this.words = words;
    this.language = language;
  }

  /** Asked for one word after the other, for quotation marks are counted. */
  joins(i: number): Joins {
    const word = this.words[i];
    const before = this.words[i - 1] ?? '';
    const next = this.words[i + 1] ?? '';
    const { afterClosing } = this;
    this.afterClosing = false;
    if (OPENS.test(word)) return RIGHT;
    if (CURRENCY.test(word)) return /^\p{Nd}/u.test(next) ? RIGHT : APART;
    if (word === '/' && AFTER_WORD.test(before) && WORD.test(next)) return BOTH;
    // Q & A
    if (word === '&' && /(?:^|-)\p{Lu}$/u.test(before) && /^\p{Lu}(?!\p{Alphabetic})/u.test(next))
      return BOTH;
    if (word === ':' && /\p{Nd}$/u.test(before) && /^\p{Nd}/u.test(next)) return BOTH;
    if (CLOSES.test(word)) return this.language === 'fr' && SPACED_IN_FRENCH.test(word) ? APART : LEFT;
    if (this.isContraction(word, before, next)) return this.language === 'fr' ? RIGHT : LEFT;
    if (this.isApostrophe(word, before, next)) return BOTH;
    if (QUOTES.test(word)) return this.quote(i);
    // „Open“-Schild
    return afterClosing && /^-\p{Alphabetic}/u.test(word) ? LEFT : APART;
  }

  /** it 's, l' eau: the apostrophe stands in the word that is joined. */
  private isContraction(word: string, before: string, next: string): boolean {
    if (this.language === 'en') return /^'[\p{Alphabetic}]/u.test(word) && AFTER_WORD.test(before);
    const parts = this.language === 'fr' || this.language === 'it';
    return parts && /\p{Alphabetic}'$/u.test(word) && /^\p{Alphabetic}/u.test(next);
  }

  /** An apostrophe that stands alone within a word: doesn ’ t, l ’ eau, McDonald ' s, O ' Brien. */
  private isApostrophe(word: string, before: string, next: string): boolean {
    if (!/^['’‘]$/u.test(word) || !AFTER_WORD.test(before) || !/^\p{Alphabetic}/u.test(next)) return false;
    if (/^[DLO]$/u.test(before) || /^s(?![\p{Alphabetic}\p{Nd}])/u.test(next)) return true;
    if (word !== '’' || this.open.has('‘')) return false;
    return this.language === 'fr' || (this.language === 'en' && /^(?:t|re|ve|ll|d|m)$/iu.test(next));
  }

  private quote(i: number): Joins {
    const word = this.words[i];
    const kind = /^[„“”]+$/u.test(word) ? '"' : /^[‚‘’]+$/u.test(word) ? '‘' : word;
    if (this.closes(i, kind)) {
      this.open.delete(kind);
      this.afterClosing = true;
      return LEFT;
    }
    this.open.add(kind);
    return RIGHT;
  }

  private closes(i: number, kind: string): boolean {
    const word = this.words[i];
    if (word === '”' || word === '’') return true;
    if (word === '„' || (word === '“' && this.language !== 'de')) return false;
    if (this.open.has(kind)) return true;
    // the teachers ' room: no other one follows that would close what this one opens
    if (word === "'" && this.language === 'en' && this.words[i - 1]?.endsWith('s')) {
      return !this.words.includes("'", i + 1);
    }
    return i > 0 && this.words.slice(i + 1).every((later) => ENDS.test(later));
  }
}
