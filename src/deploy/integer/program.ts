/**
 * The integer program: a trained network as a row of operations on whole numbers of 8 or 16 bits. Plain data, of one
 * image; docs/integer.md says the same for those who write C or gates from it, and reference/ is what it means.
 *
 *   value 0 is the image, byte - 128; operation i writes value i + 1; the last value is the logits
 *   a stored number q of a value stands for the real number step * (q - zero), and low <= q <= high
 *   accumulators have 32 bits, and bounds.ts proves that none overflows
 */

/** [h, w, c], channels last. */
export type MapShape = readonly [h: number, w: number, c: number];

export interface Value {
  readonly shape: MapShape;
  readonly bits: 8 | 16;
  /** What stands for 0, and at padded positions. */
  readonly zero: number;
  /** The smallest and the largest number that is ever stored: `zero` as `low` is a ReLU. */
  readonly low: number;
  readonly high: number;
  /** Real numbers between two stored ones; no interpreter computes with it. */
  readonly step: number;
}

/**
 * y = clamp(floor((acc * multiplier + addend) / 2^shift), low, high), for each output channel. The addend holds bias,
 * zero points and the half that rounds.
 */
export interface Multiply {
  readonly kind: 'multiply';
  /** int16 [m] */
  readonly multipliers: string;
  /** int64 [m], below 2^47 in magnitude */
  readonly addends: string;
  /** uint8 [m], 0 ... 31 */
  readonly shifts: string;
}

/**
 * The same without multiplication: t = addend + sum over k of sign * (acc shifted by place), y = clamp(t >> shift). A
 * place above 0 shifts left, one below 0 right, rounding down; sign 0 means no term. Everything fits 32 bits.
 */
export interface Terms {
  readonly kind: 'terms';
  /** int8 [m, k], -1, 0 or 1; k is 1 ... MOST_TERMS */
  readonly signs: string;
  /** int8 [m, k], -31 ... 30 */
  readonly places: string;
  /** int32 [m] */
  readonly addends: string;
  /** 0 ... 30 */
  readonly shift: number;
}

export const MOST_TERMS = 4;

export type Requantise = Multiply | Terms;

export interface Window {
  readonly r: number;
  readonly s: number;
  readonly stride: number;
  /** On all four sides. */
  readonly pad: number;
  readonly groups: number;
}

interface Named {
  /** Of its layer. */
  readonly name: string;
}

/** acc = q. */
export interface RescaleOperation extends Named {
  readonly kind: 'rescale';
  readonly x: number;
  readonly requantise: Requantise;
}

interface WindowBase extends Named {
  readonly kind: 'window';
  readonly x: number;
  readonly window: Window;
  readonly requantise: Requantise;
}

/** acc = sum of w * q over the window. */
export interface ConvOperation extends WindowBase {
  readonly arithmetic: 'conv';
  /** int8 [m, r, s, c / groups] */
  readonly weight: string;
}

/** acc = sum of sign * q << (e - 1); the code of a weight is its sign bit and e, 0 for a weight of 0. */
export interface ShiftOperation extends WindowBase {
  readonly arithmetic: 'shift';
  /** uint8: codes in the order [m, r, s, c / groups], packed as codes.ts says */
  readonly weight: string;
  /** Of a code, sign included: 2 ... 5. */
  readonly codeBits: number;
}

/** acc = - sum of |q - (w << weightShift)|; weight and input have one zero. */
export interface AdderOperation extends WindowBase {
  readonly arithmetic: 'add';
  /** int8 [m, r, s, c / groups] */
  readonly weight: string;
  /** 0 for inputs of 8 bits; above it only where the zero is 0. */
  readonly weightShift: number;
}

export type WindowOperation = ConvOperation | ShiftOperation | AdderOperation;

/** y = clamp(((a << aShift) + (b << bShift) + addend) >> shift). */
export interface SumOperation extends Named {
  readonly kind: 'sum';
  readonly a: number;
  readonly b: number;
  readonly aShift: number;
  readonly bShift: number;
  readonly addend: number;
  readonly shift: number;
}

export type PoolWindow = Omit<Window, 'groups'>;

/** The largest of the window; padded positions do not take part. */
export interface MaxPoolOperation extends Named {
  readonly kind: 'max-pool';
  readonly x: number;
  readonly window: PoolWindow;
}

/** How the sum of `count` stored numbers becomes their mean: terms as in `Terms`, of all channels. */
export interface Share {
  readonly count: number;
  readonly signs: readonly number[];
  readonly places: readonly number[];
  readonly addend: number;
}

/** acc = sum over the positions of the window that lie inside; the share is that of their number. */
export interface AveragePoolOperation extends Named {
  readonly kind: 'average-pool';
  readonly x: number;
  readonly window: PoolWindow;
  readonly shares: readonly Share[];
  /** Of all shares, 0 ... 30. */
  readonly shift: number;
}

/**
 * For each head, acc = sum over positions j of p[j] * v[j], p = the integer softmax (reference/softmax.ts) of the row of
 * q . k. q, k and v: [h, w, heads * d], with zero 0.
 */
export interface AttentionOperation extends Named {
  readonly kind: 'attention';
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly heads: number;
  /** Octaves, in 256ths, that lie between the largest score and another: floor((distance * multiplier + 2^(shift-1)) / 2^shift). */
  readonly multiplier: number;
  readonly shift: number;
  readonly requantise: Multiply;
}

/**
 * A function of one number at a time as a table of TABLE_ENTRIES, drawn between them where x is wide: with i =
 * (q >> shift) + 128 and f = q - ((i - 128) << shift), y = table[i] + (((table[i + 1] - table[i]) * f + half) >> shift),
 * where half is 2^(shift - 1), and y = table[i] where the shift is 0.
 */
export interface LookupOperation extends Named {
  readonly kind: 'lookup';
  readonly x: number;
  /** [TABLE_ENTRIES], int8 or int16 as the value that is written */
  readonly table: string;
  /** 0 ... 8 */
  readonly shift: number;
}

export const TABLE_ENTRIES = 257;

/** acc = (q - zero of x) * (g - zero of gate), g of the same channel. gate: [1, 1, c]. */
export interface GateOperation extends Named {
  readonly kind: 'gate';
  readonly x: number;
  readonly gate: number;
  readonly requantise: Requantise;
}

export type Operation =
  | RescaleOperation
  | WindowOperation
  | SumOperation
  | MaxPoolOperation
  | AveragePoolOperation
  | AttentionOperation
  | LookupOperation
  | GateOperation;

export const TENSOR_TYPES = ['int8', 'uint8', 'int16', 'int32', 'int64'] as const;
export type TensorType = (typeof TENSOR_TYPES)[number];

/** Numbers of a type; those of int64 are whole numbers below 2^47 and kept as doubles. */
export interface IntegerTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly data: Int8Array | Uint8Array | Int16Array | Int32Array | Float64Array;
}

export interface IntegerProgram {
  /** Genotype, or name of the zoo. */
  readonly network: string;
  readonly classes: readonly string[];
  /** Value 0: the image. */
  readonly values: readonly Value[];
  readonly operations: readonly Operation[];
  readonly tensors: ReadonlyMap<string, IntegerTensor>;
}

/** Values that an operation reads. */
export function inputsOf(operation: Operation): readonly number[] {
  switch (operation.kind) {
    case 'sum':
      return [operation.a, operation.b];
    case 'attention':
      return [operation.q, operation.k, operation.v];
    case 'gate':
      return [operation.x, operation.gate];
    default:
      return [operation.x];
  }
}
