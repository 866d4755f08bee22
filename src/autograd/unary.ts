/**
 * Element-wise functions of one tensor. All of them are one kernel forward and one backward; those that round
 * have a straight-through gradient, which is `dy` itself and costs nothing.
 */
import type { UnaryOp } from '../backends/backend.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** Operations whose gradient is 1 everywhere: the incoming gradient is handed on without a copy. */
const STRAIGHT_THROUGH: ReadonlySet<UnaryOp> = new Set([
  'copy',
  'round',
  'floor',
  'ternary',
  'powerOfTwo',
  'fixedPoint',
] as const);

/** y = op(x), same shape as x; `p`, `q` as the backend contract describes them for this `op`. */
export function unary(op: UnaryOp, x: Tensor, p = 0, q = 0): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const length = sizeOf(shape);
  const y = backend.allocate(length);
  backend.unary(op, x.buffer, y, length, p, q);
  if (STRAIGHT_THROUGH.has(op)) return graph.record(shape, y, [x], (dy) => [dy]);
  return graph.record(shape, y, [x], (dy) => {
    const dx = backend.allocate(length);
    backend.unaryGradient(op, x.buffer, y, dy, dx, length, p, q);
    return [dx];
  });
}

export const negate = (x: Tensor): Tensor => unary('negate', x);
export const relu = (x: Tensor): Tensor => unary('relu', x);
/** x * sigmoid(x). */
export const silu = (x: Tensor): Tensor => unary('silu', x);
/** The tanh form of the Gaussian error linear unit. */
export const gelu = (x: Tensor): Tensor => unary('gelu', x);
export const sigmoid = (x: Tensor): Tensor => unary('sigmoid', x);
export const tanh = (x: Tensor): Tensor => unary('tanh', x);
export const exp = (x: Tensor): Tensor => unary('exp', x);
/** 2^x. */
export const exp2 = (x: Tensor): Tensor => unary('exp2', x);
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary('log', x);
export const sqrt = (x: Tensor): Tensor => unary('sqrt', x);
export const square = (x: Tensor): Tensor => unary('square', x);
export const abs = (x: Tensor): Tensor => unary('abs', x);
export const reciprocal = (x: Tensor): Tensor => unary('reciprocal', x);
/** x limited to [low, high]; the gradient passes inside only. */
export const clamp = (x: Tensor, low: number, high: number): Tensor => unary('clamp', x, low, high);
/** factor * x + offset, both plain numbers. */
export const scale = (x: Tensor, factor: number, offset = 0): Tensor => unary('affine', x, factor, offset);
