/**
 * What layers compute, from their sizes alone (spec 8.3, 8.5): windows are counted over their maps, linear layers
 * over rows, the two products of attention as matrix products with heads * rows in n. Element-wise work has kind
 * 'vector', in multiplications and additions per output element: a normalisation is folded to a scale and an
 * offset, a comparison counts as an addition, an exponential as a cubic (3 + 3). Batch n is 1 where none is given.
 */
import { windowOutput } from '../core/shapes.ts';
import type { Workload, WorkloadKind } from '../hardware/workload.ts';

export interface WindowWorkload {
  readonly name: string;
  readonly kind: WorkloadKind;
  readonly family: string;
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly r: number;
  readonly s: number;
  readonly m: number;
  readonly stride: number;
  readonly groups: number;
  readonly e: number;
  readonly f: number;
}

/** A window layer whose output size is known. */
export function windowWorkload(sizes: WindowWorkload): Workload {
  const { name, kind, family, n = 1, h, w, c, r, s, m, e, f, stride, groups } = sizes;
  const weights = (r * s * c * m) / groups;
  return { name, kind, family, n, h, w, c, r, s, m, e, f, stride, groups, weights };
}

export interface ConvWorkload {
  readonly name: string;
  /** 'conv' by default; 'add' and 'shift' are windows alike. */
  readonly kind?: 'conv' | 'add' | 'shift';
  readonly family: string;
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly m: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly groups?: number;
}

/** A square window over [n, h, w, c], its output worked out from stride and padding. */
export function convWorkload(sizes: ConvWorkload): Workload {
  const { kind = 'conv', h, w, kernel, stride = 1, pad = 0, groups = 1 } = sizes;
  const e = windowOutput(h, kernel, stride, pad);
  const f = windowOutput(w, kernel, stride, pad);
  return windowWorkload({ ...sizes, kind, r: kernel, s: kernel, stride, groups, e, f });
}

const FLAT = { h: 1, w: 1, r: 1, s: 1, e: 1, f: 1, stride: 1, groups: 1 } as const;

/** [rows, inputs] -> [rows, outputs]; `bias` adds its values to the count of weights. */
export function linearWorkload(
  name: string,
  family: string,
  rows: number,
  inputs: number,
  outputs: number,
  bias = false,
): Workload {
  const weights = (inputs + (bias ? 1 : 0)) * outputs;
  return { name, kind: 'linear', family, ...FLAT, n: rows, c: inputs, m: outputs, weights };
}

/** A product of two activations: `rows` (of all heads) times [inputs, outputs]. */
export function matmulWorkload(
  name: string,
  family: string,
  rows: number,
  inputs: number,
  outputs: number,
): Workload {
  return { name, kind: 'matmul', family, ...FLAT, n: rows, c: inputs, m: outputs, weights: 0 };
}

export interface VectorWork {
  readonly multiplications: number;
  readonly additions: number;
  /** Further tensors of the output's size that are fetched for it. */
  readonly operands?: number;
}

/** Element-wise work on a map [n, h, w, c]. */
export function vectorWorkload(
  name: string,
  family: string,
  [n, h, w, c]: readonly [number, number, number, number],
  vector: VectorWork,
  weights = 0,
): Workload {
  const window = { r: 1, s: 1, m: c, e: h, f: w, stride: 1, groups: 1 };
  return { name, kind: 'vector', family, n, h, w, c, ...window, weights, vector };
}

/** Batch normalisation: a scale and an offset per element, gamma and beta per channel. */
export const normWorkload = (
  name: string,
  family: string,
  h: number,
  w: number,
  c: number,
  n = 1,
): Workload => vectorWorkload(name, family, [n, h, w, c], { multiplications: 1, additions: 1 }, 2 * c);

/** Layer normalisation of `rows` rows: mean, variance, normalisation, scale and offset. */
export const layerNormWorkload = (name: string, family: string, rows: number, columns: number): Workload =>
  vectorWorkload(name, family, [rows, 1, 1, columns], { multiplications: 3, additions: 4 }, 2 * columns);

/** ReLU: one comparison per element. */
export const activationWorkload = (
  name: string,
  family: string,
  h: number,
  w: number,
  c: number,
  n = 1,
): Workload => vectorWorkload(name, family, [n, h, w, c], { multiplications: 0, additions: 1 });

/** x * sigmoid(x): a cubic, a sum, a quotient. */
export const siluWorkload = (
  name: string,
  family: string,
  h: number,
  w: number,
  c: number,
  n = 1,
): Workload => vectorWorkload(name, family, [n, h, w, c], { multiplications: 4, additions: 3 });

/** Mean over all positions. */
export const globalPoolWorkload = (
  name: string,
  family: string,
  h: number,
  w: number,
  c: number,
  n = 1,
): Workload => {
  const load = vectorWorkload(name, family, [n, h, w, c], { multiplications: 1, additions: h * w });
  return { ...load, e: 1, f: 1, r: h, s: w };
};

/** x + shortcut, the shortcut fetched again. */
export const residualWorkload = (
  name: string,
  family: string,
  h: number,
  w: number,
  c: number,
  n = 1,
): Workload => vectorWorkload(name, family, [n, h, w, c], { multiplications: 0, additions: 1, operands: 1 });

/** Softmax of `rows` rows: maximum, difference, exponential, sum, quotient. */
export const softmaxWorkload = (name: string, family: string, rows: number, columns: number): Workload =>
  vectorWorkload(name, family, [rows, 1, 1, columns], { multiplications: 4, additions: 6 });

/** Pooling: an addition or comparison per window element, and a factor for the average. */
export function poolWorkload(kind: 'average' | 'max', sizes: Omit<ConvWorkload, 'kind' | 'm'>): Workload {
  const { name, family, c, kernel } = sizes;
  const window = convWorkload({ ...sizes, m: c, groups: c });
  const vector = { multiplications: kind === 'average' ? 1 : 0, additions: kernel * kernel };
  return { ...window, name, family, kind: 'vector', weights: 0, vector };
}

/** q k', softmax and the product with v, over `positions` positions of `inner` channels in all heads. */
export function attentionWorkloads(
  name: string,
  family: string,
  positions: number,
  inner: number,
  heads: number,
  n = 1,
): Workload[] {
  const rows = n * heads * positions;
  return [
    matmulWorkload(`${name}.scores`, family, rows, inner / heads, positions),
    softmaxWorkload(`${name}.softmax`, family, rows, positions),
    matmulWorkload(`${name}.mixing`, family, rows, positions, inner / heads),
  ];
}
