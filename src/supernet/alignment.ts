/**
 * Terms of the loss that align weights with the distributions that the paper gives their operators (spec 5.1, 5.4):
 * what add blocks read with a Laplacian, what convolution blocks read with a Gaussian. There is a real divergence
 * (wasserstein.ts), and the term of the release, code-exact: it computes the convolutions' part and throws it away,
 * and for every add tensor T(W) on the path, flattened to n values v, it is
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
import { distanceToGaussian, distanceToLaplacian } from './wasserstein.ts';

/** Weight of the sum of terms in the loss (spec 5.4, 6.1). */
export const RELEASED_WEIGHT = 10;
const LAPLACE_SCALE = 2;

/** Effective weights on a path, by the family of their block. */
export interface AlignedWeights {
  readonly conv: readonly Tensor[];
  readonly add: readonly Tensor[];
}

/** The alignment loss that a configuration asks for; undefined where a path has nothing to align. */
export function alignmentLoss(
  kind: SharingConfig['alignment'],
  { conv, add: added }: AlignedWeights,
  random: Random,
): Tensor | undefined {
  switch (kind) {
    case 'none':
      return undefined;
    case 'released':
      return releasedAlignment(added, random);
    case 'wasserstein':
      return total([...added.map(distanceToLaplacian), ...conv.map(distanceToGaussian)]);
    case 'wasserstein-add':
      return total(added.map(distanceToLaplacian));
  }
}

/** The sum of distances, each with weight 1 (evidence 1). */
function total(terms: readonly Tensor[]): Tensor | undefined {
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => add(sum, term));
}

/** The released alignment loss over the effective weights of the add blocks of a path; undefined without any. */
export function releasedAlignment(
  weights: readonly Tensor[],
  random: Random,
  weight = RELEASED_WEIGHT,
): Tensor | undefined {
  const terms = weights.map((tensor, i) => {
    const n = sizeOf(tensor.shape);
    const z = laplace(tensor, n, random.split(i));
    const q = softmax(z);
    // cross-entropy minus entropy is the divergence of one row; the release divides by n once more
    const divergence = subtract(meanCrossEntropy(reshape(tensor, [1, n]), q), meanCrossEntropy(z, q));
    return scale(divergence, weight / n);
  });
  return total(terms);
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
