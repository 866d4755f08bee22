/**
 * What a translation network computes for a sentence of some tokens on both sides, as the released simulator counts it
 * (spec 9.3): all layers of encoder and decoder over the whole sentence at once, without embeddings and without the
 * projection to the vocabulary.
 *
 *   x - attention (q, k, v, scores, mix, out), or half of the channels each for attention and lightweight filter -
 *     - decoder: attention to the last one, two or three encoder layers - feed-forward
 */
import { require_ } from '../../core/errors.ts';
import type { Workload } from '../../hardware/workload.ts';
import {
  activationWorkload,
  linearWorkload,
  matmulWorkload,
  softmaxWorkload,
  vectorWorkload,
} from '../../layers/workloads.ts';
import {
  blockParts,
  type DecoderLayer,
  type EncoderLayer,
  type LightweightKind,
  type SequenceBlock,
  type TranslationNetwork,
  windowOf,
} from './network.ts';

/** Tokens of source and target that the release prices. */
export const PUBLISHED_TOKENS = 30;

/** Layers of encoder and decoder, in that order. Throws 'usage' unless tokens is a whole number of at least 1. */
export function translationWorkloads(network: TranslationNetwork, tokens = PUBLISHED_TOKENS): Workload[] {
  return [...encoderWorkloads(network, tokens), ...decoderWorkloads(network, tokens)];
}

export function encoderWorkloads(network: TranslationNetwork, tokens = PUBLISHED_TOKENS): Workload[] {
  return network.encoderLayers.flatMap((layer, i) => encoderLayerWorkloads(network, layer, i, tokens));
}

export function decoderWorkloads(network: TranslationNetwork, tokens = PUBLISHED_TOKENS): Workload[] {
  return network.decoderLayers.flatMap((layer, i) => decoderLayerWorkloads(network, layer, i, tokens));
}

/** What a layer depends on beside its own choices. */
type Frame = Omit<TranslationNetwork, 'encoderLayers' | 'decoderLayers'>;

/** Encoder layer `i`, counted from 0. */
export function encoderLayerWorkloads(
  frame: Frame,
  layer: EncoderLayer,
  i: number,
  tokens: number,
): Workload[] {
  checkTokens(tokens);
  const name = `encoder.layer${i + 1}`;
  return [
    ...mixing(name, { ...frame, ...layer, width: frame.encoder, window: windowOf(frame, i), tokens }),
    ...feedForward(name, frame.encoder, layer.feedForward, tokens),
  ];
}

/** Decoder layer `i`, counted from 0. */
export function decoderLayerWorkloads(
  frame: Frame,
  layer: DecoderLayer,
  i: number,
  tokens: number,
): Workload[] {
  checkTokens(tokens);
  const { encoder, decoder, attention } = frame;
  const name = `decoder.layer${i + 1}`;
  const cross = { width: decoder, source: encoder, inner: attention, heads: layer.crossHeads };
  return [
    ...mixing(name, { ...frame, ...layer, width: decoder, window: windowOf(frame, i), tokens }),
    ...attend(`${name}.cross`, { ...cross, tokens, keys: tokens * layer.sources }),
    closing(`${name}.cross`, decoder, tokens),
    ...feedForward(name, decoder, layer.feedForward, tokens),
  ];
}

function checkTokens(tokens: number): void {
  require_(
    Number.isInteger(tokens) && tokens >= 1,
    'usage',
    () =>
      `The number of tokens must be a whole number of at least 1, but is ${tokens}; give 30, for example.`,
    { tokens },
  );
}

interface Mixing {
  readonly block: SequenceBlock;
  readonly heads: number;
  /** Embedding width of its side. */
  readonly width: number;
  /** Width of queries, keys and values. */
  readonly attention: number;
  readonly window: number;
  readonly gated: boolean;
  readonly tokens: number;
}

/** Self-attention, a lightweight filter, or both on half of the channels each. */
function mixing(name: string, mix: Mixing): Workload[] {
  const { attention, lightweight } = blockParts(mix.block);
  const width = attention && lightweight !== undefined ? mix.width / 2 : mix.width;
  const { heads, tokens } = mix;
  const self = { width, source: width, inner: mix.attention, heads, tokens, keys: tokens };
  return [
    ...(attention ? attend(`${name}.self`, self) : []),
    ...(lightweight === undefined ? [] : filter(`${name}.lightweight`, lightweight, { ...mix, width })),
    closing(`${name}.self`, mix.width, tokens),
  ];
}

/**
 * Linear, gate if there is one, shift layer if it is a shift-add, filter over time, linear (spec 7.2). The filter's
 * weights are shared by the channels of a head; they and the gate have no bias.
 */
function filter(name: string, family: LightweightKind, mix: Mixing): Workload[] {
  const { width, heads, window: k, tokens, gated } = mix;
  const shifted = family === 'shift-add';
  const role = shifted ? 'shift-add-linear' : 'lightweight-linear';
  // Sigmoid, a cubic (3 + 3), and the product.
  const gate = { multiplications: 4, additions: 3 };
  const shift = linearWorkload(`${name}.shift`, family, tokens, width, width, true);
  return [
    { ...linearWorkload(`${name}.in`, family, tokens, width, gated ? 2 * width : width, true), role },
    ...(gated ? [vectorWorkload(`${name}.gate`, family, [tokens, 1, 1, width], gate)] : []),
    ...(shifted ? [{ ...shift, kind: 'shift', role: 'shift-add-shift' } as const] : []),
    {
      ...{ name: `${name}.filter`, kind: family === 'conv' ? 'conv' : 'add', family },
      ...{ n: 1, h: tokens, w: 1, c: width, r: k, s: 1, m: width, e: tokens, f: 1, stride: 1 },
      ...{ groups: width, weights: heads * k, role: 'lightweight-filter', heads },
    },
    { ...linearWorkload(`${name}.out`, family, tokens, width, width, true), role },
  ];
}

interface Attention {
  readonly width: number;
  readonly source: number;
  readonly inner: number;
  readonly heads: number;
  readonly tokens: number;
  readonly keys: number;
}

function attend(name: string, { width, source, inner, heads, tokens, keys }: Attention): Workload[] {
  const family = 'attention';
  return [
    linearWorkload(`${name}.query`, family, tokens, width, inner, true),
    linearWorkload(`${name}.key`, family, keys, source, inner, true),
    linearWorkload(`${name}.value`, family, keys, source, inner, true),
    matmulWorkload(`${name}.scores`, family, heads * tokens, inner / heads, keys),
    softmaxWorkload(`${name}.softmax`, family, heads * tokens, keys),
    matmulWorkload(`${name}.mix`, family, heads * tokens, keys, inner / heads),
    linearWorkload(`${name}.out`, family, tokens, inner, width, true),
  ];
}

function feedForward(name: string, width: number, inner: number, tokens: number): Workload[] {
  const family = 'feed-forward';
  return [
    linearWorkload(`${name}.feed.in`, family, tokens, width, inner, true),
    activationWorkload(`${name}.feed.activation`, family, 1, 1, inner, tokens),
    linearWorkload(`${name}.feed.out`, family, tokens, inner, width, true),
    closing(`${name}.feed`, width, tokens),
  ];
}

/** Residual addition, its shortcut fetched again, and layer normalisation behind a sublayer. */
function closing(name: string, width: number, tokens: number): Workload {
  const work = { multiplications: 3, additions: 5, operands: 1 };
  return vectorWorkload(`${name}.norm`, 'norm', [tokens, 1, 1, width], work, 2 * width);
}
