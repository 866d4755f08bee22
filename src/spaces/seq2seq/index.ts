/** Translation: networks, spaces of them, what they compute and what they cost. */
export { checkTranslationSpace } from './check.ts';
export { countTranslation } from './count.ts';
export { translationFeatures } from './features.ts';
export {
  decodeTranslation,
  encodeTranslation,
  parseTranslationWord,
  validateTranslation,
} from './genotype.ts';
export {
  crossTranslation,
  DEFAULT_TRANSLATION_RATES,
  mutateTranslation,
  PUBLISHED_TRANSLATION_RATES,
  type TranslationRates,
  translationNeighbours,
} from './moves.ts';
export {
  blockParts,
  type DecoderLayer,
  type EncoderLayer,
  type LightweightKind,
  PUBLISHED_WINDOWS,
  SEQUENCE_BLOCKS,
  type SequenceBlock,
  type TranslationGenotype,
  type TranslationNetwork,
  windowOf,
} from './network.ts';
export { translationAt, translationNumber } from './number.ts';
export { drawTranslationSpace } from './picture.ts';
export {
  microSeq2seq,
  multi30k,
  numbers,
  seq2seq,
  seq2seqAttention,
  seq2seqEnFr,
  TRANSLATION_PRESETS,
} from './presets.ts';
export { type SentenceTask, TranslationPricer } from './pricing.ts';
export { sampleTranslation } from './sample.ts';
export { parseTranslationSpace } from './schema.ts';
export { isTranslationSpace, networkOf, referenceGenotype, type TranslationSpace } from './space.ts';
export { decoderWorkloads, encoderWorkloads, PUBLISHED_TOKENS, translationWorkloads } from './workloads.ts';
