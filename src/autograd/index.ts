/** Everything a layer or a loss is written with. */
export { adder2d } from './adder.ts';
export { add, divide, multiply, subtract } from './arithmetic.ts';
export { type AttentionOptions, attention } from './attention.ts';
export { type BatchNormOptions, batchNorm, type Statistics } from './batch-norm.ts';
export { concatenate } from './concatenate.ts';
export { conv2d } from './convolution.ts';
export { type DrawKey, dropout, dropPath } from './dropout.ts';
export { type FilterOptions, filter1d } from './filter.ts';
export { gated } from './gate.ts';
export { gather } from './gather.ts';
export {
  Graph,
  type GraphOptions,
  type Parameter,
  type ParameterTraits,
  PLAIN,
  type Tensor,
  UNDECAYED,
} from './graph.ts';
export { bend, pieceMeans } from './hinges.ts';
export { type LabelLoss, type LabelLossOptions, labelCrossEntropy } from './label-loss.ts';
export { layerNorm } from './layer-norm.ts';
export { crossEntropy, meanCrossEntropy } from './loss.ts';
export { type MatmulOptions, matmul } from './matmul.ts';
export { permute } from './permute.ts';
export { piecewise } from './piecewise.ts';
export { averagePool, globalAveragePool, maxPool, type PoolOptions } from './pool.ts';
export { fixedPoint, floorStraightThrough, powerOfTwo, roundStraightThrough, ternary } from './quantise.ts';
export { mean, sum } from './reduce.ts';
export { reshape } from './reshape.ts';
export { type ShiftWeightOptions, shiftWeight } from './shift-weight.ts';
export { slice, split } from './slice.ts';
export { type SoftmaxOptions, softmax } from './softmax.ts';
export { standardise } from './standardise.ts';
export {
  abs,
  clamp,
  exp,
  exp2,
  gelu,
  log,
  negate,
  reciprocal,
  relu,
  scale,
  sigmoid,
  silu,
  sqrt,
  square,
  tanh,
  unary,
} from './unary.ts';
export { type WindowOptions, windowShape } from './window.ts';
