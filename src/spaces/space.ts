import type { OperatorName } from '../operators/names.ts';

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
  /** Resolution: 1 / scale of the image; each stage halves the one before (rounded up). */
  readonly scale: number;
  readonly operators: readonly OperatorName[];
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
}

/** One network: layers per stage and the operator of every layer, first to last. */
export interface Genotype {
  readonly space: string;
  readonly lengths: readonly number[];
  readonly operators: readonly OperatorName[];
}
