import type { AdderScale } from '../layers/adder-scale.ts';
import type { OperatorName } from '../operators/names.ts';
import type { BlockForm } from '../operators/operator.ts';

/**
 * A search space for images is data: a stem, stages of falling resolution, which operators a stage allows, which
 * numbers of layers per stage exist, and a head. A genotype names one network of it.
 *
 *   stem -> stage 0 (56x56) -> stage 1 (28x28) -> ... -> pool -> linear
 *            layer layer ...    layer layer ...
 *
 * Layers are numbered through all stages; layer i running in stage s has weights of its own for every s it can
 * stand in, as in the released supernet (spec 3.1).
 */

export interface Stage {
  /** Output channels of its layers; the inner width of a block is a quarter. */
  readonly channels: number;
  /** Resolution: 1 / scale of the image; each stage halves the one before (rounded up), the last as `lastStride` says. */
  readonly scale: number;
  readonly operators: readonly OperatorName[];
  /** Pixels a side of the middle window of its convolution, add and shift blocks; odd, 3 unless given. */
  readonly kernel?: number | undefined;
}

/** Layers that a rule speaks of: all of a stage, or one of them, from the front (0, 1, ...) or the back (-1, -2, ...). */
export interface Place {
  readonly stage: number;
  readonly layer?: number | undefined;
}

/**
 * Something a network can have: one of some operators in a layer of a place, or one of some numbers of layers in a
 * stage. Exactly one of `operators` and `lengths` is given.
 */
export interface Choice extends Place {
  readonly operators?: readonly OperatorName[] | undefined;
  readonly lengths?: readonly number[] | undefined;
}

/** What no network may have: several choices at once, or operators in neighbouring layers. Exactly one is given. */
export interface Exclusion {
  readonly together?: readonly Choice[] | undefined;
  readonly inARow?: readonly OperatorName[] | undefined;
}

export interface Space {
  readonly name: string;
  /** Stem: convolution of this window, stride and width, then a 3x3 (pool 'max3') or 2x2 max-pool, or none. */
  readonly stem: {
    readonly channels: number;
    readonly kernel: number;
    readonly stride: number;
    readonly pool: 'none' | 'max2' | 'max3';
  };
  readonly stages: readonly Stage[];
  /** Allowed numbers of layers per stage. */
  readonly stageLengths: readonly (readonly number[])[];
  /** The stage lengths that the fixed baselines (all-convolution, all-add, all-shift) use. */
  readonly reference: readonly number[];
  /** Attention: channels per head (fewer when the inner width is smaller). */
  readonly headWidth: number;
  /** Shortcut of a layer that halves the resolution: as retrained (average pool + 1x1) or as in the released supernet. */
  readonly shortcut: 'average-down' | 'conv3x3';
  /** How its blocks and stem are built, `supernet` when absent; see `retrainedSpace` for networks that differ from it. */
  readonly blocks?: BlockForm | undefined;
  /** Stride into the last stage: 2 when absent; 1 leaves its resolution as it was, as the T1 networks do (spec 6.3). */
  readonly lastStride?: 1 | 2 | undefined;
  /** Linear heads whose logits are averaged: 1 when absent; of 2, one learns from labels, one from a teacher (spec 3.5). */
  readonly heads?: 1 | 2 | undefined;
  /** All layers of the places of a tie use one operator. */
  readonly ties?: readonly (readonly Place[])[] | undefined;
  readonly exclusions?: readonly Exclusion[] | undefined;
  /** The spread of the weights of its add blocks, in supernet and retraining, where a run does not say otherwise. */
  readonly adder?:
    | { readonly [K in Exclude<keyof AdderScale, 'eta'>]?: AdderScale[K] | undefined }
    | undefined;
}

/** One network: layers per stage and the operator of every layer, first to last. */
export interface Genotype {
  readonly space: string;
  readonly lengths: readonly number[];
  readonly operators: readonly OperatorName[];
}
