/**
 * Rank correlations with confidence intervals by the percentile bootstrap (Efron and Tibshirani, An Introduction to
 * the Bootstrap, 1993, chapter 13): items are drawn with replacement, each with both of its scores, the correlation
 * of every such sample is taken, and the interval leaves an equal share of them on either side.
 */
import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { kendallTau, spearmanRho } from './rank.ts';

/** A correlation and its interval; null where the scores have no order to compare. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface RankCorrelation {
  readonly kendallTau: Estimate;
  readonly spearmanRho: Estimate;
  /** Share of the resamples inside the intervals. */
  readonly confidence: number;
  readonly resamples: number;
}

/** Below this an interval of resampled items says nothing: two items always agree or disagree wholly. */
export const FEWEST_RANKED = 3;

export interface IntervalOptions {
  readonly confidence?: number;
  readonly resamples?: number;
}

/** Kendall's tau-b and Spearman's rho of `a` and `b`, two scores of the same items. Throws `shape` below 3 items. */
export function rankCorrelation(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  random: Random,
  { confidence = 0.95, resamples = 2000 }: IntervalOptions = {},
): RankCorrelation {
  require_(
    a.length === b.length && a.length >= FEWEST_RANKED,
    'shape',
    () =>
      `an interval takes two lists of one length, at least ${FEWEST_RANKED}, but got ${a.length} and ${b.length}`,
    { a: a.length, b: b.length },
  );
  const taus: number[] = [];
  const rhos: number[] = [];
  const [drawnA, drawnB] = [new Float64Array(a.length), new Float64Array(a.length)];
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < a.length; j++) {
      const item = random.integer(a.length);
      drawnA[j] = a[item];
      drawnB[j] = b[item];
    }
    taus.push(kendallTau(drawnA, drawnB));
    rhos.push(spearmanRho(drawnA, drawnB));
  }
  return {
    kendallTau: estimate(kendallTau(a, b), taus, confidence),
    spearmanRho: estimate(spearmanRho(a, b), rhos, confidence),
    confidence,
    resamples,
  };
}

function estimate(value: number, resampled: readonly number[], confidence: number): Estimate {
  // A resample that drew one item only has no order; it is left out, as it says nothing.
  const ordered = resampled
    .filter((one) => !Number.isNaN(one))
    .map(bounded)
    .sort((x, y) => x - y);
  if (Number.isNaN(value) || ordered.length === 0) return { value: null, low: null, high: null };
  const tail = (1 - confidence) / 2;
  return { value: bounded(value), low: quantile(ordered, tail), high: quantile(ordered, 1 - tail) };
}

/** Roots and products round, and a correlation beyond 1 would be wrong. */
function bounded(correlation: number): number {
  return Math.max(-1, Math.min(1, correlation));
}

/** Of ascending values, with linear interpolation between neighbours (Hyndman and Fan's type 7). */
export function quantile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
