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
type Widths = Pick<TranslationNetwork, 'encoder' | 'decoder' | 'attention' | 'windows'>;

/** Encoder layer `i`, counted from 0. */
export function encoderLayerWorkloads(
  widths: Widths,
  layer: EncoderLayer,
  i: number,
  tokens: number,
): Workload[] {
  checkTokens(tokens);
  const { encoder, attention } = widths;
  const name = `encoder.layer${i + 1}`;
  return [
    ...mixing({ name, layer, width: encoder, inner: attention, tokens, window: windowOf(widths, i) }),
    ...feedForward(name, encoder, layer.feedForward, tokens),
  ];
}

/** Decoder layer `i`, counted from 0. */
export function decoderLayerWorkloads(
  widths: Widths,
  layer: DecoderLayer,
  i: number,
  tokens: number,
): Workload[] {
  checkTokens(tokens);
  const { encoder, decoder, attention } = widths;
  const name = `decoder.layer${i + 1}`;
  const cross = { width: decoder, source: encoder, inner: attention, heads: layer.crossHeads };
  return [
    ...mixing({ name, layer, width: decoder, inner: attention, tokens, window: windowOf(widths, i) }),
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
  readonly name: string;
  readonly layer: EncoderLayer;
  readonly width: number;
  readonly inner: number;
  readonly tokens: number;
  readonly window: number;
}

/** Self-attention, a lightweight filter, or both on half of the channels each. */
function mixing({ name, layer: { block, heads }, width, inner, tokens, window }: Mixing): Workload[] {
  const { attention, lightweight } = blockParts(block);
  const part = attention && lightweight !== undefined ? width / 2 : width;
  const self = { width: part, source: part, inner, heads, tokens, keys: tokens };
  return [
    ...(attention ? attend(`${name}.self`, self) : []),
    ...(lightweight === undefined
      ? []
      : filter(`${name}.lightweight`, lightweight, { width: part, heads, tokens, window })),
    closing(`${name}.self`, width, tokens),
  ];
}

interface Filter {
  readonly width: number;
  readonly heads: number;
  readonly tokens: number;
  readonly window: number;
}

/** Linear to twice the width, one half gates the other, filter over time, linear (spec 7.2). */
function filter(name: string, family: LightweightKind, { width, heads, tokens, window }: Filter): Workload[] {
  const kind = family === 'shift-add' ? 'shift' : 'linear';
  return [
    { ...linearWorkload(`${name}.in`, family, tokens, width, 2 * width), kind, role: 'lightweight-gate' },
    // Sigmoid, a cubic (3 + 3), and the product.
    vectorWorkload(`${name}.gate`, family, [tokens, 1, 1, width], { multiplications: 4, additions: 3 }),
    {
      ...{ name: `${name}.filter`, kind: family === 'conv' ? 'conv' : 'add', family },
      ...{ n: 1, h: tokens, w: 1, c: width, r: window, s: 1, m: width, e: tokens, f: 1, stride: 1 },
      ...{ groups: width, weights: heads * window, role: 'lightweight-filter', heads },
    },
    { ...linearWorkload(`${name}.out`, family, tokens, width, width), kind, role: 'lightweight-linear' },
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
    linearWorkload(`${name}.query`, family, tokens, width, inner),
    linearWorkload(`${name}.key`, family, keys, source, inner),
    linearWorkload(`${name}.value`, family, keys, source, inner),
    matmulWorkload(`${name}.scores`, family, heads * tokens, inner / heads, keys),
    softmaxWorkload(`${name}.softmax`, family, heads * tokens, keys),
    matmulWorkload(`${name}.mix`, family, heads * tokens, keys, inner / heads),
    linearWorkload(`${name}.out`, family, tokens, inner, width),
  ];
}

function feedForward(name: string, width: number, inner: number, tokens: number): Workload[] {
  const family = 'feed-forward';
  return [
    linearWorkload(`${name}.feed.in`, family, tokens, width, inner),
    activationWorkload(`${name}.feed.activation`, family, 1, 1, inner, tokens),
    linearWorkload(`${name}.feed.out`, family, tokens, inner, width),
    closing(`${name}.feed`, width, tokens),
  ];
}

/** Residual addition, its shortcut fetched again, and layer normalisation behind a sublayer. */
function closing(name: string, width: number, tokens: number): Workload {
  return vectorWorkload(`${name}.norm`, 'norm', [tokens, 1, 1, width], {
    multiplications: 3,
    additions: 5,
    operands: 1,
  });
}
