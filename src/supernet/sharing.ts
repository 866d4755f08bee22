/**
 * Heterogeneous weight sharing as configuration: which families read one tensor, and through which
 * transformation. The default is the formulation that the weight-sharing study found to work (its section 6).
 */
import { require_ } from '../core/errors.ts';
import { type AdderScale, checkAdderScale, DEFAULT_ADDER } from '../layers/adder-scale.ts';
import type { OperatorName } from '../operators/names.ts';

export { type AdderScale, DEFAULT_ADDER } from '../layers/adder-scale.ts';

export interface SharingConfig {
  /** Families that read one tensor a layer; attention never does (spec 5.2). [] shares nothing. */
  readonly families: readonly OperatorName[];
  /**
   * affine: W standardised; add reads scale * z + offset, shift reads powers of two of z * sqrt(2 / k).
   * monotone: as affine, but add reads scale * u + offset of u = M(z), M piecewise linear with positive slopes that
   * start as the transport from the Gaussian to the Laplacian (monotone.ts); u standardised again.
   * released: add and shift read T(W), 100 slopes of random sign over equal bins (spec 5.3), W ~ N(0, 1).
   * none: every family reads W itself.
   */
  readonly transformation: 'affine' | 'monotone' | 'released' | 'none';
  /**
   * released: the published loss term, numerically almost void (spec 5.4). wasserstein: the distances between what add
   * reads and the Laplacian fitted to it, and between what convolution reads and the Gaussian fitted to it
   * (wasserstein.ts); wasserstein-add: the former alone. Where both read W and its shape is not transformed (affine,
   * none), the two pull at it from different sides.
   */
  readonly alignment: 'none' | 'released' | 'wasserstein' | 'wasserstein-add';
  readonly adder: AdderScale;
  /**
   * Q rounds a real weight to a power of two; PS holds exponent and sign apart (spec 4.2). Where W is shared, PS takes
   * the exponent from |W| as transformed. The released forms need the released transformation: the exponent is T(W)
   * itself, through which W learns nothing, and signs are -1, 0 or 1 from their first step on (spec 4.2, 5.3);
   * `PS-released-v4` has no sign of its own either, but a second T(W).
   */
  readonly shift: 'Q' | 'PS' | 'PS-released' | 'PS-released-v4';
  /**
   * What an optimiser does with the gradient of a shared tensor (evidence 1, 2, 6). moments, also when absent: one
   * second moment for each operator. normalised: every gradient brought to unit RMS. plain: nothing.
   */
  readonly gradient?: 'moments' | 'normalised' | 'plain';
  /**
   * First values. kaiming: N(0, 2 / fan-in) for all. published: N(0, 1) for adders and for what families share, even
   * if one family alone is named (spec 4.1, 5.2; supernets 1 and 2 of 5.5). auto, also when absent: published with the
   * released transformation, and for adders that are read as they are; else kaiming.
   */
  readonly initialisation?: 'auto' | 'kaiming' | 'published';
}

export const DEFAULT_SHARING: SharingConfig = {
  families: ['conv', 'add', 'shift'],
  transformation: 'affine',
  alignment: 'none',
  adder: DEFAULT_ADDER,
  shift: 'Q',
};

/** Whether families of this configuration share tensors that `family` reads too. */
export function shares({ families }: SharingConfig, family: OperatorName): boolean {
  return families.length > 1 && families.includes(family);
}

/** Whether weights of adders are brought to a spread: the other transformations take them as they are, or as released. */
export function spreadsAdders(transformation: string): transformation is 'affine' | 'monotone' {
  return transformation === 'affine' || transformation === 'monotone';
}

/** @throws ShiftAddError 'usage' for parts that do not go together */
export function checkSharing(sharing: SharingConfig): void {
  const { shift, transformation, adder } = sharing;
  checkAdderScale(adder);
  require_(
    !shift.startsWith('PS-released') || !shares(sharing, 'shift') || transformation === 'released',
    'usage',
    () =>
      `shift ${shift} takes its exponents from the released transformation, but the transformation is ${transformation}; ` +
      'choose transformation released, or shift PS or Q',
  );
}

/** The tensor that families share at a place: `layer3.stage1.conv2`. */
export const sharedKey = (place: string, role: string): string => `${place}.${role}`;

/** What is a family's own at a place: `layer3.stage1.add.conv2`. */
export const ownKey = (place: string, role: string, family: OperatorName): string =>
  `${place}.${family}.${role}`;

/** The tensor a family's weight reads. */
export function weightKey(
  sharing: SharingConfig,
  place: string,
  role: string,
  family: OperatorName,
  shareable: boolean,
): string {
  return shareable && shares(sharing, family) ? sharedKey(place, role) : ownKey(place, role, family);
}
