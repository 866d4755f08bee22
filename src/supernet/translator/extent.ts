/**
 * How large the weights of a translator must be: as large as the largest of its networks asks for. Every smaller
 * network reads the first rows and columns of the same tensors (HAT's sliced weights; spec 7.1), and a network that
 * stands alone is its own largest.
 *
 *   space ──┐
 *           ├── extent ── declarations ── weights
 *   network ┘
 */
import {
  blockParts,
  type EncoderLayer,
  type SequenceBlock,
  type TranslationNetwork,
  windowOf,
} from '../../spaces/seq2seq/network.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';

/** The largest choices of a layer. */
export interface LayerExtent {
  readonly blocks: readonly SequenceBlock[];
  /** Most heads, which share a lightweight filter; attention has the same weights for any number of heads. */
  readonly heads: number;
  readonly feedForward: number;
  /** Rows of a lightweight filter. */
  readonly window: number;
}

export interface TranslatorExtent {
  /** Widest embeddings. */
  readonly encoder: number;
  readonly decoder: number;
  /** Width of queries, keys and values. */
  readonly attention: number;
  /** Whether lightweight filters see gated inputs. */
  readonly gated: boolean;
  readonly encoderLayers: readonly LayerExtent[];
  readonly decoderLayers: readonly LayerExtent[];
}

/** A network as the extent of its own weights. */
export function extentOf(network: TranslationNetwork): TranslatorExtent {
  const { encoder, decoder, attention, gated } = network;
  const layer = ({ block, heads, feedForward }: EncoderLayer, i: number): LayerExtent => ({
    ...{ blocks: [block], heads, feedForward, window: windowOf(network, i) },
  });
  return {
    ...{ encoder, decoder, attention, gated },
    encoderLayers: network.encoderLayers.map(layer),
    decoderLayers: network.decoderLayers.map(layer),
  };
}

/** The extent of a supernet that holds every network of a space. */
export function extentOfSpace(space: TranslationSpace): TranslatorExtent {
  const { encoder, decoder, attention, gated } = space;
  const layers = (side: TranslationSpace['encoder']): LayerExtent[] =>
    Array.from({ length: Math.max(...side.layers) }, (_, i) => ({
      blocks: side.block,
      heads: Math.max(...side.heads),
      feedForward: Math.max(...side.feedForward),
      window: windowOf(space, i),
    }));
  return {
    encoder: Math.max(...encoder.width),
    decoder: Math.max(...decoder.width),
    attention,
    gated,
    encoderLayers: layers(encoder),
    decoderLayers: layers(decoder),
  };
}

/** Channels that each part of a block works on: half of them where there are two (spec 7.1). */
export function partWidth(block: SequenceBlock, width: number): number {
  const { attention, lightweight } = blockParts(block);
  return attention && lightweight !== undefined ? width / 2 : width;
}
