/**
 * A search space for translation is data: what it fixes (the width of queries, keys and values, the windows of the
 * lightweight filters) and, for each side, the values that every choice may take. A genotype names one network of it.
 *
 *   encoder  width, number of layers;  a layer: block, heads, feed-forward
 *   decoder  width, number of layers;  a layer: block, heads, heads to the encoder, encoder layers seen, feed-forward
 *
 * All choices are free of each other (spec 7.1): whatever is picked, there is such a network.
 */
import type { SequenceBlock, TranslationGenotype, TranslationNetwork } from './network.ts';

export interface EncoderChoices {
  /** Embedding widths. */
  readonly width: readonly number[];
  /** Numbers of layers. */
  readonly layers: readonly number[];
  readonly block: readonly SequenceBlock[];
  /** Heads of self-attention, and groups of channels that share a lightweight filter. */
  readonly heads: readonly number[];
  readonly feedForward: readonly number[];
}

export interface DecoderChoices extends EncoderChoices {
  /** Heads of the attention to the encoder. */
  readonly crossHeads: readonly number[];
  /** How many of the last encoder layers are attended to. */
  readonly sources: readonly (1 | 2 | 3)[];
}

/** One value of every choice of a side but the block: the same in all layers. */
type Shape<Choices> = {
  readonly [K in Exclude<keyof Choices, 'block'>]: Choices[K] extends readonly (infer Value)[]
    ? Value
    : never;
};

export interface TranslationSpace {
  readonly kind: 'translation';
  readonly name: string;
  /** Width of queries, keys and values. */
  readonly attention: number;
  /** Window of the lightweight filters by layer; deeper layers have the last one. */
  readonly windows: readonly number[];
  /** Whether one half of the layer before a lightweight filter gates the other; see `TranslationNetwork`. */
  readonly gated: boolean;
  /** Whether sums of distances are standardised; see `TranslationNetwork`. */
  readonly standardised: boolean;
  readonly encoder: EncoderChoices;
  readonly decoder: DecoderChoices;
  /** The shape that the fixed baselines (attention everywhere, one lightweight block everywhere) have. */
  readonly reference: {
    readonly encoder: Shape<EncoderChoices>;
    readonly decoder: Shape<DecoderChoices>;
  };
}

export function isTranslationSpace(space: object): space is TranslationSpace {
  return 'kind' in space && space.kind === 'translation';
}

/** The network that a genotype names. */
export function networkOf(space: TranslationSpace, genotype: TranslationGenotype): TranslationNetwork {
  const { attention, windows, gated, standardised } = space;
  return { ...genotype, attention, windows, gated, standardised };
}

/**
 * The space's baseline with one block type in every layer of a side: `referenceGenotype(space, 'A')` is attention only.
 * It may use a block that the space does not search, as a decoder of lightweight blocks alone does in most.
 */
export function referenceGenotype(
  { reference }: TranslationSpace,
  encoderBlock: SequenceBlock,
  decoderBlock: SequenceBlock = encoderBlock,
): TranslationGenotype {
  const { width: encoder, layers: encoderLayers, ...encoderGenes } = reference.encoder;
  const { width: decoder, layers: decoderLayers, ...decoderGenes } = reference.decoder;
  return {
    encoder,
    decoder,
    encoderLayers: Array.from({ length: encoderLayers }, () => ({ block: encoderBlock, ...encoderGenes })),
    decoderLayers: Array.from({ length: decoderLayers }, () => ({ block: decoderBlock, ...decoderGenes })),
  };
}
