/**
 * BLEU (Papineni et al. 2002) as sacreBLEU 2.x computes it (Post 2018): the geometric mean of the precisions of 1- to
 * 4-grams over the whole corpus, times a penalty for being shorter than the reference.
 *
 *   score = 100 * min(1, exp(1 - r / h)) * (p1 * p2 * p3 * p4)^(1/4)        h, r: words of hypotheses and references
 *
 * Counts are summed over sentences before any division, so the score of a corpus is not the mean of its sentences'.
 */
import { alongside, signatureOf, sumOf } from './corpus.ts';
import { ngramsIn, sharedNgrams } from './ngrams.ts';
import { TOKENISERS, type TokeniserName } from './tokenise.ts';

export const BLEU_ORDER = 4;

/**
 * What stands in for a precision of 0 (Chen and Cherry 2014, methods 1 to 3), with its usual value: `floor` counts so
 * many matches, `add-k` adds so many matches and n-grams at orders above 1, `exp` halves the count at every order
 * without a match (NIST's rule, the usual one), `none` leaves the 0.
 */
export const SMOOTHINGS = { exp: undefined, floor: 0.1, 'add-k': 1, none: undefined } as const;

export type Smoothing = keyof typeof SMOOTHINGS;

export interface BleuOptions {
  /** 13a unless given. */
  readonly tokenise?: TokeniserName;
  readonly lowercase?: boolean;
  /** exp unless given. */
  readonly smooth?: Smoothing;
  /** Of floor and add-k. */
  readonly smoothValue?: number;
  /** Leave out orders that the hypotheses have no n-grams of; for single sentences. */
  readonly effectiveOrder?: boolean;
}

/** Of one sentence, or summed over many. By order from 1 to 4: matched n-grams, and n-grams of the hypothesis. */
export interface BleuCounts {
  readonly matches: readonly number[];
  readonly totals: readonly number[];
  /** Words. The reference's length is that of the reference nearest in length, the shorter of two as near. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
}

export interface BleuScore extends BleuCounts {
  /** 0 to 100. */
  readonly score: number;
  /** Percent, by order; smoothed where nothing matches. All 0 where no word matches. */
  readonly precisions: readonly number[];
  /** 0 to 1. */
  readonly brevityPenalty: number;
  readonly signature: string;
}

/** BLEU of a corpus. `references`: one list of lines for each reference. Throws `shape` where lists do not fit. */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: BleuOptions = {},
): BleuScore {
  const sentences = alongside(hypotheses, references).map((sentence) =>
    bleuCounts(sentence.hypothesis, sentence.references, options),
  );
  const counts = {
    matches: sumOf(sentences.map(({ matches }) => matches)),
    totals: sumOf(sentences.map(({ totals }) => totals)),
    hypothesisLength: sentences.reduce((sum, { hypothesisLength }) => sum + hypothesisLength, 0),
    referenceLength: sentences.reduce((sum, { referenceLength }) => sum + referenceLength, 0),
  };
  return bleuOf(counts, references.length, options);
}

/** BLEU of one sentence, by the orders it has unless `effectiveOrder` is false. Throws `shape` without a reference. */
export function sentenceBleu(
  hypothesis: string,
  references: readonly string[],
  options: BleuOptions = {},
): BleuScore {
  return corpusBleu(
    [hypothesis],
    references.map((reference) => [reference]),
    { effectiveOrder: true, ...options },
  );
}

/** The counts of one sentence. */
export function bleuCounts(
  hypothesis: string,
  references: readonly string[],
  { tokenise = '13a', lowercase = false }: BleuOptions = {},
): BleuCounts {
  const words = (text: string) => TOKENISERS[tokenise](lowercase ? text.toLowerCase() : text);
  const own = words(hypothesis);
  const others = references.map(words);
  return {
    matches: sharedNgrams(own, others, BLEU_ORDER),
    totals: Array.from({ length: BLEU_ORDER }, (_, i) => ngramsIn(own.length, i + 1)),
    hypothesisLength: own.length,
    referenceLength: nearestLength(
      own.length,
      others.map(({ length }) => length),
    ),
  };
}

function nearestLength(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, other) => {
    const nearer = Math.abs(length - other) - Math.abs(length - best);
    return nearer < 0 || (nearer === 0 && other < best) ? other : best;
  });
}

/** The score that summed counts give. */
export function bleuOf(counts: BleuCounts, references: number, options: BleuOptions = {}): BleuScore {
  const { hypothesisLength: own, referenceLength: other } = counts;
  const brevityPenalty = own >= other ? 1 : own === 0 ? 0 : Math.exp(1 - other / own);
  const { precisions, order } = precisionsOf(counts, options);
  const meanLog = precisions.slice(0, order).reduce((sum, p) => sum + Math.log(p), 0) / order;
  return {
    score: brevityPenalty * Math.exp(meanLog),
    precisions,
    brevityPenalty,
    ...counts,
    signature: bleuSignature(references, options),
  };
}

/** Precisions in percent, and up to which order they count. */
function precisionsOf(
  { matches, totals }: BleuCounts,
  { smooth = 'exp', smoothValue = SMOOTHINGS[smooth] ?? 0, effectiveOrder = false }: BleuOptions,
): { precisions: number[]; order: number } {
  const precisions = new Array<number>(BLEU_ORDER).fill(0);
  let order = BLEU_ORDER;
  if (matches.every((match) => match === 0)) return { precisions, order };
  let halved = 1;
  for (let i = 0; i < BLEU_ORDER; i++) {
    const added = smooth === 'add-k' && i > 0 ? smoothValue : 0;
    const match = matches[i] + added;
    const total = totals[i] + added;
    if (total === 0) break;
    if (effectiveOrder) order = i + 1;
    if (match > 0) precisions[i] = (100 * match) / total;
    else if (smooth === 'exp') precisions[i] = 100 / ((halved *= 2) * total);
    else if (smooth === 'floor') precisions[i] = (100 * smoothValue) / total;
  }
  return { precisions, order };
}

function bleuSignature(
  references: number,
  {
    tokenise = '13a',
    lowercase = false,
    smooth = 'exp',
    smoothValue = SMOOTHINGS[smooth],
    effectiveOrder = false,
  }: BleuOptions,
): string {
  return signatureOf(references, {
    case: lowercase ? 'lc' : 'mixed',
    eff: effectiveOrder ? 'yes' : 'no',
    tok: tokenise,
    smooth: SMOOTHINGS[smooth] === undefined ? smooth : `${smooth}[${smoothValue!.toFixed(2)}]`,
  });
}
