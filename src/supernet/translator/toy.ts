/** A small translator for tests: every block type once, all sizes at their smallest. */
import type { Backend } from '../../backends/backend.ts';
import { Random } from '../../core/random.ts';
import type { SequenceBlock, TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { DEFAULT_SHARING, type SharingConfig } from '../sharing.ts';
import { extentOf } from './extent.ts';
import { type SourceBatch, sourceBatch } from './source.ts';
import { Translator } from './translator.ts';

export const TOY_VOCABULARY = 13;

export function toyNetwork(
  encoder: readonly SequenceBlock[],
  decoder: readonly SequenceBlock[],
  more: Partial<TranslationNetwork> = {},
): TranslationNetwork {
  const sources = [1, 2, 3] as const;
  return {
    ...{ encoder: 8, decoder: 12, attention: 8, windows: [3, 5], gated: false, standardised: false },
    encoderLayers: encoder.map((block) => ({ block, heads: 2, feedForward: 10 })),
    decoderLayers: decoder.map((block, i) => ({
      ...{ block, heads: 2, crossHeads: 4, feedForward: 6 },
      sources: sources[Math.min(i % 3, encoder.length - 1)],
    })),
    ...more,
  };
}

export const TOY_SHARING: SharingConfig = {
  ...DEFAULT_SHARING,
  adder: { kind: 'bounded', initial: 0.5, low: 0.1, high: 2, offset: 0 },
};

export function toyTranslator(
  backend: Backend,
  network: TranslationNetwork,
  more: Partial<Translator['config']> = {},
): Translator {
  const config = { extent: extentOf(network), vocabulary: TOY_VOCABULARY, norm: 'pre', longest: 16 } as const;
  return new Translator(backend, { ...config, sharing: TOY_SHARING, ...more }, Random.fromSeed('toy'));
}

/** Sentences of the given lengths, padded. */
export function toySource(
  backend: Backend,
  lengths: readonly number[],
  t = Math.max(...lengths),
): SourceBatch {
  const source = new Int32Array(lengths.length * t).fill(1);
  for (const [i, length] of lengths.entries()) {
    const random = Random.fromSeed(`sentence ${i}`);
    for (let j = 0; j < length; j++) {
      source[i * t + j] = j === length - 1 ? 2 : 4 + random.integer(TOY_VOCABULARY - 4);
    }
  }
  const sourceLengths = Int32Array.from(lengths);
  return sourceBatch(backend, {
    ...{ count: lengths.length, sourceLength: t, source, sourceLengths },
  });
}
