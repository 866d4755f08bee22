/**
 * What a translation network computes for a sentence of some tokens on both sides, as the released simulator counts it
 * (spec 9.3): all layers of encoder and decoder over the whole sentence at once, and unless a vocabulary is given no
 * embeddings and no projection to it. A decoder that writes word by word does the same arithmetic, its attention less
 * (only what is written already), but fetches every weight again for every word; that is not in these prices.
 *
 *   x - attention (q, k, v, scores, mix, out), or half of the channels each for attention and lightweight filter -
 *     - decoder: attention to the last one, two or three encoder layers - feed-forward
 */
import { require_, unreachable } from '../../core/errors.ts';
import type { Workload } from '../../hardware/workload.ts';
import {
  activationWorkload,
  linearWorkload,
  matmulWorkload,
  softmaxWorkload,
  vectorWorkload,
} from '../../layers/workloads.ts';
import { blockParts, type LightweightKind, type TranslationNetwork } from './network.ts';
import { decoderSublayers, encoderSublayers, type Mixing, type Sublayer } from './sublayers.ts';
import { vocabularyWorkloads } from './vocabulary.ts';

/** Tokens of source and target that the release prices. */
export const PUBLISHED_TOKENS = 30;

/**
 * Layers of encoder and decoder, in that order; with a vocabulary, what words are read and written with too. Throws
 * 'usage' unless tokens is a whole number of at least 1.
 */
export function translationWorkloads(
  network: TranslationNetwork,
  tokens = PUBLISHED_TOKENS,
  vocabulary?: number,
): Workload[] {
  return [
    ...encoderWorkloads(network, tokens),
    ...decoderWorkloads(network, tokens),
    ...(vocabulary === undefined ? [] : vocabularyWorkloads(network, tokens, vocabulary)),
  ];
}

export function encoderWorkloads(network: TranslationNetwork, tokens = PUBLISHED_TOKENS): Workload[] {
  return encoderSublayers(network).flatMap((sublayer) => sublayerWorkloads(sublayer, tokens));
}

export function decoderWorkloads(network: TranslationNetwork, tokens = PUBLISHED_TOKENS): Workload[] {
  return decoderSublayers(network).flatMap((sublayer) => sublayerWorkloads(sublayer, tokens));
}

/** What a sublayer computes, residual addition and norm behind it included. */
export function sublayerWorkloads(sublayer: Sublayer, tokens: number): Workload[] {
  checkTokens(tokens);
  const { name, width } = sublayer;
  switch (sublayer.kind) {
    case 'mixing':
      return [...mixing(sublayer, tokens), closing(`${name}.self`, width, tokens)];
    case 'cross': {
      const { source, attention: inner, heads, sources } = sublayer;
      const keys = tokens * sources;
      return [
        ...attend(`${name}.cross`, { width, source, inner, heads, tokens, keys }),
        closing(`${name}.cross`, width, tokens),
      ];
    }
    case 'feed-forward':
      return [...feedForward(name, width, sublayer.inner, tokens), closing(`${name}.feed`, width, tokens)];
    default:
      return unreachable(sublayer);
  }
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

/** Self-attention, a lightweight filter, or both on half of the channels each. */
function mixing(mix: Mixing, tokens: number): Workload[] {
  const { name, block, heads, attention: inner } = mix;
  const { attention, lightweight } = blockParts(block);
  const width = attention && lightweight !== undefined ? mix.width / 2 : mix.width;
  const self = { width, source: width, inner, heads, tokens, keys: tokens };
  return [
    ...(attention ? attend(`${name}.self`, self) : []),
    ...(lightweight === undefined
      ? []
      : filter(`${name}.lightweight`, lightweight, { ...mix, width }, tokens)),
  ];
}

/**
 * Linear, gate if there is one, shift layer if it is a shift-add, filter over time, linear (spec 7.2). The filter's
 * weights are shared by the channels of a head; they and the gate have no bias.
 */
function filter(name: string, family: LightweightKind, mix: Mixing, tokens: number): Workload[] {
  const { width, heads, window: k, gated, standardised } = mix;
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
    ...(standardised && family !== 'conv' ? [standardising(name, family, tokens, width)] : []),
    { ...linearWorkload(`${name}.out`, family, tokens, width, width, true), role },
  ];
}

/** Of sums of distances: mean, what is above it, its square, their mean, the quotient. */
const standardising = (name: string, family: LightweightKind, tokens: number, width: number): Workload =>
  vectorWorkload(`${name}.norm`, family, [tokens, 1, 1, width], { multiplications: 2, additions: 3 });

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
  ];
}

/** Residual addition, its shortcut fetched again, and layer normalisation behind a sublayer. */
function closing(name: string, width: number, tokens: number): Workload {
  const work = { multiplications: 3, additions: 5, operands: 1 };
  return vectorWorkload(`${name}.norm`, 'norm', [tokens, 1, 1, width], work, 2 * width);
}
