import { checkTranslationSpace } from './check.ts';
import { PUBLISHED_WINDOWS, type SequenceBlock } from './network.ts';
import type { TranslationSpace } from './space.ts';

/**
 * The translation spaces that come with the package: the two published ones, HAT's, and smaller ones for two
 * processors.
 */
const ENCODER_BLOCKS: readonly SequenceBlock[] = ['A', 'C', 'D', 'S', 'AC', 'AD', 'AS'];
/** The published four (spec 7.1). */
const DECODER_BLOCKS: readonly SequenceBlock[] = ['A', 'AC', 'AD', 'AS'];

/** The published spaces; the decoder of English-French has no feed-forward width of 4096 (spec 7.1). */
function published(name: string, decoderFeedForward: readonly number[]): TranslationSpace {
  const side = { width: [1024, 768, 512], heads: [16, 8, 4] };
  const base = { width: 512, layers: 6, heads: 8, feedForward: 2048 };
  return checkTranslationSpace({
    ...{
      kind: 'translation',
      name,
      attention: 512,
      windows: PUBLISHED_WINDOWS,
      gated: false,
      standardised: false,
    },
    encoder: { ...side, layers: [6], block: ENCODER_BLOCKS, feedForward: [4096, 3072, 2048, 1024] },
    decoder: {
      ...{ ...side, layers: [6, 5, 4, 3, 2, 1], block: DECODER_BLOCKS, feedForward: decoderFeedForward },
      ...{ crossHeads: [16, 8, 4], sources: [1, 2, 3] },
    },
    // Transformer base.
    reference: { encoder: base, decoder: { ...base, crossHeads: 8, sources: 1 } },
  });
}

/** WMT English-German: about 2.1e28 networks (spec 7.1). */
export function seq2seq(): TranslationSpace {
  return published('seq2seq', [4096, 3072, 2048, 1024]);
}

/** WMT English-French: about 3.7e27 networks (spec 7.1). */
export function seq2seqEnFr(): TranslationSpace {
  return published('seq2seq-enfr', [3072, 2048, 1024]);
}

/** HAT's space for WMT English-German, attention only: about 4.2e14 networks (spec 7.1). */
export function seq2seqAttention(): TranslationSpace {
  const side = { width: [640, 512], block: ['A'], heads: [8, 4], feedForward: [3072, 2048, 1024] } as const;
  const base = { width: 512, layers: 6, heads: 8, feedForward: 2048 };
  return checkTranslationSpace({
    ...{ kind: 'translation', name: 'seq2seq-attention', attention: 512 },
    ...{ windows: PUBLISHED_WINDOWS, gated: false, standardised: false },
    encoder: { ...side, layers: [6] },
    decoder: { ...side, layers: [6, 5, 4, 3, 2, 1], crossHeads: [8, 4], sources: [1, 2, 3] },
    reference: { encoder: base, decoder: { ...base, crossHeads: 8, sources: 1 } },
  });
}

/**
 * For 30,000 short sentences on two processors: up to 4 + 4 layers. Two widths a side, as in HAT's spaces: with three, a
 * supernet of some thousand steps trains its widest paths in a ninth of them and ranks them last. Encoders may be wider than
 * the reference, whose energy buys more there than in a third decoder layer (docs/results.md). Decoders may do without
 * self-attention, as the lightweight networks they are compared with.
 */
export function multi30k(): TranslationSpace {
  const side = { heads: [4, 8], feedForward: [256, 512, 1024] };
  const base = { width: 256, layers: 3, heads: 4, feedForward: 512 };
  return checkTranslationSpace({
    ...{
      kind: 'translation',
      name: 'multi30k',
      attention: 256,
      windows: [3, 7, 15, 15],
      gated: false,
      standardised: true,
    },
    encoder: { ...side, width: [256, 384], layers: [3, 4], block: ENCODER_BLOCKS },
    decoder: {
      ...{ ...side, width: [192, 256], layers: [1, 2, 3, 4], block: ENCODER_BLOCKS },
      ...{ crossHeads: [4, 8], sources: [1, 2, 3] },
    },
    reference: { encoder: base, decoder: { ...base, crossHeads: 4, sources: 1 } },
  });
}

/** For numbers, times and dates between two languages, in seconds. */
export function numbers(): TranslationSpace {
  const side = { width: [32, 64], heads: [2, 4], feedForward: [64, 128] };
  const base = { width: 64, layers: 2, heads: 4, feedForward: 128 };
  return checkTranslationSpace({
    ...{
      kind: 'translation',
      name: 'numbers',
      attention: 64,
      windows: [3, 7],
      gated: false,
      standardised: true,
    },
    encoder: { ...side, layers: [2], block: ENCODER_BLOCKS },
    decoder: { ...side, layers: [1, 2], block: DECODER_BLOCKS, crossHeads: [2, 4], sources: [1, 2] },
    reference: { encoder: base, decoder: { ...base, crossHeads: 4, sources: 1 } },
  });
}

/** The smallest space that has everything: for tests. */
export function microSeq2seq(): TranslationSpace {
  const base = { width: 8, layers: 2, heads: 2, feedForward: 16 };
  return checkTranslationSpace({
    ...{
      kind: 'translation',
      name: 'micro-seq2seq',
      attention: 8,
      windows: [3],
      gated: false,
      standardised: true,
    },
    encoder: { width: [8], layers: [2], block: ENCODER_BLOCKS, heads: [1, 2], feedForward: [16] },
    decoder: {
      ...{ width: [8, 12], layers: [1, 2], block: DECODER_BLOCKS, heads: [2], feedForward: [8, 16] },
      ...{ crossHeads: [2], sources: [1, 2] },
    },
    reference: { encoder: base, decoder: { ...base, crossHeads: 2, sources: 1 } },
  });
}

export const TRANSLATION_PRESETS: Readonly<Record<string, () => TranslationSpace>> = {
  seq2seq,
  'seq2seq-enfr': seq2seqEnFr,
  'seq2seq-attention': seq2seqAttention,
  multi30k,
  numbers,
  'micro-seq2seq': microSeq2seq,
};
