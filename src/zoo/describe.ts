import type { Workload, WorkloadKind } from '../hardware/workload.ts';

/**
 * Words to describe a network as workloads: windows over square maps, matrix products, and the element-wise work
 * between them. Costs of element-wise functions in multiplications and additions per element: normalisation folded to
 * scale and offset 1 + 1; ReLU one comparison; SiLU, sigmoid and exponential a cubic (3 + 3) and what is around it.
 */
type WindowKind = Exclude<WorkloadKind, 'vector' | 'matmul'>;

export interface Window {
  readonly name: string;
  readonly family: string;
  readonly kind: WindowKind;
  /** Height and width of the input map. */
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

/** Size of a map after a window with 'same' padding. */
export const after = (size: number, stride: number): number => Math.ceil(size / stride);

/** A convolution, adder or shift layer over a square map [1, size, size, inputs] -> [1, e, e, outputs]. */
export function window(o: Window): Workload {
  const { stride = 1, groups = 1 } = o;
  const e = after(o.size, stride);
  return {
    ...{ name: o.name, kind: o.kind, family: o.family, n: 1, h: o.size, w: o.size, c: o.inputs },
    ...{ r: o.kernel, s: o.kernel, m: o.outputs, e, f: e, stride, groups },
    weights: (o.kernel * o.kernel * o.inputs * o.outputs) / groups,
  };
}

const FLAT = { h: 1, w: 1, r: 1, s: 1, e: 1, f: 1, stride: 1, groups: 1 } as const;

/** A fully connected layer, [rows, inputs] -> [rows, outputs]. */
export function linear(
  name: string,
  family: string,
  rows: number,
  inputs: number,
  outputs: number,
  kind: WindowKind = 'linear',
): Workload {
  return { name, kind, family, ...FLAT, n: rows, c: inputs, m: outputs, weights: inputs * outputs };
}

/** A product of two activations per head: heads x [rows, inputs] x [inputs, outputs]. */
export function product(
  name: string,
  heads: number,
  rows: number,
  inputs: number,
  outputs: number,
): Workload {
  return {
    ...{ name, kind: 'matmul', family: 'attention', ...FLAT },
    ...{ n: heads * rows, c: inputs, m: outputs, weights: 0 },
  };
}

export interface ElementWork {
  readonly multiplications: number;
  readonly additions: number;
  readonly operands?: number;
}

export const NORM: ElementWork = { multiplications: 1, additions: 1 };
export const RELU: ElementWork = { multiplications: 0, additions: 1 };
export const NORM_RELU: ElementWork = { multiplications: 1, additions: 2 };
export const NORM_SILU: ElementWork = { multiplications: 5, additions: 4 };
export const SIGMOID: ElementWork = { multiplications: 3, additions: 3 };
export const SCALE: ElementWork = { multiplications: 1, additions: 0 };
/** Maximum, difference, exponential, sum, quotient. */
export const SOFTMAX: ElementWork = { multiplications: 4, additions: 6 };
/** x * sigmoid(a x + b x^3): the cubic, the sigmoid, the product. */
export const GELU: ElementWork = { multiplications: 7, additions: 4 };
/** Mean, variance, normalisation, scale and offset. */
export const LAYER_NORM: ElementWork = { multiplications: 3, additions: 4 };
/** x + shortcut, the shortcut fetched again, then an activation. */
export const residual = (activation: ElementWork): ElementWork => ({
  multiplications: activation.multiplications,
  additions: activation.additions + 1,
  operands: 1,
});
export const SILU: ElementWork = { multiplications: 4, additions: 3 };

/** Element-wise work on a map or on rows: size x size x channels, `rows` times. */
export function elements(
  name: string,
  family: string,
  size: number,
  channels: number,
  work: ElementWork,
  rows = 1,
): Workload {
  return {
    ...{ name, kind: 'vector', family, n: rows, h: size, w: size, c: channels, r: 1, s: 1 },
    ...{ m: channels, e: size, f: size, stride: 1, groups: 1, weights: 0, vector: work },
  };
}

/** Pooling: `window` x `window` additions or comparisons per output; window 0 pools the whole map. */
export function pooling(
  name: string,
  family: string,
  size: number,
  channels: number,
  kernel: number,
  stride: number,
): Workload {
  const [e, taps] = kernel === 0 ? [1, size * size] : [after(size, stride), kernel * kernel];
  return {
    ...elements(name, family, size, channels, { multiplications: 0, additions: taps }),
    ...{ e, f: e },
  };
}
