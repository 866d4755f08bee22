/** What a trained translator is worth: likelihood, and BLEU and chrF of its translations of a set. */
import { type SubwordPairs, TokenBatches } from '../../data/text/batches.ts';
import type { SentencePairs } from '../../data/text/pairs.ts';
import type { Subwords } from '../../data/text/subwords.ts';
import { corpusBleu } from '../../metrics/bleu/bleu.ts';
import { corpusChrf } from '../../metrics/bleu/chrf.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Between, Score } from '../../training/score.ts';
import { scoreSentences, translateSentences } from '../../training/score-translation.ts';
import type { SentenceContext } from './context.ts';

export interface TranslationScore extends Score {
  /** From 0 to 100, by sacreBLEU's rules with tokenisation 13a. */
  readonly bleu: number;
  /** From 0 to 100. */
  readonly chrf: number;
  /** What both depend on besides the texts; absent in what earlier versions kept. */
  readonly signatures?: { readonly bleu: string; readonly chrf: string };
}

/** Translations that are written in lower case are scored without regard to case, as whoever writes them so does. */
export const casingOf = ({ model }: Subwords) => ({ lowercase: model.form.lowerCase });

/** Padded subwords of a batch that is scored. */
const SCORING_TOKENS = 4096;
/** Sentences translated at once. */
export const TOGETHER = 64;

type Needs = Pick<SentenceContext, 'config' | 'dataset' | 'subwords'>;

/** Batches of pairs for scoring, shortest first. */
export function* scoringBatches({ config }: Pick<SentenceContext, 'config'>, pairs: SubwordPairs) {
  const batches = new TokenBatches({ pairs, tokens: Math.max(SCORING_TOKENS, config.longest) });
  for (let i = 0; i < batches.stepsPerEpoch; i++) yield batches.batch(0, i);
}

/** Plain text of sources, in their order. */
export async function translateTexts(
  { config, dataset, subwords }: Needs,
  translator: Translator,
  network: TranslationNetwork,
  sources: readonly Int32Array[],
  more: { readonly between?: Between; readonly onBatch?: (done: number) => void } = {},
): Promise<string[]> {
  const { beam, lengthPenalty: penalty } = config;
  const options = { beam, penalty, together: TOGETHER, ...more };
  const found = await translateSentences(translator, network, sources, options);
  return found.map(({ ids }) => subwords.decode(ids, dataset.pair.to));
}

/** Everything, on pairs that stand as subwords and as text. */
export async function measureTranslator(
  context: Needs,
  translator: Translator,
  network: TranslationNetwork,
  encoded: SubwordPairs,
  texts: SentencePairs,
  between?: Between,
): Promise<TranslationScore & { readonly hypotheses: readonly string[] }> {
  const batches = scoringBatches(context, encoded);
  const score = await scoreSentences(translator, network, batches, between);
  const wait = between === undefined ? {} : { between };
  const hypotheses = await translateTexts(context, translator, network, encoded.from, wait);
  const casing = casingOf(context.subwords);
  const bleu = corpusBleu(hypotheses, [texts.to], casing);
  const chrf = corpusChrf(hypotheses, [texts.to], casing);
  return {
    ...{ ...score, bleu: bleu.score, chrf: chrf.score, hypotheses },
    signatures: { bleu: bleu.signature, chrf: chrf.signature },
  };
}
