/**
 * The monotone transformation: M(z) = sum of positive slopes over the pieces of a line cut every half deviation, linear
 * beyond the outermost knots, through the origin (evidence, section 6, practical advice 5):
 *
 *   M(z) = sum over k of softplus(a_k) * r_k(z)          r_k as in autograd/hinges.ts
 *
 * It starts as the transport from a standard normal to the Laplacian of deviation 1, exact at the knots. Slopes stay
 * within bounds, so that M can be inverted for ever.
 */
import type { ParameterTraits, Tensor } from '../autograd/graph.ts';
import { bend } from '../autograd/hinges.ts';
import { exp, log, scale } from '../autograd/unary.ts';
import type { Initialiser } from '../layers/initialisers.ts';
import { gaussianToLaplace } from './laplace.ts';

const STEP = 0.5;
/** The outermost pieces continue to infinity with the slope between 3.5 and 4 deviations. */
const REACH = 4;

const EDGES = Array.from({ length: (2 * REACH) / STEP + 1 }, (_, i) => i * STEP - REACH);
export const MONOTONE_KNOTS: readonly number[] = EDGES.slice(1, -1);
/** Slopes of a monotone transformation. */
export const MONOTONE_PIECES = MONOTONE_KNOTS.length + 1;

const LOWEST_SLOPE = 1 / 64;
const HIGHEST_SLOPE = 16;

/** a of a slope: the inverse of softplus. */
const latent = (slope: number) => Math.log(Math.expm1(slope));

/** Learns at twice the rate and does not decay, as scale and offset do. */
export const SLOPE_TRAITS: ParameterTraits = {
  decay: false,
  rate: 2,
  bounds: [latent(LOWEST_SLOPE), latent(HIGHEST_SLOPE)],
};

/** The a_k whose M goes through the transport at the knots. */
export const transportSlopes: Initialiser = (values) => {
  for (let k = 0; k < MONOTONE_PIECES; k++) {
    const rise = gaussianToLaplace(EDGES[k + 1]) - gaussianToLaplace(EDGES[k]);
    values[k] = latent(rise / STEP);
  }
};

/** M(z). z: any shape, standardised; latents: [MONOTONE_PIECES]. */
export function monotone(z: Tensor, latents: Tensor): Tensor {
  return bend(z, log(scale(exp(latents), 1, 1)), MONOTONE_KNOTS);
}
