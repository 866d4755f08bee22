/**
 * The spread of an adder's weights, w = scale * z + offset with z standardised: the most important number of an adder
 * layer (weight-sharing evidence 2, 3b). Plain data, the same for a space, a supernet and a network trained alone.
 */
import { require_ } from '../core/errors.ts';

export interface AdderScale {
  /** fixed; learned within [low, high]; or learned freely, which ends as a binary-weight convolution. */
  readonly kind: 'fixed' | 'bounded' | 'free';
  /** The scale itself where it is fixed, else where it starts. */
  readonly initial: number;
  /** Bounds of the scale where `kind` is bounded. */
  readonly low: number;
  readonly high: number;
  /** The offset itself where the scale is fixed, else where it starts. */
  readonly offset: number;
  /** One scale and offset for a weight (also when absent), or one for each of its output channels. */
  readonly per?: 'layer' | 'channel';
  /** AdderNet's local rate (spec 4.1): gradients of adder weights are brought to eta * sqrt(size). Absent: as they are. */
  readonly eta?: number;
}

export const SCALE_KINDS = ['bounded', 'fixed', 'free'] as const satisfies readonly AdderScale['kind'][];

export const DEFAULT_ADDER: AdderScale = { kind: 'bounded', initial: 4, low: 1, high: 8, offset: 0.2 };

/** What is wrong with a scale that is not above 0, or that starts outside its bounds. */
export function adderScaleFault({ kind, initial, low, high }: AdderScale): string | undefined {
  if (!(initial > 0)) return `the scale of an adder's weights must be above 0, got ${initial}`;
  if (kind !== 'bounded' || (low > 0 && low <= initial && initial <= high)) return undefined;
  return (
    `a bounded scale of an adder's weights needs 0 < low <= initial <= high, got low ${low}, initial ${initial}, ` +
    `high ${high}; move its bounds or its start`
  );
}

/** @throws ShiftAddError 'usage' for a scale with a fault */
export function checkAdderScale(adder: AdderScale): void {
  const fault = adderScaleFault(adder);
  require_(fault === undefined, 'usage', () => fault ?? '');
}
