/** What the searches of a run made small, and what was scored measured by it: as the files of the run tell it. */
import type { NetworkScores, SearchStarted } from '../core/events.ts';
import { front } from '../search/front.ts';
import { costsAmong, DEFAULT_OBJECTIVES, type Objective, objectiveValue } from '../search/objectives.ts';

/** Earlier versions did not say: their fronts were of loss and energy. */
export function recordedObjectives({ objectives }: Told): readonly Objective[] {
  return objectives ?? DEFAULT_OBJECTIVES;
}

/** What `search-started` and result.json say of it. */
interface Told {
  readonly objectives?: SearchStarted['objectives'] | undefined;
}

/** The point of a candidate in the objectives, all to be made small. What is not known of it is the worst. */
export function recordedPoint(one: NetworkScores, objectives: readonly Objective[]): number[] {
  return objectives.map((objective) => objectiveValue(objective, one, one) ?? Number.POSITIVE_INFINITY);
}

/** Positions of the candidates that none is better than, cheapest first: by the first cost among the objectives. */
export function recordedFront(
  candidates: readonly NetworkScores[],
  objectives: readonly Objective[],
): number[] {
  const [cost] = costsAmong(objectives);
  const price = (i: number) => candidates[i][cost] ?? 0;
  return front(candidates.map((one) => recordedPoint(one, objectives))).sort((a, b) => price(a) - price(b));
}
