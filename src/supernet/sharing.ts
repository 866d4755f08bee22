/**
 * Heterogeneous weight sharing as configuration: which families read one tensor, and through which
 * transformation. The default is the formulation that the weight-sharing study found to work (its section 6).
 */
import type { OperatorName } from '../operators/names.ts';

export interface SharingConfig {
  /** Families that read one tensor a layer; attention never does (spec 5.2). [] shares nothing. */
  readonly families: readonly OperatorName[];
  /**
   * affine: W standardised; add reads scale * z + offset, shift reads powers of two of z * sqrt(2 / k).
   * released: add and shift read T(W), 100 slopes of random sign over equal bins (spec 5.3), W ~ N(0, 1).
   * none: every family reads W itself.
   */
  readonly transformation: 'affine' | 'released' | 'none';
  /** released: the published loss term, numerically almost void (spec 5.4). */
  readonly alignment: 'none' | 'released';
  readonly adder: AdderScale;
  /** Q rounds a real weight to a power of two; PS holds exponent and sign apart (spec 4.2). */
  readonly shift: 'Q' | 'PS';
}

/** The spread of an adder's weights (evidence 2, 3b): the most important number of an adder layer. */
export interface AdderScale {
  /** fixed; learned within [low, high]; or learned freely, which ends as a binary-weight convolution. */
  readonly kind: 'fixed' | 'bounded' | 'free';
  readonly initial: number;
  readonly low: number;
  readonly high: number;
  readonly offset: number;
}

export const DEFAULT_ADDER: AdderScale = { kind: 'bounded', initial: 4, low: 1, high: 8, offset: 0.2 };

export const DEFAULT_SHARING: SharingConfig = {
  families: ['conv', 'add', 'shift'],
  transformation: 'affine',
  alignment: 'none',
  adder: DEFAULT_ADDER,
  shift: 'Q',
};

/** The tensor a family's weight reads: `layer3.stage1.conv2`, with the family's name when it is its own. */
export function weightKey(
  sharing: SharingConfig,
  place: string,
  role: string,
  family: OperatorName,
  shareable: boolean,
): string {
  const shared = shareable && sharing.families.includes(family) && sharing.families.length > 1;
  return shared ? `${place}.${role}` : `${place}.${family}.${role}`;
}
