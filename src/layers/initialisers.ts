/**
 * First values of parameters. An initialiser fills an array from a stream of its own, so that a parameter's first
 * value depends on the seed and its name alone.
 */
import type { Random } from '../core/random.ts';
import type { Shape } from '../core/shapes.ts';

export type Initialiser = (values: Float32Array, random: Random) => void;

/** Inputs of one output value of a weight [r, s, c / groups, m] (or [inputs, outputs]). */
export function fanIn(shape: Shape): number {
  return shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
}

/** Outputs that one input value reaches: r * s * m / groups. */
export function fanOut(shape: Shape, groups = 1): number {
  const window = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return (window * shape[shape.length - 1]) / groups;
}

export const constant =
  (value: number): Initialiser =>
  (values) => {
    values.fill(value);
  };

export const zeros: Initialiser = constant(0);
export const ones: Initialiser = constant(1);

/** Normal with the given deviation and mean. */
export const normal =
  (deviation: number, mean = 0): Initialiser =>
  (values, random) => {
    for (let i = 0; i < values.length; i++) values[i] = mean + deviation * random.normal();
  };

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Initialiser =>
  (values, random) => {
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(low, high);
  };

/** N(0, 2 / fan): keeps the variance of activations through ReLU layers (He et al. 2015). */
export const kaimingNormal = (fan: number): Initialiser => normal(Math.sqrt(2 / fan));
