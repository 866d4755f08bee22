import type { ElementWork } from '../describe.ts';
import { LAYER_NORM, NORM, RELU, SCALE, SIGMOID, SILU, SOFTMAX } from '../describe.ts';
import {
  broadcast,
  each,
  eachRow,
  fault,
  int,
  type OnnxOperator,
  pair,
  required,
  type Shape,
  size,
  vector,
} from './operators.ts';

/**
 * Operators that work element by element. Exponentials are a cubic (3 + 3), as everywhere in the zoo. Bias and gain
 * beside an activation are constants, so a sum or product with them costs no fetch.
 */
const ADD: ElementWork = { multiplications: 0, additions: 1 };
const DIVIDE: ElementWork = { multiplications: 1, additions: 0 };
const EXPONENTIAL_LINEAR: ElementWork = { multiplications: 4, additions: 5 };

/** A sum of any number of operands: all but the first are fetched. */
const sum: OnnxOperator = (operands) => {
  const { node, inputs } = operands;
  const shape = inputs.reduce<Shape>(
    (so, _, i) => broadcast(node, so, required(operands, i).shape),
    required(operands, 0).shape,
  );
  const more = inputs.length - 1;
  if (more === 0) return { outputs: [{ shape }] };
  const work = { multiplications: 0, additions: more, operands: more };
  return { outputs: [{ shape }], loads: [vector(node, 'residual', shape, work)] };
};

/** Where(condition, a, b): one comparison an element. */
const where: OnnxOperator = (operands) => {
  const [condition, a, b] = [0, 1, 2].map((i) => required(operands, i));
  const { node } = operands;
  const shape = broadcast(node, broadcast(node, condition.shape, a.shape), b.shape);
  if (condition.values && a.values && b.values && size(shape) === condition.values.length) {
    const at = (values: readonly number[], i: number) => values[i % values.length];
    const [x, y] = [a.values, b.values];
    return { outputs: [{ shape, values: condition.values.map((c, i) => (c ? at(x, i) : at(y, i))) }] };
  }
  return { outputs: [{ shape }], loads: [vector(node, 'elementwise', shape, RELU)] };
};

/** Over `size` channels around each: squares, a power, a quotient. */
const localResponse: OnnxOperator = (operands) => {
  const { shape } = required(operands, 0);
  const taps = int(operands.node, 'size', 5);
  const work = { multiplications: taps + 5, additions: taps + 3 };
  return { outputs: [{ shape }], loads: [vector(operands.node, 'norm', shape, work)] };
};

/** A larger or smaller map: a bilinear mixture of four points, or a copy of the nearest. */
const resize: OnnxOperator = (operands) => {
  const { node, inputs } = operands;
  const { shape } = required(operands, 0);
  const sizes = inputs[3]?.values;
  const scales = inputs[2]?.floats ?? inputs[1]?.floats ?? node.attributes.get('scales')?.floats;
  const fitting = (list: readonly number[] | undefined) => (list?.length === shape.length ? list : undefined);
  const out =
    fitting(sizes) ??
    fitting(scales)?.map((scale, i) => Math.floor(shape[i] * scale)) ??
    fault(node, 'its new sizes are computed at run time');
  const nearest = (node.attributes.get('mode')?.text ?? 'nearest') === 'nearest';
  if (nearest) return { outputs: [{ shape: out }] };
  return {
    outputs: [{ shape: out }],
    loads: [vector(node, 'elementwise', out, { multiplications: 4, additions: 3 })],
  };
};

export const ELEMENTWISE: Readonly<Record<string, OnnxOperator>> = {
  Add: pair(ADD, (a, b) => a + b),
  Sub: pair(ADD, (a, b) => a - b),
  Mul: pair(SCALE, (a, b) => a * b),
  Div: pair(DIVIDE, (a, b) => Math.trunc(a / b)),
  Mod: pair(DIVIDE, (a, b) => a % b),
  Max: pair(ADD, Math.max),
  Min: pair(ADD, Math.min),
  Sum: sum,
  Mean: sum,
  Equal: pair(ADD, (a, b) => Number(a === b)),
  Greater: pair(ADD, (a, b) => Number(a > b)),
  GreaterOrEqual: pair(ADD, (a, b) => Number(a >= b)),
  Less: pair(ADD, (a, b) => Number(a < b)),
  LessOrEqual: pair(ADD, (a, b) => Number(a <= b)),
  And: pair(ADD, (a, b) => Number(a !== 0 && b !== 0)),
  Or: pair(ADD, (a, b) => Number(a !== 0 || b !== 0)),
  Where: where,
  BatchNormalization: each('norm', NORM),
  InstanceNormalization: each('norm', LAYER_NORM),
  GroupNormalization: each('norm', LAYER_NORM),
  LayerNormalization: eachRow('norm', LAYER_NORM),
  RMSNormalization: eachRow('norm', { multiplications: 3, additions: 1 }),
  SimplifiedLayerNormalization: eachRow('norm', { multiplications: 3, additions: 1 }),
  LpNormalization: eachRow('norm', { multiplications: 2, additions: 1 }),
  LRN: localResponse,
  Relu: each('activation', RELU),
  ThresholdedRelu: each('activation', RELU),
  Clip: each('activation', { multiplications: 0, additions: 2 }),
  LeakyRelu: each('activation', { multiplications: 1, additions: 1 }),
  PRelu: each('activation', { multiplications: 1, additions: 1 }),
  Elu: each('activation', EXPONENTIAL_LINEAR),
  Celu: each('activation', EXPONENTIAL_LINEAR),
  Selu: each('activation', EXPONENTIAL_LINEAR),
  Softplus: each('activation', { multiplications: 6, additions: 7 }),
  Softsign: each('activation', { multiplications: 1, additions: 2 }),
  Mish: each('activation', { multiplications: 10, additions: 10 }),
  Sigmoid: each('activation', SIGMOID),
  HardSigmoid: each('activation', { multiplications: 1, additions: 3 }),
  HardSwish: each('activation', { multiplications: 2, additions: 3 }),
  Swish: each('activation', SILU),
  Tanh: each('activation', SIGMOID),
  Erf: each('activation', SIGMOID),
  Exp: each('activation', SIGMOID),
  Log: each('activation', SIGMOID),
  Sin: each('elementwise', SIGMOID),
  Cos: each('elementwise', SIGMOID),
  Gelu: each('activation', { multiplications: 6, additions: 5 }),
  Sqrt: each('elementwise', SCALE),
  Reciprocal: each('elementwise', SCALE),
  Pow: each('elementwise', SCALE),
  Neg: each('elementwise', ADD),
  Abs: each('elementwise', ADD),
  Sign: each('elementwise', ADD),
  Not: each('elementwise', ADD),
  Floor: each('elementwise', ADD),
  Ceil: each('elementwise', ADD),
  Round: each('elementwise', ADD),
  QuantizeLinear: each('elementwise', NORM),
  DequantizeLinear: each('elementwise', NORM),
  Softmax: eachRow('softmax', SOFTMAX),
  LogSoftmax: eachRow('softmax', SOFTMAX),
  Resize: resize,
  Upsample: resize,
};
