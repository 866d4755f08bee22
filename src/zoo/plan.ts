/**
 * A network of the zoo as data: steps with their sizes, in the order they are computed. What it costs
 * (plan-workloads.ts), which tensors it has (plan-declarations.ts) and how it computes (zoo-network.ts) are read from
 * the same steps, so that a priced network and a trained one cannot drift apart.
 */
import type { MapSize } from '../operators/operator.ts';

interface Placed {
  readonly name: string;
  /** Which share of a price it belongs to. */
  readonly family: string;
  readonly input: MapSize;
  readonly output: MapSize;
}

/** How a window meets its weight. */
export type Arithmetic = 'conv' | 'add' | 'shift';

/** A convolution, adder or shift layer, without bias. */
export interface WindowStep extends Placed {
  readonly kind: 'window';
  readonly arithmetic: Arithmetic;
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
  readonly groups: number;
}

/** Batch normalisation, and what follows it. */
export interface NormStep extends Placed {
  readonly kind: 'norm';
  readonly activation: 'none' | 'relu' | 'relu6';
}

export interface PoolStep extends Placed {
  readonly kind: 'max-pool';
  readonly kernel: number;
  readonly stride: number;
  readonly pad: number;
}

/** Mean over all positions. */
export interface MeanStep extends Placed {
  readonly kind: 'mean';
}

/** activation(body(x) + shortcut(x)); an empty shortcut is the identity. */
export interface ResidualStep extends Placed {
  readonly kind: 'residual';
  readonly body: readonly Step[];
  readonly shortcut: readonly Step[];
  readonly activation: 'none' | 'relu';
}

/** The classifier over all values of a map, with bias: a multiplication in every network (spec 4.1). */
export interface ClassifierStep extends Placed {
  readonly kind: 'classifier';
}

/** A learned value for each position and channel, added. */
export interface PositionStep extends Placed {
  readonly kind: 'position';
}

/** Every position normalised over its channels. */
export interface LayerNormStep extends Placed {
  readonly kind: 'layer-norm';
}

/** softmax(q k' / sqrt(d)) v over all positions; the input holds q, k and v side by side, 3 c channels. */
export interface AttentionStep extends Placed {
  readonly kind: 'attention';
  readonly heads: number;
}

export interface ActivationStep extends Placed {
  readonly kind: 'gelu';
}

export type Step =
  | WindowStep
  | NormStep
  | PoolStep
  | MeanStep
  | ResidualStep
  | ClassifierStep
  | PositionStep
  | LayerNormStep
  | AttentionStep
  | ActivationStep;

export interface ZooPlan {
  readonly image: MapSize;
  readonly classes: number;
  readonly steps: readonly Step[];
}
