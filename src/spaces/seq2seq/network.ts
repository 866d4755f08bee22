/**
 * A translation network of the search space: an encoder and a decoder of Transformer layers, each with its own kind
 * of mixing over the sentence (spec 7.1).
 *
 *   source -> [mix - feed-forward] x encoder layers ----------------------+
 *                                                                         v  the last one, two or three layers
 *   target -> [mix (causal) - attention to the encoder - feed-forward] x decoder layers -> vocabulary
 *
 * The genotype is what a search chooses; the network adds what its space fixes. Both are plain data.
 */

/**
 * How a layer mixes the positions of a sentence: A attention; C, D, S lightweight convolution, add, shift-add; AC, AD,
 * AS half of the channels each, attention first (spec 7.1).
 */
export const SEQUENCE_BLOCKS = ['A', 'C', 'D', 'S', 'AC', 'AD', 'AS'] as const;
export type SequenceBlock = (typeof SEQUENCE_BLOCKS)[number];

/** The filter of a lightweight block. */
export type LightweightKind = 'conv' | 'add' | 'shift-add';

const LIGHTWEIGHT: Readonly<Record<string, LightweightKind>> = { C: 'conv', D: 'add', S: 'shift-add' };

/** What a block type is made of: attention, a lightweight filter, or both on half of the channels each. */
export interface BlockParts {
  readonly attention: boolean;
  readonly lightweight: LightweightKind | undefined;
}

const PARTS = Object.fromEntries(
  SEQUENCE_BLOCKS.map((block) => [
    block,
    { attention: block[0] === 'A', lightweight: LIGHTWEIGHT[block.at(-1) as string] },
  ]),
) as Readonly<Record<SequenceBlock, BlockParts>>;

export function blockParts(block: SequenceBlock): BlockParts {
  return PARTS[block];
}

export interface EncoderLayer {
  readonly block: SequenceBlock;
  /** Heads of its attention, and groups of channels that share a lightweight filter. */
  readonly heads: number;
  /** Inner width of the feed-forward part. */
  readonly feedForward: number;
}

export interface DecoderLayer extends EncoderLayer {
  /** Heads of the attention to the encoder. */
  readonly crossHeads: number;
  /** It attends to the last one, two or three encoder layers, one after another along the sentence. */
  readonly sources: 1 | 2 | 3;
}

/** One network of a translation space. */
export interface TranslationGenotype {
  /** Embedding widths of encoder and decoder. */
  readonly encoder: number;
  readonly decoder: number;
  readonly encoderLayers: readonly EncoderLayer[];
  readonly decoderLayers: readonly DecoderLayer[];
}

/** A genotype with what its space fixes: everything that weights and costs depend on, but for the vocabulary. */
export interface TranslationNetwork extends TranslationGenotype {
  /** Width of queries, keys and values: 512 in the release; 1024 in the true Transformer big. */
  readonly attention: number;
  /** Window of the lightweight filters by layer, encoder and decoder alike; deeper layers have the last one. */
  readonly windows: readonly number[];
  /**
   * Whether the linear layer before a lightweight filter is twice as wide and one half gates the other (a gated linear
   * unit). Not so in the published networks: their parameters (spec 9.3) come out to the last printed digit without.
   */
  readonly gated: boolean;
  /**
   * Whether what a filter of additions gives is brought to mean 0 and deviation 1 over its channels. A sum of distances is
   * never above 0 and grows with the window, so that the layer behind it mostly adds one and the same vector to every
   * word, and learns slowly. Not so in the release; adders of images have a batch norm there.
   */
  readonly standardised: boolean;
}

/** The published windows (spec 7.2). */
export const PUBLISHED_WINDOWS: readonly number[] = [3, 7, 15, 31, 31, 31];

/** Window of the filter of layer `i`, counted from 0. */
export function windowOf({ windows }: Pick<TranslationNetwork, 'windows'>, i: number): number {
  return windows[Math.min(i, windows.length - 1)];
}
