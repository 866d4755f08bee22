/**
 * Numbers on a grid that whole numbers of few bits can count, carried in float32 (fake quantisation):
 *
 *   y = step * q,   q = clamp(round(x / step), lowest, highest)      round: halves away from zero
 *
 * The backward pass sees the identity (straight-through). Grids are made from the values themselves, so none of these
 * is clamped, and a gradient that stopped outside the grid would be the same; only ranges measured before clamp.
 *
 *   weights       lowest = -Q, highest = Q, Q = 2^(bits-1) - 1; step = max |w| / Q
 *   activations   from low <= 0 to high >= 0: step = (high - low) / (2^bits - 1), lowest = round(low / step),
 *                 highest = lowest + 2^bits - 1. 0 lies on the grid, and -lowest is what others call the zero point.
 *
 * Steps and bounds stay on the backend: nothing is read back.
 */
import type { Backend, Buffer } from '../backends/backend.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Graph, Tensor } from './graph.ts';

export interface Grid {
  /** [1], or [m] for one of each output channel; above 0. */
  readonly step: Buffer;
  /** Smallest and largest whole number, [1] each. */
  readonly lowest: Buffer;
  readonly highest: Buffer;
}

/** Smallest and largest value of a tensor, widened to hold 0; [1] each. */
export interface ValueRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

/** A step for tensors that are 0 throughout: no division by 0. */
const LEAST_STEP = 1e-30;
const MOST = 3e38;

/** Whole numbers of one sign that `bits` allow a weight: 127 of 8 bits. */
export const weightLevels = (bits: number): number => 2 ** (bits - 1) - 1;
/** Steps between the smallest and the largest activation: 255 of 8 bits. */
export const activationLevels = (bits: number): number => 2 ** bits - 1;

/** A buffer of one number. */
function number(backend: Backend, value: number): Buffer {
  const buffer = backend.allocate(1);
  backend.fill(buffer, value);
  return buffer;
}

/** max |w| / levels of a weight [..., m]: [1], or [m] by output channels. */
export function weightStep(w: Tensor, bits: number, per: 'layer' | 'channel'): Buffer {
  const { backend } = w.graph;
  const size = sizeOf(w.shape);
  const channels = per === 'channel' ? w.shape[w.shape.length - 1] : 1;
  const magnitude = backend.allocate(size);
  const step = backend.allocate(channels);
  backend.unary('abs', w.buffer, magnitude, size);
  backend.reduce('max', magnitude, step, 1, size / channels, channels);
  backend.free(magnitude);
  backend.unary('affine', step, step, channels, 1 / weightLevels(bits), 0);
  backend.unary('clamp', step, step, channels, LEAST_STEP, MOST);
  return step;
}

export function rangeOf(x: Tensor): ValueRange {
  const { backend } = x.graph;
  const size = sizeOf(x.shape);
  const negated = backend.allocate(size);
  const low = backend.allocate(1);
  const high = backend.allocate(1);
  backend.reduce('max', x.buffer, high, 1, size, 1);
  backend.unary('clamp', high, high, 1, 0, MOST);
  backend.unary('negate', x.buffer, negated, size);
  backend.reduce('max', negated, low, 1, size, 1);
  backend.free(negated);
  backend.unary('negate', low, low, 1);
  backend.unary('clamp', low, low, 1, -MOST, 0);
  return { low, high };
}

/** (high - low) / levels, [1]. */
export function activationStep(backend: Backend, { low, high }: ValueRange, bits: number): Buffer {
  const step = backend.allocate(1);
  backend.binary('subtract', high, low, step, 1, 1, 'same');
  backend.unary('affine', step, step, 1, 1 / activationLevels(bits), 0);
  backend.unary('clamp', step, step, 1, LEAST_STEP, MOST);
  return step;
}

/** The larger of two steps, [1]: what reads both tensors as whole numbers of one unit. */
export function coarserStep(backend: Backend, a: Buffer, b: Buffer): Buffer {
  const step = backend.allocate(1);
  backend.binary('maximum', a, b, step, 1, 1, 'same');
  return step;
}

export function weightGrid(backend: Backend, step: Buffer, bits: number): Grid {
  const levels = weightLevels(bits);
  return { step, lowest: number(backend, -levels), highest: number(backend, levels) };
}

export function activationGrid(backend: Backend, { low }: ValueRange, step: Buffer, bits: number): Grid {
  const lowest = backend.allocate(1);
  const highest = backend.allocate(1);
  backend.binary('divide', low, step, lowest, 1, 1, 'same');
  backend.unary('round', lowest, lowest, 1);
  backend.unary('affine', lowest, highest, 1, 1, activationLevels(bits));
  return { step, lowest, highest };
}

/** x on a grid; the gradient passes straight through. x: [..., m] where the grid has a step for each channel. */
export function fakeQuantise(x: Tensor, { step, lowest, highest }: Grid): Tensor {
  const graph: Graph = x.graph;
  const { backend } = graph;
  const size = sizeOf(x.shape);
  const y = backend.allocate(size);
  const channels = step.length;
  const meets =
    channels === 1 ? (['scalar', 1, size] as const) : (['row', size / channels, channels] as const);
  const [broadcast, outer, inner] = meets;
  backend.binary('divide', x.buffer, step, y, outer, inner, broadcast);
  backend.unary('round', y, y, size);
  backend.binary('maximum', y, lowest, y, 1, size, 'scalar');
  backend.binary('minimum', y, highest, y, 1, size, 'scalar');
  backend.binary('multiply', y, step, y, outer, inner, broadcast);
  return graph.record(x.shape, y, [x], (dy) => [dy]);
}
