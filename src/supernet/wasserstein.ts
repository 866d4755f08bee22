/**
 * A divergence between the distribution of weights and the Laplacian, or the Gaussian, fitted to them: the
 * Wasserstein-1 distance
 *
 *   W1 = integral |F_u(t) - F_L(t)| dt,      u = (v - mean) / deviation,  L = Laplace(0, 1 / sqrt 2) or N(0, 1)
 *
 * in units of the weights' own deviation, so that neither their scale nor their mean is pulled at. (In one dimension
 * W1 is the area between the distribution functions; Vallender 1974.) No sorting: over a piece [a, b] of the line the
 * integral of F_L - F_u is E[clamp(u, a, b)] - E[clamp(L, a, b)], a mean over weights less a constant. Summed as
 * absolute values over pieces this is W1 wherever the two functions do not cross within a piece; where they do it is
 * less, by no more than they differ there.
 */
import { subtract } from '../autograd/arithmetic.ts';
import type { Tensor } from '../autograd/graph.ts';
import { pieceMeans } from '../autograd/hinges.ts';
import { sum } from '../autograd/reduce.ts';
import { standardise } from '../autograd/standardise.ts';
import { abs } from '../autograd/unary.ts';
import { gaussianClampedMean, laplaceClampedMean } from './laplace.ts';

/** Every quarter of a deviation within 4 deviations; what lies beyond is one piece on each side. */
const KNOTS: readonly number[] = Array.from({ length: 33 }, (_, i) => (i - 16) / 4);

const ENDS = [Number.NEGATIVE_INFINITY, ...KNOTS, Number.POSITIVE_INFINITY];
const targetOf = (clampedMean: (low: number, high: number) => number) =>
  ENDS.slice(1).map((high, k) => clampedMean(ENDS[k], high));
const LAPLACIAN = targetOf(laplaceClampedMean);
const GAUSSIAN = targetOf(gaussianClampedMean);

function distanceTo(target: readonly number[], weights: Tensor): Tensor {
  const means = pieceMeans(standardise(weights), KNOTS);
  return sum(abs(subtract(means, weights.graph.values(target, [target.length]))));
}

/** Distance of one tensor's distribution to the Laplacian of its mean and deviation, a scalar; at least two elements. */
export const distanceToLaplacian = (weights: Tensor): Tensor => distanceTo(LAPLACIAN, weights);

/** The same to the Gaussian of its mean and deviation. */
export const distanceToGaussian = (weights: Tensor): Tensor => distanceTo(GAUSSIAN, weights);
