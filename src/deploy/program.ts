/**
 * A trained network as the row of kernels that evaluates it: plain data, in the order of computing. It is written down
 * by watching a forward pass (trace.ts), so whatever a network computes is in it, and every writer of this room reads it.
 *
 *   value 0 is the image batch [n, h, w, c]; operation i writes value i + 1; the last value is the logits [n, classes]
 *
 * What depends on weights alone (standardised adder weights, powers of two) has been computed and is a constant.
 */
import type {
  Activation,
  BinaryOp,
  Broadcast,
  MatmulShape,
  UnaryOp,
  WindowShape,
} from '../backends/backend.ts';
import type { Shape } from '../core/shapes.ts';

/**
 * The batch size of a program: a prime above any size of a network, so that every extent that grows with the batch is
 * a multiple of it and no other is.
 */
export const BATCH = 1_000_003;

/** A value by its number, or a constant by its name. */
export type Operand = number | string;

interface Named {
  /** Of the layer, where its weights say it; otherwise of the kernel. */
  readonly name: string;
}

/** `shift`: the weights are powers of two and the input was brought to fixed point by the operation before. */
export interface WindowOperation extends Named {
  readonly kind: 'window';
  readonly arithmetic: 'conv' | 'add' | 'shift';
  readonly x: number;
  /** [r, s, c / groups, m] */
  readonly weight: string;
  readonly window: WindowShape;
}

/** act((x - mean) / sqrt(variance + epsilon) * gamma + beta [+ residual]) over channels, the last axis. */
export interface NormOperation extends Named {
  readonly kind: 'batch-norm';
  readonly x: number;
  readonly mean: string;
  readonly variance: string;
  readonly gamma: string;
  readonly beta: string;
  readonly residual: number | null;
  readonly channels: number;
  readonly epsilon: number;
  readonly activation: Activation;
}

export interface LayerNormOperation extends Named {
  readonly kind: 'layer-norm';
  readonly x: number;
  readonly gamma: string;
  readonly beta: string;
  readonly columns: number;
  readonly epsilon: number;
}

/** Rows of softmax(scale * x). */
export interface SoftmaxOperation extends Named {
  readonly kind: 'softmax';
  readonly x: number;
  readonly columns: number;
  readonly scale: number;
}

export interface PoolOperation extends Named {
  readonly kind: 'pool';
  readonly pool: 'average' | 'max';
  readonly x: number;
  readonly window: WindowShape;
}

export interface MatmulOperation extends Named {
  readonly kind: 'matmul';
  readonly a: number;
  readonly b: Operand;
  readonly product: MatmulShape;
}

export interface UnaryOperation extends Named {
  readonly kind: 'unary';
  readonly op: UnaryOp;
  readonly x: number;
  readonly p: number;
  readonly q: number;
}

export interface BinaryOperation extends Named {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly a: number;
  readonly b: Operand;
  readonly outer: number;
  readonly inner: number;
  readonly broadcast: Broadcast;
}

/** x [n, h, w, c] times gate [n, c]: a factor for every channel of an image. */
export interface GateOperation extends Named {
  readonly kind: 'gate';
  readonly x: number;
  readonly gate: number;
}

/** x seen as `shape`, its axes in another order. */
export interface PermuteOperation extends Named {
  readonly kind: 'permute';
  readonly x: number;
  readonly shape: Shape;
  readonly axes: readonly number[];
}

/** Elements start ... start + length of an axis of x. */
export interface SliceOperation extends Named {
  readonly kind: 'slice';
  readonly x: number;
  readonly axis: number;
  readonly start: number;
  readonly length: number;
}

export type Operation =
  | WindowOperation
  | NormOperation
  | LayerNormOperation
  | SoftmaxOperation
  | PoolOperation
  | MatmulOperation
  | UnaryOperation
  | BinaryOperation
  | GateOperation
  | PermuteOperation
  | SliceOperation;

export interface Program {
  /** [BATCH, h, w, c] */
  readonly input: Shape;
  readonly operations: readonly Operation[];
  /** Of every value, value 0 first; extents that grow with the batch are multiples of BATCH. */
  readonly shapes: readonly Shape[];
  readonly constants: ReadonlyMap<string, Float32Array>;
}
