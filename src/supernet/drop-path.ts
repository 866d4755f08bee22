/**
 * Stochastic depth (Huang et al. 2016): while training, the residual branch of a block is left out for some images of
 * a batch, more often the deeper the block stands, and what is kept is scaled so that its expectation stays.
 *
 *   y = act(shortcut + m * norm(x)),   m of an image: 0 with probability p, else 1 / (1 - p),   p = P * layer / layers
 */
import { add } from '../autograd/arithmetic.ts';
import { dropPath as drop } from '../autograd/dropout.ts';
import type { Tensor } from '../autograd/graph.ts';
import { relu, silu } from '../autograd/unary.ts';
import type { Random } from '../core/random.ts';
import type { BlockActivation } from '../operators/operator.ts';
import { normalise } from './norm.ts';
import type { WeightStore } from './store.ts';

export interface DropPath {
  /** P, the probability of the last layer: at least 0, less than 1. */
  readonly rate: number;
  /** Which images are left out in this step; each layer draws from a stream of its own. */
  readonly random: Random;
}

/** A layer counted from 0, among how many. */
export interface Depth {
  readonly layer: number;
  readonly depth: number;
}

/** The probability of one layer: P / L for the first of L layers, P for the last (Huang et al. 2016, equation 4). */
export function dropRate(rate: number, { layer, depth }: Depth): number {
  return (rate * (layer + 1)) / depth;
}

/**
 * The end of a residual branch that may be dropped; trains only. The mask stands between norm and residual, so the
 * two are not one kernel here.
 */
export function normaliseAndDrop(
  x: Tensor,
  store: WeightStore,
  name: string,
  activation: BlockActivation,
  residual: Tensor,
  how: DropPath,
  depth: Depth,
): Tensor {
  const branch = dropBranch(normalise(x, store, name, { kind: 'train' }, 'none'), how, depth);
  const y = add(residual, branch);
  switch (activation) {
    case 'none':
      return y;
    case 'relu':
      return relu(y);
    case 'silu':
      return silu(y);
  }
}

/** A residual branch of a layer, left out for some images; trains only. */
export function dropBranch(branch: Tensor, { rate, random }: DropPath, depth: Depth): Tensor {
  const { key } = random.split(depth.layer).state();
  return drop(branch, dropRate(rate, depth), key);
}
