import { isScore, type Objective, SCORE_OBJECTIVES } from './objectives.ts';
import type { Costs, Limits } from './problem.ts';

/** The box that hypervolume is measured in: from 0 to its worst corner, one value for each objective. */
export interface Box {
  readonly objectives: readonly Objective[];
  readonly corner: readonly number[];
}

/** What bounds a box. */
export interface Bounds {
  /** Classes or subwords: guessing is right once in so many. */
  readonly choices: number;
  readonly limits: Limits;
  /** What the first generation costs. */
  readonly first: readonly Costs[];
}

/**
 * The box of a search: of a score the worst is guessing, of a cost its limit, or without one the dearest network of the
 * first generation. So it stays where it is while the search goes on.
 */
export function boxOf(objectives: readonly Objective[], { choices, limits, first }: Bounds): Box {
  const corner = objectives.map((objective) =>
    isScore(objective)
      ? SCORE_OBJECTIVES[objective].guessing(choices)
      : (limits[objective] ?? Math.max(...first.map((costs) => costs[objective] ?? 0))),
  );
  return { objectives, corner };
}
