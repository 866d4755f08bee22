import { ShiftAddError } from '../../core/errors.ts';
import type { Workload } from '../../hardware/workload.ts';
import type { ElementWork } from '../describe.ts';
import { elements, linear, RELU } from '../describe.ts';
import type { OnnxNode, OnnxTensor } from './model.ts';

/**
 * One entry an operator: the sizes (and short whole-number values) of its outputs, and the work it is. Maps are
 * [n, c, h, w] or [n, c, length] as ONNX has them, a matrix product multiplies the last two axes.
 */
export interface Result {
  readonly outputs: readonly OnnxTensor[];
  readonly loads?: readonly Workload[];
}

export interface Operands {
  readonly node: OnnxNode;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (OnnxTensor | undefined)[];
  /** Whether input i is a constant of the file: a weight or bias. */
  constant(i: number): boolean;
}

export type OnnxOperator = (operands: Operands) => Result;

export type Shape = readonly number[];
export const size = (shape: Shape) => shape.reduce((product, extent) => product * extent, 1);

export function required({ node, inputs }: Operands, i: number): OnnxTensor {
  const tensor = inputs[i];
  if (tensor === undefined) fault(node, `input ${i + 1} is missing`);
  return tensor;
}

export function fault(node: OnnxNode, why: string): never {
  throw new ShiftAddError('data', `ONNX node "${node.name}" (${node.operator}) cannot be priced: ${why}.`, {
    node: node.name,
    operator: node.operator,
  });
}

/** [n, c, ...] as a map with channels last in meaning; anything shorter is rows of its last axis. */
function asMap(shape: Shape): { n: number; h: number; w: number; c: number } {
  if (shape.length === 4) return { n: shape[0], c: shape[1], h: shape[2], w: shape[3] };
  const c = shape.at(-1) ?? 1;
  return { n: size(shape.slice(0, -1)), h: 1, w: 1, c };
}

export function vector({ name }: OnnxNode, family: string, shape: Shape, work: ElementWork): Workload {
  const { n, h, w, c } = asMap(shape);
  return { ...elements(name, family, 1, c, work, n), h, w, e: h, f: w };
}

/** Element by element, same sizes. */
export const each =
  (family: string, work: ElementWork): OnnxOperator =>
  (operands) => {
    const { shape } = required(operands, 0);
    return { outputs: [{ shape }], loads: [vector(operands.node, family, shape, work)] };
  };

/** The same over rows of the last axis, however many axes there are. */
export const eachRow =
  (family: string, work: ElementWork): OnnxOperator =>
  (operands) => {
    const { shape } = required(operands, 0);
    const columns = shape.at(-1) ?? 1;
    const load = elements(operands.node.name, family, 1, columns, work, size(shape) / columns);
    return { outputs: [{ shape }], loads: [load] };
  };

export function broadcast(node: OnnxNode, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) fault(node, `sizes [${a}] and [${b}] do not fit together`);
    return Math.max(x, y);
  });
}

type Fold = (a: number, b: number) => number;

/** Two operands; the smaller of two activations is fetched, a constant is not. Short whole numbers are computed. */
export const pair =
  (work: ElementWork, fold: Fold): OnnxOperator =>
  (operands) => {
    const [a, b] = [required(operands, 0), required(operands, 1)];
    const { node } = operands;
    const shape = broadcast(node, a.shape, b.shape);
    if (a.values && b.values) {
      const [x, y] = [a.values, b.values];
      const values = Array.from({ length: size(shape) }, (_, i) => fold(x[i % x.length], y[i % y.length]));
      return { outputs: [{ shape, values }] };
    }
    const whole = size(a.shape) === size(b.shape) && !operands.constant(0) && !operands.constant(1);
    const family = whole && work.additions > 0 ? 'residual' : 'elementwise';
    return {
      outputs: [{ shape }],
      loads: [vector(node, family, shape, whole ? { ...work, operands: 1 } : work)],
    };
  };

const ints = (node: OnnxNode, name: string, otherwise: readonly number[]) => {
  const found = node.attributes.get(name)?.integers ?? [];
  return found.length > 0 ? found : otherwise;
};
export const int = (node: OnnxNode, name: string, otherwise: number) =>
  node.attributes.get(name)?.integer ?? otherwise;

/** Output sizes of a window over the spatial axes (ONNX: pads are all begins, then all ends). */
function windowed(node: OnnxNode, space: Shape, kernel: Shape, ceiling = false): number[] {
  const ones = space.map(() => 1);
  const [strides, dilations] = [ints(node, 'strides', ones), ints(node, 'dilations', ones)];
  const pads = ints(node, 'pads', [...ones, ...ones].fill(0));
  const auto = node.attributes.get('auto_pad')?.text ?? 'NOTSET';
  return space.map((extent, i) => {
    if (auto.startsWith('SAME')) return Math.ceil(extent / strides[i]);
    const padding = auto === 'VALID' ? 0 : pads[i] + pads[i + space.length];
    const reach = dilations[i] * (kernel[i] - 1) + 1;
    const steps = (extent + padding - reach) / strides[i];
    const out = (ceiling ? Math.ceil(steps) : Math.floor(steps)) + 1;
    return out >= 1 ? out : fault(node, `a window of [${kernel}] does not fit into [${space}]`);
  });
}

const conv: OnnxOperator = (operands) => {
  const { node } = operands;
  const [x, w] = [required(operands, 0), required(operands, 1)];
  const [n, c, ...space] = x.shape;
  const [m, perGroup, ...kernel] = w.shape;
  const groups = int(node, 'group', 1);
  if (space.length !== kernel.length || space.length < 1 || space.length > 2) {
    fault(node, `the input has sizes [${x.shape}] and the weight [${w.shape}]; 1-d and 2-d maps are known`);
  }
  if (perGroup * groups !== c || m % groups !== 0) {
    fault(node, `${groups} groups of ${perGroup} channels do not make the ${c} channels of its input`);
  }
  const out = windowed(node, space, kernel);
  const [h, width = 1] = space;
  const [r, s = 1] = kernel;
  const [e, f = 1] = out;
  const stride = ints(node, 'strides', [1])[0];
  const load: Workload = {
    ...{ name: node.name, kind: 'conv', family: groups > 1 && groups === c ? 'depthwise' : 'conv' },
    ...{ n, h, w: width, c, r, s, m, e, f, stride, groups, weights: size(w.shape) },
  };
  return { outputs: [{ shape: [n, m, ...out] }], loads: [load] };
};

const pool =
  (additions: boolean): OnnxOperator =>
  (operands) => {
    const { node } = operands;
    const [n, c, ...space] = required(operands, 0).shape;
    const kernel = ints(node, 'kernel_shape', space);
    const out = windowed(node, space, kernel, int(node, 'ceil_mode', 0) === 1);
    const work = { multiplications: additions ? 1 : 0, additions: size(kernel) };
    return pooled(node, [n, c, ...space], [n, c, ...out], work);
  };

function pooled(node: OnnxNode, from: Shape, to: Shape, work: ElementWork): Result {
  const [input, output] = [asMap(from), asMap(to)];
  const load = vector(node, 'pool', from, work);
  return { outputs: [{ shape: to }], loads: [{ ...load, e: output.h, f: output.w, m: input.c }] };
}

const globalPool: OnnxOperator = (operands) => {
  const [n, c, ...space] = required(operands, 0).shape;
  const work = { multiplications: 1, additions: size(space) };
  return pooled(operands.node, [n, c, ...space], [n, c, ...space.map(() => 1)], work);
};

/** ReduceMean and its like; a global average pool when it is over both axes of a map. */
export const reduce: OnnxOperator = (operands) => {
  const { node } = operands;
  const { shape } = required(operands, 0);
  const all = shape.map((_, i) => i);
  const axes = (operands.inputs[1]?.values ?? ints(node, 'axes', all)).map(
    (axis) => axis + (axis < 0 ? shape.length : 0),
  );
  const keep = int(node, 'keepdims', 1) === 1;
  const out = keep
    ? shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
    : shape.filter((_, i) => !axes.includes(i));
  return { outputs: [{ shape: out }], loads: [vector(node, 'pool', shape, RELU)] };
};

/** [.., rows, inputs] x [.., inputs, outputs]: a linear layer where the right side is a constant matrix. */
const matmul: OnnxOperator = (operands) => {
  const { node } = operands;
  const [a, b] = [required(operands, 0).shape, required(operands, 1).shape];
  if (a.length < 1 || b.length < 2) fault(node, `sizes [${a}] and [${b}] are no matrices`);
  const [inputs, outputs] = b.slice(-2);
  if (a.at(-1) !== inputs) fault(node, `rows of ${a.at(-1)} do not meet ${inputs} rows of weights`);
  const batch = broadcast(node, a.slice(0, -2), b.slice(0, -2));
  const shape = [...batch, ...a.slice(-2, -1), outputs];
  const rows = size(shape) / outputs;
  const isLayer = operands.constant(1) && b.length === 2;
  const load = linear(node.name, isLayer ? 'linear' : 'attention', rows, inputs, outputs);
  return {
    outputs: [{ shape }],
    loads: [isLayer ? load : { ...load, kind: 'matmul', weights: operands.constant(1) ? size(b) : 0 }],
  };
};

const gemm: OnnxOperator = (operands) => {
  const { node } = operands;
  const [a, b] = [required(operands, 0).shape, required(operands, 1).shape];
  if (a.length !== 2 || b.length !== 2) fault(node, `sizes [${a}] and [${b}] are no matrices`);
  const [rows, inputs] = int(node, 'transA', 0) ? [a[1], a[0]] : a;
  const [from, outputs] = int(node, 'transB', 0) ? [b[1], b[0]] : b;
  if (inputs !== from) fault(node, `rows of ${inputs} do not meet ${from} rows of weights`);
  return {
    outputs: [{ shape: [rows, outputs] }],
    loads: [linear(node.name, 'linear', rows, inputs, outputs)],
  };
};

/** Operators that multiply matrices, slide windows or reduce. */
export const COMPUTING: Readonly<Record<string, OnnxOperator>> = {
  Conv: conv,
  Gemm: gemm,
  MatMul: matmul,
  MaxPool: pool(false),
  AveragePool: pool(true),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  ReduceMean: reduce,
  ReduceSum: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceSumSquare: reduce,
};
