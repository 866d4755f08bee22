/**
 * How a launch looks to a machine that knows only addresses and numbered kernels: the native addon, or a Wasm
 * module. The method's arguments, in the contract's order, stand as doubles in one fixed array.
 *
 *   buffer   its address; null is 0              object    its fields in their declared order
 *   boolean  0 or 1                              union     its index in the declared order
 *   permute  x, y, rank, sizes ..., axes ...     fill      y, length, value
 *   random   kind, y, length, k0, k1             a key    its two words
 */
import { ShiftAddError } from '../core/errors.ts';
import type {
  Activation,
  AttentionShape,
  Backend,
  BackendLink,
  BatchNormShape,
  BinaryOp,
  Broadcast,
  FilterKind,
  FilterShape,
  ReduceOp,
  UnaryOp,
  WindowShape,
} from './backend.ts';
import type { GroupName } from './groups.ts';

/** What has to be there to be a backend. */
export interface Machine {
  readonly name: string;
  /** One line for people: instruction set, threads. */
  readonly description: string;
  readonly threads: number;
  /** Kernel names; the place of a name is its number. */
  readonly kernels: readonly string[];
  /** Where a launch finds its arguments. Looked up at every launch: a machine may move it. */
  readonly arguments: Float64Array;
  /** Address of fresh memory, aligned to 64 bytes; 0 when there is none left. */
  allocate(bytes: number): number;
  /** Hears how much of a block its buffer uses, where somebody watches what kernels touch. */
  narrow?(address: number, bytes: number): void;
  free(address: number): void;
  /** Copies data to an address, and from an address into data. */
  write(address: number, data: Float32Array | Int32Array): void;
  read(address: number, data: Float32Array | Int32Array): void;
  /** Runs a kernel to its end; throws when it could not. */
  run(kernel: number): void;
  /** For a machine in another thread that works on the same addresses; undefined where there can be none. */
  link?(): BackendLink;
  dispose(): void;
}

export const ACTIVATION: Readonly<Record<Activation, number>> = { none: 0, relu: 1 };
export const FILTER: Readonly<Record<FilterKind, number>> = { conv: 0, add: 1 };
export const POOL = { average: 0, max: 1 } as const;
export const RANDOM = { uniform: 0, normal: 1 } as const;
export const BINARY: Readonly<Record<BinaryOp, number>> = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  maximum: 4,
  minimum: 5,
};
export const BROADCAST: Readonly<Record<Broadcast, number>> = { same: 0, row: 1, column: 2, scalar: 3 };
export const REDUCE: Readonly<Record<ReduceOp, number>> = { sum: 0, sumSquares: 1, max: 2, nonFinite: 3 };
export const UNARY: Readonly<Record<UnaryOp, number>> = {
  copy: 0,
  negate: 1,
  relu: 2,
  silu: 3,
  gelu: 4,
  sigmoid: 5,
  tanh: 6,
  exp: 7,
  log: 8,
  sqrt: 9,
  square: 10,
  abs: 11,
  reciprocal: 12,
  affine: 13,
  clamp: 14,
  round: 15,
  floor: 16,
  ternary: 17,
  exp2: 18,
  powerOfTwo: 19,
  fixedPoint: 20,
};

/** The methods of the contract that are kernels. */
export type KernelName = Exclude<
  keyof Backend,
  | GroupName
  | 'name'
  | 'description'
  | 'threads'
  | 'allocate'
  | 'openScope'
  | 'free'
  | 'write'
  | 'read'
  | 'memory'
  | 'link'
  | 'share'
  | 'view'
  | 'finish'
  | 'dispose'
>;

export function putWindow(p: Float64Array, at: number, shape: WindowShape): void {
  p[at] = shape.n;
  p[at + 1] = shape.h;
  p[at + 2] = shape.w;
  p[at + 3] = shape.c;
  p[at + 4] = shape.r;
  p[at + 5] = shape.s;
  p[at + 6] = shape.m;
  p[at + 7] = shape.stride;
  p[at + 8] = shape.pad;
  p[at + 9] = shape.groups;
  p[at + 10] = shape.e;
  p[at + 11] = shape.f;
}

export function putBatchNorm(p: Float64Array, at: number, shape: BatchNormShape): void {
  p[at] = shape.rows;
  p[at + 1] = shape.channels;
  p[at + 2] = shape.epsilon;
  p[at + 3] = ACTIVATION[shape.activation];
}

export function putAttention(
  p: Float64Array,
  at: number,
  shape: AttentionShape,
  key: readonly [number, number],
): void {
  p[at] = shape.n;
  p[at + 1] = shape.heads;
  p[at + 2] = shape.queries;
  p[at + 3] = shape.keys;
  p[at + 4] = shape.width;
  p[at + 5] = shape.keyRows;
  p[at + 6] = shape.causal ? 1 : 0;
  p[at + 7] = shape.scale;
  p[at + 8] = shape.drop;
  p[at + 9] = key[0] >>> 0;
  p[at + 10] = key[1] >>> 0;
}

export function putFilter(p: Float64Array, at: number, shape: FilterShape): void {
  p[at] = shape.n;
  p[at + 1] = shape.t;
  p[at + 2] = shape.e;
  p[at + 3] = shape.c;
  p[at + 4] = shape.k;
  p[at + 5] = shape.heads;
  p[at + 6] = shape.left;
}

/** Every kernel of the contract; a missing or additional name is a compile error. */
export const KERNELS: Readonly<Record<KernelName, true>> = {
  matmul: true,
  convForward: true,
  convInputGradient: true,
  convWeightGradient: true,
  adderForward: true,
  adderInputGradient: true,
  adderWeightGradient: true,
  batchStatistics: true,
  batchNormForward: true,
  batchNormBackward: true,
  layerNormForward: true,
  layerNormBackward: true,
  softmaxForward: true,
  softmaxBackward: true,
  crossEntropy: true,
  labelCrossEntropy: true,
  topLogProbabilities: true,
  poolForward: true,
  poolBackward: true,
  attentionForward: true,
  attentionBackward: true,
  filterForward: true,
  filterInputGradient: true,
  filterWeightGradient: true,
  unary: true,
  unaryGradient: true,
  binary: true,
  axpy: true,
  fill: true,
  reduce: true,
  permute: true,
  copyBlocks: true,
  gatherRows: true,
  scatterAddRows: true,
  piecewiseForward: true,
  piecewiseBackward: true,
  random: true,
  dropout: true,
  sgdStep: true,
  adamStep: true,
};

export function numberKernels(machine: Machine): Readonly<Record<KernelName, number>> {
  const numbers: Partial<Record<KernelName, number>> = {};
  for (const name of Object.keys(KERNELS) as KernelName[]) {
    const number = machine.kernels.indexOf(name);
    if (number < 0) {
      throw new ShiftAddError(
        'missing',
        `backend ${machine.name} must have every kernel, but ${name} is not in it: build it again`,
        { backend: machine.name, kernel: name },
      );
    }
    numbers[name] = number;
  }
  return numbers as Record<KernelName, number>;
}
