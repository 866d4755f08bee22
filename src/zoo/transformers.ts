import { require_ } from '../core/errors.ts';
import type { Workload } from '../hardware/workload.ts';
import { elements, LAYER_NORM, linear, product, RELU, residual, SIGMOID, SOFTMAX } from './describe.ts';
import {
  type LayerChoice,
  parseTranslation,
  TRANSLATION_LINES,
  type TranslationNetwork,
} from './translation-table.ts';

/**
 * Translation networks as the released simulator counts them (spec 9.3): encoder and decoder layers for a sentence of
 * 30 tokens on both sides, without embeddings and without the projection to the vocabulary.
 *
 *   x ─ attention (q, k, v, scores, mix, out), or half of the channels each for attention and lightweight filter ─
 *     ─ decoder: attention to the last one, two or three encoder layers ─ feed-forward
 */
export const TRANSLATION_NETWORKS: Readonly<Record<string, TranslationNetwork>> = {
  ...Object.fromEntries(Object.entries(TRANSLATION_LINES).flatMap(([name, line]) => entries(name, line))),
  // The release simulated queries, keys and values of 512; the true width is 1024 (spec 9.3).
  'transformer-big-ende-1024': parseTranslation(TRANSLATION_LINES['transformer-big-ende'], 1024),
};

/**
 * The released simulator let HAT networks attend to one encoder layer where their configuration says the last two:
 * its totals (spec 9.3, 14) only come out so [R]. `hat-...` is that; `hat-...-config` is the true network.
 */
function entries(name: string, line: string): [string, TranslationNetwork][] {
  const network = parseTranslation(line);
  if (!name.startsWith('hat-')) return [[name, network]];
  const decoderLayers = network.decoderLayers.map((layer) => ({ ...layer, sources: 1 }));
  return [
    [name, { ...network, decoderLayers }],
    [`${name}-config`, network],
  ];
}

/** Window of the lightweight filter, by layer, encoder and decoder alike (spec 7.2). */
const WINDOWS = [3, 7, 15, 31, 31, 31] as const;

/** Layers of encoder and decoder, in that order. Throws 'usage' unless tokens >= 1. */
export function translationWorkloads(network: TranslationNetwork, tokens = 30): Workload[] {
  return [...encoderWorkloads(network, tokens), ...decoderWorkloads(network, tokens)];
}

export function encoderWorkloads(
  { encoder, attention, encoderLayers }: TranslationNetwork,
  tokens = 30,
): Workload[] {
  checkTokens(tokens);
  return encoderLayers.flatMap((layer, i) => [
    ...mixing(`encoder.layer${i + 1}`, layer, encoder, attention, tokens, i),
    ...feedForward(`encoder.layer${i + 1}`, encoder, layer.feedForward, tokens),
  ]);
}

export function decoderWorkloads(
  { encoder, decoder, attention, decoderLayers }: TranslationNetwork,
  tokens = 30,
): Workload[] {
  checkTokens(tokens);
  return decoderLayers.flatMap((layer, i) => {
    const name = `decoder.layer${i + 1}`;
    const cross = { width: decoder, source: encoder, inner: attention, heads: layer.crossHeads };
    return [
      ...mixing(name, layer, decoder, attention, tokens, i),
      ...attend(`${name}.cross`, { ...cross, tokens, keys: tokens * layer.sources }),
      ...closing(`${name}.cross`, decoder, tokens),
      ...feedForward(name, decoder, layer.feedForward, tokens),
    ];
  });
}

function checkTokens(tokens: number): void {
  require_(
    Number.isInteger(tokens) && tokens >= 1,
    'usage',
    `The number of tokens must be a whole number of at least 1, but is ${tokens}; give 30, for example.`,
    { tokens },
  );
}

/** Self-attention, a lightweight filter, or both on half of the channels each. */
function mixing(
  name: string,
  { block, heads }: LayerChoice,
  width: number,
  inner: number,
  tokens: number,
  index: number,
): Workload[] {
  const both = block.attention && block.branch !== 'none';
  const part = both ? width / 2 : width;
  const loads: Workload[] = [];
  if (block.attention) {
    loads.push(...attend(`${name}.self`, { width: part, source: part, inner, heads, tokens, keys: tokens }));
  }
  if (block.branch !== 'none') {
    const family = block.branch;
    const kind = family === 'shift-add' ? 'shift' : 'linear';
    const k = WINDOWS[Math.min(index, WINDOWS.length - 1)];
    const at = `${name}.lightweight`;
    loads.push({ ...linear(`${at}.in`, family, tokens, part, 2 * part, kind), role: 'lightweight-gate' });
    loads.push(elements(`${at}.gate`, family, 1, part, { ...SIGMOID, multiplications: 4 }, tokens));
    loads.push({
      ...{ name: `${at}.filter`, kind: family === 'conv' ? 'conv' : 'add', family },
      ...{ n: 1, h: tokens, w: 1, c: part, r: k, s: 1, m: part, e: tokens, f: 1, stride: 1, groups: part },
      ...{ weights: heads * k, role: 'lightweight-filter', heads },
    });
    loads.push({ ...linear(`${at}.out`, family, tokens, part, part, kind), role: 'lightweight-linear' });
  }
  return [...loads, ...closing(`${name}.self`, width, tokens)];
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
  return [
    linear(`${name}.query`, 'attention', tokens, width, inner),
    linear(`${name}.key`, 'attention', keys, source, inner),
    linear(`${name}.value`, 'attention', keys, source, inner),
    product(`${name}.scores`, heads, tokens, inner / heads, keys),
    elements(`${name}.softmax`, 'attention', 1, keys, SOFTMAX, heads * tokens),
    product(`${name}.mix`, heads, tokens, keys, inner / heads),
    linear(`${name}.out`, 'attention', tokens, inner, width),
  ];
}

function feedForward(name: string, width: number, inner: number, tokens: number): Workload[] {
  return [
    linear(`${name}.feed.in`, 'feed-forward', tokens, width, inner),
    elements(`${name}.feed.activation`, 'feed-forward', 1, inner, RELU, tokens),
    linear(`${name}.feed.out`, 'feed-forward', tokens, inner, width),
    ...closing(`${name}.feed`, width, tokens),
  ];
}

/** Residual addition and layer normalisation behind a sublayer. */
function closing(name: string, width: number, tokens: number): Workload[] {
  return [elements(`${name}.norm`, 'norm', 1, width, residual(LAYER_NORM), tokens)];
}
