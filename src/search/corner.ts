import { isScore, type Objective, SCORE_OBJECTIVES } from './objectives.ts';
import type { Costs, Limits } from './problem.ts';

/** What bounds the box that hypervolume is measured in. */
export interface Bounds {
  /** Classes or subwords: guessing is right once in so many. */
  readonly choices: number;
  readonly limits: Limits;
  /** What the first generation costs. */
  readonly first: readonly Costs[];
}

/**
 * The worst that counts of each objective: of a score guessing, of a cost its limit, or without one the dearest network of
 * the first generation. So it stays where it is while the search goes on.
 */
export function worstCorner(objectives: readonly Objective[], { choices, limits, first }: Bounds): number[] {
  return objectives.map((objective) =>
    isScore(objective)
      ? SCORE_OBJECTIVES[objective].guessing(choices)
      : (limits[objective] ?? Math.max(...first.map((costs) => costs[objective] ?? 0))),
  );
}
