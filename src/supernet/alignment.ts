/**
 * Terms of the loss that align what add blocks read with a Laplacian: a real divergence (wasserstein.ts), and the term
 * of the release, code-exact (spec 5.4). The latter: for every add tensor T(W) on the path, flattened to n
 * values v,
 *
 *   term = mean over j of q_j (log q_j - log p_j),   p = softmax(v),  q = softmax(z),  z ~ Laplace(0, 2) i.i.d.
 *
 * drawn afresh at every step. It compares positions, not distributions, and is numerically almost void; it is here
 * so that the comparison can be made.
 */
import { add, subtract } from '../autograd/arithmetic.ts';
import type { Tensor } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { reshape } from '../autograd/reshape.ts';
import { softmax } from '../autograd/softmax.ts';
import { scale } from '../autograd/unary.ts';
import type { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import type { SharingConfig } from './sharing.ts';
import { distanceToLaplacian } from './wasserstein.ts';

/** Weight of the sum of terms in the loss (spec 5.4, 6.1). */
export const RELEASED_WEIGHT = 10;
const LAPLACE_SCALE = 2;

/** The alignment loss that a configuration asks for, over the effective weights of the add blocks of a path. */
export function alignmentLoss(
  kind: SharingConfig['alignment'],
  weights: readonly Tensor[],
  random: Random,
): Tensor | undefined {
  switch (kind) {
    case 'none':
      return undefined;
    case 'released':
      return releasedAlignment(weights, random);
    case 'wasserstein':
      return wassersteinAlignment(weights);
  }
}

/** The sum over tensors of their distances to the Laplacian, with weight 1 (evidence 1); undefined without any. */
export function wassersteinAlignment(weights: readonly Tensor[]): Tensor | undefined {
  let total: Tensor | undefined;
  for (const tensor of weights) {
    const term = distanceToLaplacian(tensor);
    total = total === undefined ? term : add(total, term);
  }
  return total;
}

/** The released alignment loss over the effective weights of the add blocks of a path; undefined without any. */
export function releasedAlignment(
  weights: readonly Tensor[],
  random: Random,
  weight = RELEASED_WEIGHT,
): Tensor | undefined {
  let total: Tensor | undefined;
  for (const [i, tensor] of weights.entries()) {
    const n = sizeOf(tensor.shape);
    const z = laplace(tensor, n, random.split(i));
    const q = softmax(z);
    // cross-entropy minus entropy is the divergence of one row; the release divides by n once more
    const divergence = subtract(meanCrossEntropy(reshape(tensor, [1, n]), q), meanCrossEntropy(z, q));
    const term = scale(divergence, weight / n);
    total = total === undefined ? term : add(total, term);
  }
  return total;
}

/** [1, n] draws from Laplace(0, 2): -b sign(u) ln(1 - 2|u|), u uniform in [-1/2, 1/2). */
function laplace(like: Tensor, n: number, random: Random): Tensor {
  const { graph } = like;
  const { backend } = graph;
  const u = backend.allocate(n);
  const magnitude = backend.allocate(n);
  backend.random('uniform', u, random.state().key);
  backend.unary('affine', u, u, n, 1, -0.5);
  backend.unary('abs', u, magnitude, n);
  backend.unary('affine', magnitude, magnitude, n, -2, 1);
  backend.unary('clamp', magnitude, magnitude, n, 1e-7, 1);
  backend.unary('log', magnitude, magnitude, n);
  backend.unary('ternary', u, u, n, 0);
  backend.binary('multiply', u, magnitude, u, 1, n, 'same');
  backend.unary('affine', u, u, n, -LAPLACE_SCALE, 0);
  return graph.constant(u, [1, n]);
}
