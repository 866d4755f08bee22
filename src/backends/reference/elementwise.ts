/**
 * Element-wise kernels. A function of one argument is one record of value and derivative, so that both stand
 * beside each other; NaN goes in and comes out. Inputs may be the same buffers as outputs.
 */
import type { BinaryOp, Broadcast, UnaryOp } from '../backend.ts';

interface UnaryRecord {
  /** f(x); p, q are the parameters of the contract's table. */
  value(x: number, p: number, q: number): number;
  /** f'(x), given also y = f(x). */
  derivative(x: number, y: number, p: number, q: number): number;
}

/** Quantisers pass the gradient through as if they were the identity (straight-through). */
const straightThrough = (): number => 1;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Nearest integer; halves go away from zero, as C's round() does and Math.round does not. */
export const roundHalfAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

const GELU_SLOPE = Math.sqrt(2 / Math.PI);
const GELU_CUBIC = 0.044715;

export const UNARY: Readonly<Record<UnaryOp, UnaryRecord>> = {
  copy: { value: (x) => x, derivative: () => 1 },
  negate: { value: (x) => -x, derivative: () => -1 },
  relu: { value: (x) => Math.max(x, 0), derivative: (x) => (x > 0 ? 1 : 0) },
  silu: {
    value: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  gelu: {
    value: (x) => 0.5 * x * (1 + Math.tanh(GELU_SLOPE * (x + GELU_CUBIC * x * x * x))),
    derivative: (x) => {
      const t = Math.tanh(GELU_SLOPE * (x + GELU_CUBIC * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_SLOPE * (1 + 3 * GELU_CUBIC * x * x);
    },
  },
  sigmoid: { value: sigmoid, derivative: (_x, y) => y * (1 - y) },
  tanh: { value: Math.tanh, derivative: (_x, y) => 1 - y * y },
  exp: { value: Math.exp, derivative: (_x, y) => y },
  log: { value: Math.log, derivative: (x) => 1 / x },
  sqrt: { value: Math.sqrt, derivative: (_x, y) => 0.5 / y },
  square: { value: (x) => x * x, derivative: (x) => 2 * x },
  abs: { value: Math.abs, derivative: Math.sign },
  reciprocal: { value: (x) => 1 / x, derivative: (_x, y) => -y * y },
  affine: { value: (x, p, q) => p * x + q, derivative: (_x, _y, p) => p },
  /** To [p, q]; the gradient passes where p <= x <= q. */
  clamp: {
    value: (x, p, q) => (x < p ? p : Math.min(x, q)),
    derivative: (x, _y, p, q) => (x >= p && x <= q ? 1 : 0),
  },
  round: { value: roundHalfAway, derivative: straightThrough },
  floor: { value: Math.floor, derivative: straightThrough },
  /** sign(x) where |x| > p, else 0. */
  ternary: { value: (x, p) => (x > p ? 1 : x < -p ? -1 : 0), derivative: straightThrough },
  exp2: { value: (x) => 2 ** x, derivative: (_x, y) => Math.LN2 * y },
  /**
   * sign(x) * 2^k, k = log2 of |x| clamped to [2^p, 2^q], rounded with halves away from zero; sign(0) = 0
   * (DeepShift Q, spec 4.2: p = -15, q = 0).
   */
  powerOfTwo: {
    value: (x, p, q) =>
      Math.sign(x) * 2 ** roundHalfAway(Math.log2(Math.min(Math.max(Math.abs(x), 2 ** p), 2 ** q))),
    derivative: straightThrough,
  },
  /**
   * p fractional and q integer bits, sign included: floor(x * 2^p) / 2^p within [-2^(q-1), 2^(q-1) - 2^-p]
   * (spec 4.2: 16 and 16).
   */
  fixedPoint: {
    value: (x, p, q) => {
      const steps = Math.floor(x * 2 ** p);
      const limit = 2 ** (p + q - 1);
      return (steps < -limit ? -limit : Math.min(steps, limit - 1)) / 2 ** p;
    },
    derivative: straightThrough,
  },
};

export function unary(
  op: UnaryOp,
  x: Float32Array,
  y: Float32Array,
  length: number,
  p: number,
  q: number,
): void {
  const { value } = UNARY[op];
  for (let i = 0; i < length; i++) y[i] = value(x[i], p, q);
}

/** dx = f'(x) * dy, where y = f(x). */
export function unaryGradient(
  op: UnaryOp,
  x: Float32Array,
  y: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  length: number,
  p: number,
  q: number,
): void {
  const { derivative } = UNARY[op];
  for (let i = 0; i < length; i++) dx[i] = derivative(x[i], y[i], p, q) * dy[i];
}

const BINARY: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
};

/** How far b moves with a row and with an element of a. */
const STEPS: Readonly<
  Record<Broadcast, (inner: number) => { readonly row: number; readonly element: number }>
> = {
  same: (inner) => ({ row: inner, element: 1 }),
  row: () => ({ row: 0, element: 1 }),
  column: () => ({ row: 1, element: 0 }),
  scalar: () => ({ row: 0, element: 0 }),
};

/** a, y: [outer, inner]; b as `broadcast` says. */
export function binary(
  op: BinaryOp,
  a: Float32Array,
  b: Float32Array,
  y: Float32Array,
  outer: number,
  inner: number,
  broadcast: Broadcast,
): void {
  const apply = BINARY[op];
  const step = STEPS[broadcast](inner);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      y[i * inner + j] = apply(a[i * inner + j], b[i * step.row + j * step.element]);
    }
  }
}

/** y = y + alpha * x */
export function axpy(x: Float32Array, y: Float32Array, length: number, alpha: number): void {
  for (let i = 0; i < length; i++) y[i] += alpha * x[i];
}
