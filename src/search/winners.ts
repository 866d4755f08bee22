import { compareScored, type Limits, meets, type Scored } from './problem.ts';
import { wholeNumber } from './sampler.ts';

/**
 * Which scored candidates deserve retraining: the best by loss under the limits, and if wished the best under a
 * second, tighter set of limits, so that a run also hands over something cheaper. The order never depends on the
 * order of evaluation: equal losses go by energy, then by key.
 */
export interface WinnerOptions {
  /** Candidates under `limits`. */
  readonly count: number;
  readonly limits?: Limits | undefined;
  /** Candidates under tighter limits, beyond those already chosen. */
  readonly tighter?: { readonly count: number; readonly limits: Limits } | undefined;
}

/** How `count` are taken from those ranked best first; the first ones unless said otherwise. */
export type Taking<G> = (ranked: readonly Scored<G>[], count: number) => readonly Scored<G>[];

export interface Winner<G> {
  readonly candidate: Scored<G>;
  readonly chosenUnder: 'limits' | 'tighter';
}

/** At most `count` + `tighter.count` different candidates, best first within each group. */
export function chooseWinners<G>(
  scored: readonly Scored<G>[],
  options: WinnerOptions,
  take: Taking<G> = (ranked, count) => ranked.slice(0, count),
): Winner<G>[] {
  const { count, limits = {}, tighter } = options;
  wholeNumber('winners', 'count', count);
  if (tighter) wholeNumber('winners', 'tighter count', tighter.count);
  const ranked = scored.filter(({ costs }) => meets(costs, limits)).sort(compareScored);
  const taken = take(ranked, count);
  const chosen = taken.map((candidate) => ({ candidate, chosenUnder: 'limits' as const }));
  if (!tighter) return chosen;
  const rest = ranked.filter((one) => !taken.includes(one) && meets(one.costs, tighter.limits));
  return [
    ...chosen,
    ...take(rest, tighter.count).map((candidate) => ({ candidate, chosenUnder: 'tighter' as const })),
  ];
}
