/**
 * A translation network as a list of sublayers, each with everything its weights and costs depend on. Equal sublayers
 * cost the same wherever they stand, so a space has few different ones.
 *
 *   encoder layer: mixing, feed-forward        decoder layer: mixing, cross, feed-forward
 */

import type { SideName } from './genes.ts';
import {
  type DecoderLayer,
  type EncoderLayer,
  type SequenceBlock,
  type TranslationNetwork,
  windowOf,
} from './network.ts';
import type { EncoderChoices, TranslationSpace } from './space.ts';

/** Mixes the positions of its own sentence. */
export interface Mixing {
  readonly kind: 'mixing';
  /** The layer it stands in: `encoder.layer1`. */
  readonly name: string;
  /** Embedding width of its side. */
  readonly width: number;
  readonly block: SequenceBlock;
  readonly heads: number;
  /** Width of queries, keys and values. */
  readonly attention: number;
  /** Window of its filter. */
  readonly window: number;
  readonly gated: boolean;
  readonly standardised: boolean;
}

/** Attention of the decoder to the encoder. */
export interface Cross {
  readonly kind: 'cross';
  readonly name: string;
  readonly width: number;
  /** Embedding width of the encoder. */
  readonly source: number;
  readonly attention: number;
  readonly heads: number;
  readonly sources: 1 | 2 | 3;
}

export interface FeedForward {
  readonly kind: 'feed-forward';
  readonly name: string;
  readonly width: number;
  readonly inner: number;
}

export type Sublayer = Mixing | Cross | FeedForward;

type Fixed = Pick<TranslationNetwork, 'attention' | 'windows' | 'gated' | 'standardised'>;

export function mixingOf(fixed: Fixed, name: string, width: number, layer: EncoderLayer, i: number): Mixing {
  const { attention, gated, standardised } = fixed;
  const { block, heads } = layer;
  const window = windowOf(fixed, i);
  return { kind: 'mixing', name, width, block, heads, attention, window, gated, standardised };
}

export function crossOf(
  { attention }: Fixed,
  name: string,
  width: number,
  source: number,
  { crossHeads, sources }: DecoderLayer,
): Cross {
  return { kind: 'cross', name, width, source, attention, heads: crossHeads, sources };
}

export function feedForwardOf(name: string, width: number, { feedForward }: EncoderLayer): FeedForward {
  return { kind: 'feed-forward', name, width, inner: feedForward };
}

export function encoderSublayers(network: TranslationNetwork): Sublayer[] {
  const { encoder: width } = network;
  return network.encoderLayers.flatMap((layer, i): Sublayer[] => {
    const name = `encoder.layer${i + 1}`;
    return [mixingOf(network, name, width, layer, i), feedForwardOf(name, width, layer)];
  });
}

export function decoderSublayers(network: TranslationNetwork): Sublayer[] {
  const { encoder: source, decoder: width } = network;
  return network.decoderLayers.flatMap((layer, i): Sublayer[] => {
    const name = `decoder.layer${i + 1}`;
    return [
      mixingOf(network, name, width, layer, i),
      crossOf(network, name, width, source, layer),
      feedForwardOf(name, width, layer),
    ];
  });
}

/** Every sublayer that a network of the space may have, each once; names say the side. */
export function spaceSublayers(space: TranslationSpace): Sublayer[] {
  const { encoder, decoder } = space;
  const side = (name: SideName, { width, block, heads, feedForward, layers }: EncoderChoices): Sublayer[] => {
    const windows = new Set(Array.from({ length: Math.max(...layers) }, (_, i) => windowOf(space, i)));
    return width.flatMap((wide) => [
      ...block.flatMap((kind) =>
        heads.flatMap((count) =>
          [...windows].map((window) => ({
            ...mixingOf(space, name, wide, { block: kind, heads: count, feedForward: 0 }, 0),
            window,
          })),
        ),
      ),
      ...feedForward.map((inner) => ({ kind: 'feed-forward', name, width: wide, inner }) as const),
    ]);
  };
  const crosses = decoder.width.flatMap((width) =>
    encoder.width.flatMap((source) =>
      decoder.crossHeads.flatMap((heads) =>
        decoder.sources.map(
          (sources): Cross => ({
            ...{ kind: 'cross', name: 'decoder', width, source, attention: space.attention, heads, sources },
          }),
        ),
      ),
    ),
  );
  return [...side('encoder', encoder), ...side('decoder', decoder), ...crosses];
}
