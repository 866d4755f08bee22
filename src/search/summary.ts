import { hypervolumeShare } from '../metrics/hypervolume.ts';
import { front } from './front.ts';
import { DEFAULT_OBJECTIVES, type Objective, objectivePoint } from './objectives.ts';
import { compareScored, type Scored, whollyScored } from './problem.ts';
import type { SearchState } from './sampler.ts';

/** How far a search has come: what a line of progress shows. */
export interface SearchSummary<G> {
  /** Batches proposed and completely scored. */
  readonly generation: number;
  /** Genotypes scored, each counted once. */
  readonly evaluated: number;
  /** Share of the genotypes looked at that met the limits; 1 when there are none. */
  readonly feasibleShare: number;
  /** Ids of the non-dominated candidates, ascending. */
  readonly front: readonly number[];
  /** The part of the box below `reference` that the front dominates, from 0 to 1; 0 without a reference. */
  readonly hypervolume: number;
  /** Lowest loss within the limits, by wholly scored candidates; undefined while there is none. */
  readonly best: Scored<G> | undefined;
}

export interface SummaryOptions {
  readonly objectives?: readonly Objective[];
  /** The worst corner, one value for each objective. */
  readonly reference?: readonly number[] | undefined;
}

export function summary<G>(
  { scored, generation, attempts, infeasible }: SearchState<G>,
  { objectives = DEFAULT_OBJECTIVES, reference }: SummaryOptions = {},
): SearchSummary<G> {
  const whole = whollyScored(scored);
  const points = whole.map((candidate) => objectivePoint(candidate, objectives));
  const kept = front(points);
  return {
    generation,
    evaluated: scored.length,
    feasibleShare: attempts === 0 ? 1 : 1 - infeasible / attempts,
    front: kept.map((i) => whole[i].id),
    hypervolume:
      reference === undefined
        ? 0
        : hypervolumeShare(
            kept.map((i) => points[i]),
            reference,
          ),
    best: whole.reduce<Scored<G> | undefined>(
      (best, one) => (best === undefined || compareScored(one, best) < 0 ? one : best),
      undefined,
    ),
  };
}
