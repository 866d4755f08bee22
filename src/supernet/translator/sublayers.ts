/**
 * The sublayers of encoder and decoder (spec 7.1, 7.2):
 *
 *            ┌ attention ────────────────────────── all channels, or the first half beside a filter
 *   mixing ──┤
 *            └ in ── (gate) ── (shift) ── filter ── out   all channels, or the second half; the filter is over time
 *
 *   cross     attention to what the encoder made of the source
 *   feed      widen, ReLU, narrow
 *
 * How a position meets the others is the caller's: all at once while training, one by one while decoding.
 */
import { add, multiply } from '../../autograd/arithmetic.ts';
import { concatenate } from '../../autograd/concatenate.ts';
import { dropout } from '../../autograd/dropout.ts';
import type { Tensor } from '../../autograd/graph.ts';
import { layerNorm } from '../../autograd/layer-norm.ts';
import { matmul } from '../../autograd/matmul.ts';
import { reshape } from '../../autograd/reshape.ts';
import { split } from '../../autograd/slice.ts';
import { softmax } from '../../autograd/softmax.ts';
import { relu, sigmoid } from '../../autograd/unary.ts';
import {
  blockParts,
  type LightweightKind,
  type SequenceBlock,
  type TranslationNetwork,
} from '../../spaces/seq2seq/network.ts';
import { effectiveWeight } from '../effective.ts';
import { type LightweightRole, lightweightWeight } from './declarations.ts';
import { cut, cutParts, type Pass } from './pass.ts';

export interface FilterUse {
  readonly kind: 'conv' | 'add';
  /** [heads, window] */
  readonly weight: Tensor;
  readonly heads: number;
}

/** How the positions of a sequence meet. */
export interface Meeting {
  /** q, k, v: [n, t, attention] -> [n, t, attention]; `place` names the layer. */
  attend(place: string, q: Tensor, k: Tensor, v: Tensor, heads: number): Tensor;
  /** x: [n, t, c] -> [n, t, c] */
  filter(place: string, x: Tensor, use: FilterUse): Tensor;
}

export interface MixingChoice {
  readonly block: SequenceBlock;
  readonly heads: number;
}

/** What all layers of a network have alike. */
export type Frame = Pick<TranslationNetwork, 'attention' | 'gated' | 'standardised'>;

/** x: [n, t, width] -> [n, t, width] */
export function mixing(
  pass: Pass,
  at: string,
  x: Tensor,
  { block, heads }: MixingChoice,
  { attention, gated, standardised }: Frame,
  meeting: Meeting,
): Tensor {
  const { attention: attends, lightweight: kind } = blockParts(block);
  const width = x.shape[2];
  return pass.sublayer(`${at}.mixing`, x, (input) => {
    const attend = (part: Tensor) => selfAttention(pass, `${at}.attention`, part, attention, heads, meeting);
    if (kind === undefined) return attend(input);
    const filter = (part: Tensor) =>
      lightweight(pass, at, part, { kind, heads, gated, standardised }, meeting);
    if (!attends) return filter(input);
    const [first, second] = split(input, 2, [width / 2, width / 2]);
    return concatenate([attend(first), filter(second)], 2);
  });
}

function selfAttention(
  pass: Pass,
  at: string,
  x: Tensor,
  attention: number,
  heads: number,
  meeting: Meeting,
): Tensor {
  const [q, k, v] = ['query', 'key', 'value'].map((role) => pass.linear(`${at}.${role}`, x, attention));
  return pass.linear(`${at}.out`, meeting.attend(at, q, k, v, heads), x.shape[2]);
}

/** Keys and values of what is attended to; [n, s, source] -> [n, s, attention] each. */
export function crossMemory(pass: Pass, at: string, source: Tensor, attention: number) {
  const [keys, values] = ['key', 'value'].map((role) =>
    pass.linear(`${at}.cross.${role}`, source, attention),
  );
  return { keys, values };
}

/** Attention of x [n, t, width] to what `attend` knows. */
export function crossAttention(
  pass: Pass,
  at: string,
  x: Tensor,
  attention: number,
  attend: (q: Tensor) => Tensor,
): Tensor {
  return pass.sublayer(`${at}.cross`, x, (input) => {
    const q = pass.linear(`${at}.cross.query`, input, attention);
    return pass.linear(`${at}.cross.out`, attend(q), x.shape[2]);
  });
}

/** x: [n, t, width] -> [n, t, width] */
export function feedForward(pass: Pass, at: string, x: Tensor, inner: number): Tensor {
  return pass.sublayer(`${at}.feed`, x, (input) => {
    const wide = relu(pass.linear(`${at}.feed.in`, input, inner));
    return pass.linear(`${at}.feed.out`, wide, x.shape[2]);
  });
}

export interface FilterChoice {
  readonly kind: LightweightKind;
  readonly heads: number;
  readonly gated: boolean;
  readonly standardised: boolean;
}

function lightweight(pass: Pass, layer: string, x: Tensor, choice: FilterChoice, meeting: Meeting): Tensor {
  const { kind, heads, gated, standardised } = choice;
  const width = x.shape[2];
  const linear = (role: 'in' | 'shift' | 'out', input: Tensor) =>
    add(
      matmul(input, lightweightMatrix(pass, layer, role, width, choice)),
      lightweightBias(pass, layer, role, width, choice),
    );
  let inner = linear('in', x);
  if (gated) {
    const [value, gate] = split(inner, 2, [width, width]);
    inner = multiply(value, sigmoid(gate));
  }
  if (kind === 'shift-add') inner = linear('shift', inner);
  const weight = filterWeight(pass, layer, choice);
  const use = { kind: kind === 'conv' ? ('conv' as const) : ('add' as const), weight, heads };
  const filtered = meeting.filter(`${layer}.lightweight`, inner, use);
  return linear('out', standardised && use.kind === 'add' ? standardisedRows(filtered) : filtered);
}

/** How many vectors of the width a linear layer gives: a gate stands beside what it gates. */
const partsOf = (role: LightweightRole, { gated }: FilterChoice): number => (role === 'in' && gated ? 2 : 1);

/** What a linear or shift layer of a lightweight block multiplies by, [width, width] or [width, 2 * width]. */
export function lightweightMatrix(
  pass: Pass,
  layer: string,
  role: 'in' | 'shift' | 'out',
  width: number,
  choice: FilterChoice,
): Tensor {
  const view = (whole: Tensor) =>
    role === 'shift' ? cut(whole, [width, width]) : cutParts(whole, partsOf(role, choice), width, width);
  return lightweightTensor(pass, layer, choice.kind, role, view);
}

/** What it adds behind the product. */
export function lightweightBias(
  pass: Pass,
  layer: string,
  role: 'in' | 'shift' | 'out',
  width: number,
  choice: FilterChoice,
): Tensor {
  const parts = partsOf(role, choice);
  const row = pass.row(`${layer}.lightweight.${choice.kind}.${role}.bias`);
  return reshape(cutParts(row, parts, 1, width), [parts * width]);
}

/** Every row of x [..., c] with mean 0 and deviation 1: layer norm without weights. */
function standardisedRows(x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1];
  const vector = (value: number) => x.graph.values(new Float32Array(width).fill(value), [width]);
  return layerNorm(x, vector(1), vector(0));
}

/**
 * What a filter computes with, [heads, window]. A convolution's weights are a mean: softmax over the window (spec 7.2).
 * Those of an adder are what sharing makes of the tensor; untransformed they are softmaxed too, as released.
 */
export function filterWeight(
  pass: Pass,
  layer: string,
  { kind, heads }: Pick<FilterChoice, 'kind' | 'heads'>,
): Tensor {
  const raw = lightweightTensor(pass, layer, kind, 'filter', (whole) => cut(whole, [heads, whole.shape[1]]));
  const mean = kind === 'conv' || pass.sharing.transformation === 'none';
  const weight = mean ? softmax(raw) : raw;
  const { noise } = pass;
  return noise === undefined ? weight : dropout(weight, noise.filter, pass.drawKey());
}

/** The effective weight of a role; `view` cuts the tensor to the size of the path before it is transformed. */
function lightweightTensor(
  { graph, store, sharing, onWeight }: Pass,
  layer: string,
  kind: LightweightKind,
  role: LightweightRole,
  view: (whole: Tensor) => Tensor,
): Tensor {
  const { place, family, declaration, own } = lightweightWeight(layer, kind, role, [], sharing);
  const weight = effectiveWeight(graph, store, sharing, place, family, declaration, { own, view });
  onWeight?.(family, weight);
  return weight;
}
