/** Logits of an artefact beside those of the network it was made of. */
import { ShiftAddError } from '../core/errors.ts';

/**
 * Largest difference of a logit, as a share of the largest logit where that is above 1: both sides round 32-bit sums, each
 * in its own order, and a shift layer's floor may turn such a difference into one of 2^-16.
 */
export const TOLERANCE = 1e-4;

export interface Comparison {
  /** Largest difference of a logit. */
  readonly maxDifference: number;
  /** Largest magnitude of our own logits. */
  readonly largest: number;
}

/** Throws 'run' when they differ by more than `TOLERANCE` and `slack`, in number, or by a logit that is none. */
export function compareLogits(ours: Float32Array, theirs: Float32Array, slack = 0): Comparison {
  if (theirs.length !== ours.length)
    differs(`${theirs.length} logits where the network gives ${ours.length}`);
  let [maxDifference, largest] = [0, 0];
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(theirs[i] - ours[i]);
    if (Number.isNaN(difference)) differs(`the logit ${theirs[i]} where the network gives ${ours[i]}`);
    maxDifference = Math.max(maxDifference, difference);
    largest = Math.max(largest, Math.abs(ours[i]));
  }
  const limit = TOLERANCE * Math.max(1, largest) + slack;
  if (maxDifference > limit) {
    differs(`logits ${maxDifference.toExponential(2)} away, more than ${limit.toExponential(2)}`);
  }
  return { maxDifference, largest };
}

function differs(what: string): never {
  throw new ShiftAddError(
    'run',
    `the artefact does not compute what the network computes, and was not written: it gives ${what}; try --backend reference, whose sums are the most exact, and if that does not help, report it`,
  );
}
