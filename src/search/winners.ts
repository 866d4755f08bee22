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

export interface Winner<G> {
  readonly candidate: Scored<G>;
  readonly chosenUnder: 'limits' | 'tighter';
}

/** At most `count` + `tighter.count` different candidates, best first within each group. */
export function chooseWinners<G>(scored: readonly Scored<G>[], options: WinnerOptions): Winner<G>[] {
  const { count, limits = {}, tighter } = options;
  wholeNumber('winners', 'count', count);
  if (tighter) wholeNumber('winners', 'tighter count', tighter.count);
  const ranked = scored.filter(({ costs }) => meets(costs, limits)).sort(compareScored);
  const chosen: Winner<G>[] = ranked
    .slice(0, count)
    .map((candidate) => ({ candidate, chosenUnder: 'limits' as const }));
  if (!tighter) return chosen;
  const rest = ranked.slice(count).filter(({ costs }) => meets(costs, tighter.limits));
  return [
    ...chosen,
    ...rest.slice(0, tighter.count).map((candidate) => ({ candidate, chosenUnder: 'tighter' as const })),
  ];
}
