/**
 * chrF (Popović 2015) and chrF++ (Popović 2017) as sacreBLEU 2.x computes them: how many character n-grams, and for
 * chrF++ word n-grams, are shared. It needs no rule for what a word is and rewards words that are nearly right.
 *
 *   score = 100 * (1 + b^2) P R / (b^2 P + R)        P, R: precision and recall, each the mean over orders
 *
 * Of several references a sentence counts with the one it scores best with. Orders that hypothesis or reference has no
 * n-grams of are left out of the means (`eff:yes`).
 */
import { alongside, signatureOf, sumOf } from './corpus.ts';
import { ngramsIn, sharedNgrams } from './ngrams.ts';
import { charactersOf, wordsOf } from './tokenise.ts';

export interface ChrfOptions {
  /** Longest character n-grams; 6 unless given. White space does not count. */
  readonly characterOrder?: number;
  /** Longest word n-grams: 0 for chrF, which is the usual one, 2 for chrF++. */
  readonly wordOrder?: number;
  /** Recall weighs so many times as much as precision; 2 unless given. */
  readonly beta?: number;
  readonly lowercase?: boolean;
}

export interface ChrfScore {
  /** 0 to 100. */
  readonly score: number;
  /** chrF2, chrF2++ and so on. */
  readonly name: string;
  readonly signature: string;
}

/** By order, characters first and words behind them: n-grams of the hypothesis, of the reference, of both. */
interface ChrfCounts {
  readonly hypothesis: readonly number[];
  readonly reference: readonly number[];
  readonly shared: readonly number[];
}

/** chrF of a corpus. `references`: one list of lines for each reference. Throws `shape` where lists do not fit. */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: ChrfOptions = {},
): ChrfScore {
  const { characterOrder = 6, wordOrder = 0, beta = 2, lowercase = false } = options;
  const sentences = alongside(hypotheses, references).map((sentence) => bestOf(sentence, options));
  const counts = {
    hypothesis: sumOf(sentences.map(({ hypothesis }) => hypothesis)),
    reference: sumOf(sentences.map(({ reference }) => reference)),
    shared: sumOf(sentences.map(({ shared }) => shared)),
  };
  return {
    score: 100 * fScore(counts, beta),
    name: `chrF${beta}${'+'.repeat(wordOrder)}`,
    signature: signatureOf(references.length, {
      case: lowercase ? 'lc' : 'mixed',
      eff: 'yes',
      nc: characterOrder,
      nw: wordOrder,
      space: 'no',
    }),
  };
}

/** chrF of one sentence. Throws `shape` without a reference. */
export function sentenceChrf(
  hypothesis: string,
  references: readonly string[],
  options: ChrfOptions = {},
): ChrfScore {
  return corpusChrf(
    [hypothesis],
    references.map((reference) => [reference]),
    options,
  );
}

/** The counts with the reference that gives the best score; the first of equals. */
function bestOf(
  sentence: { readonly hypothesis: string; readonly references: readonly string[] },
  { characterOrder = 6, wordOrder = 0, beta = 2, lowercase = false }: ChrfOptions,
): ChrfCounts {
  const read = (text: string) => {
    const cased = lowercase ? text.toLowerCase() : text;
    return { characters: charactersOf(cased), words: wordOrder === 0 ? [] : punctuatedWords(cased) };
  };
  const own = read(sentence.hypothesis);
  let best: ChrfCounts | undefined;
  let bestScore = -1;
  for (const reference of sentence.references) {
    const other = read(reference);
    const characters = countsOf(own.characters, other.characters, characterOrder);
    const words = countsOf(own.words, other.words, wordOrder);
    const counts = {
      hypothesis: [...characters.hypothesis, ...words.hypothesis],
      reference: [...characters.reference, ...words.reference],
      shared: [...characters.shared, ...words.shared],
    };
    const score = fScore(counts, beta);
    if (score > bestScore) [best, bestScore] = [counts, score];
  }
  return best!;
}

function countsOf(own: readonly string[], other: readonly string[], order: number): ChrfCounts {
  const orders = Array.from({ length: order }, (_, i) => i + 1);
  const reference = orders.map((n) => ngramsIn(other.length, n));
  return {
    // A reference too short for an order says nothing of the hypothesis's n-grams there.
    hypothesis: orders.map((n, i) => (reference[i] === 0 ? 0 : ngramsIn(own.length, n))),
    reference,
    shared: sharedNgrams(own, [other], order),
  };
}

/** F of mean precision and mean recall, 0 to 1. */
function fScore({ hypothesis, reference, shared }: ChrfCounts, beta: number): number {
  let [precision, recall, orders] = [0, 0, 0];
  shared.forEach((match, i) => {
    if (hypothesis[i] === 0 || reference[i] === 0) return;
    precision += match / hypothesis[i];
    recall += match / reference[i];
    orders++;
  });
  if (precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return ((1 + beta ** 2) * p * r) / (beta ** 2 * p + r);
}

const SIGNS = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/** Words with one sign at the end taken off, else one at the start: `(so)` is `(so` and `)`, as in Popović's script. */
function punctuatedWords(text: string): string[] {
  return wordsOf(text).flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [word];
    const last = characters[characters.length - 1];
    if (SIGNS.has(last)) return [word.slice(0, -1), last];
    return SIGNS.has(characters[0]) ? [characters[0], word.slice(1)] : [word];
  });
}
