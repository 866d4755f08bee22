/** The sublayers of encoder and decoder as nodes, as src/supernet/translator/sublayers.ts has them as kernels. */
import { blockParts, type LightweightKind, type SequenceBlock } from '../../../spaces/seq2seq/network.ts';
import { filter } from './filter.ts';
import type { OnnxPass } from './pass.ts';

/** How the positions of a sentence meet. */
export interface Meeting {
  /** q, k, v: [N, T, attention] -> [N, T, attention] */
  attend(at: string, q: string, k: string, v: string, heads: number): string;
  /** What a filter may read of x. */
  readonly filtered: (x: string) => string;
  /** Rows before its own that a filter of this window reads. */
  readonly left: (window: number) => number;
}

export interface MixingLayer {
  readonly block: SequenceBlock;
  readonly heads: number;
  readonly window: number;
  readonly width: number;
}

/** x: [N, T, width] -> [N, T, width] */
export function mixing(pass: OnnxPass, at: string, x: string, layer: MixingLayer, meeting: Meeting): string {
  const { block, heads, width } = layer;
  const { attention: attends, lightweight: kind } = blockParts(block);
  return pass.sublayer(`${at}.mixing`, x, (input) => {
    const attend = (part: string) => selfAttention(pass, `${at}.attention`, part, heads, meeting);
    if (kind === undefined) return attend(input);
    if (!attends) return lightweight(pass, at, input, kind, layer, meeting);
    const half = width / 2;
    const first = attend(pass.columns(`${at}.mixing.first`, input, 0, half));
    const second = pass.columns(`${at}.mixing.second`, input, half, width);
    const filtered = lightweight(pass, at, second, kind, { ...layer, width: half }, meeting);
    return joined(pass, `${at}.mixing.joined`, [first, filtered], -1);
  });
}

export function joined(pass: OnnxPass, name: string, parts: readonly string[], axis: number): string {
  return parts.length === 1 ? parts[0] : pass.graph.node('Concat', name, parts, { attributes: { axis } });
}

function selfAttention(pass: OnnxPass, at: string, x: string, heads: number, meeting: Meeting): string {
  const [q, k, v] = ['query', 'key', 'value'].map((role) => pass.linear(`${at}.${role}`, x));
  return pass.linear(`${at}.out`, meeting.attend(at, q, k, v, heads));
}

/** Attention of x to keys and values made of `source` [N, S, encoder width]. */
export function crossAttention(
  pass: OnnxPass,
  at: string,
  x: string,
  source: string,
  attend: (q: string, k: string, v: string) => string,
): string {
  const [k, v] = ['key', 'value'].map((role) => pass.linear(`${at}.cross.${role}`, source));
  return pass.sublayer(`${at}.cross`, x, (input) =>
    pass.linear(`${at}.cross.out`, attend(pass.linear(`${at}.cross.query`, input), k, v)),
  );
}

export function feedForward(pass: OnnxPass, at: string, x: string): string {
  return pass.sublayer(`${at}.feed`, x, (input) => {
    const wide = pass.graph.node('Relu', `${at}.feed.relu`, [pass.linear(`${at}.feed.in`, input)]);
    return pass.linear(`${at}.feed.out`, wide);
  });
}

function lightweight(
  pass: OnnxPass,
  layer: string,
  x: string,
  kind: LightweightKind,
  { heads, window, width }: MixingLayer,
  meeting: Meeting,
): string {
  const { graph, network } = pass;
  const at = `${layer}.lightweight`;
  const own = `${at}.${kind}`;
  const linear = (role: 'in' | 'shift' | 'out', input: string) =>
    pass.product(`${at}.${role}`, input, `${own}.${role}`, `${own}.${role}.bias`);
  let inner = linear('in', x);
  if (network.gated) {
    const value = pass.columns(`${at}.value`, inner, 0, width);
    const gate = graph.node('Sigmoid', `${at}.sigmoid`, [
      pass.columns(`${at}.gate`, inner, width, 2 * width),
    ]);
    inner = graph.node('Mul', `${at}.gated`, [value, gate]);
  }
  if (kind === 'shift-add') inner = linear('shift', inner);
  const adds = kind !== 'conv';
  const filtered = filter(pass, at, meeting.filtered(inner), {
    ...{ kind: adds ? 'add' : 'conv', weight: `${own}.filter`, heads, window, channels: width },
    left: meeting.left(window),
  });
  return linear('out', adds && network.standardised ? standardisedRows(pass, at, filtered, width) : filtered);
}

/**
 * Sums of distances lie far from zero, where a norm loses digits, so their mean is subtracted first: rows around 1000 with
 * deviation 1 come out of onnxruntime 1.30 within 2e-7 then, and within 4e-6 without.
 */
function standardisedRows(pass: OnnxPass, at: string, x: string, width: number): string {
  const { graph } = pass;
  const attributes = { keepdims: 1 };
  const mean = pass.part('ReduceMean', `${at}.mean`, [x, graph.integers([-1])], { attributes });
  const centred = pass.part('Sub', `${at}.centred`, [x, mean]);
  const ones = graph.floats(`${at}.ones`, [width], new Float32Array(width).fill(1));
  return pass.normalised(`${at}.standardised`, [centred, ones]);
}
