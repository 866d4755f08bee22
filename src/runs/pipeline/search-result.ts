/** What result.json says of the searches of a run, whatever they searched: counts, limits, objectives and the front. */
import type { Limits } from '../../hardware/limits.ts';
import { front } from '../../search/front.ts';
import { costsAmong, type Objective, objectivePoint } from '../../search/objectives.ts';
import type { Scored } from '../../search/problem.ts';
import type { ResultInput } from '../result.ts';
import { type Trial, trialsResult } from './trials.ts';

export interface Searched<G> {
  /** By the run's own searches, each genotype once. */
  readonly scored: readonly Scored<G>[];
  readonly generations: number;
  readonly limits: Limits;
  readonly objectives: readonly Objective[];
  readonly trials: readonly Trial[];
}

export function searchResult<G>({
  scored,
  generations,
  limits,
  objectives,
  trials,
}: Searched<G>): Pick<ResultInput, 'search' | 'front'> {
  return {
    search: {
      ...{ evaluated: scored.length, generations, limits: { ...limits }, objectives: [...objectives] },
      ...trialsResult(trials),
    },
    front: frontOf(scored, objectives).map(({ key, loss, accuracy, bleu, costs }) => ({
      ...{ genotype: key, loss, accuracy, ...(bleu === undefined ? {} : { bleu }) },
      ...costs,
    })),
  };
}

/** Non-dominated in the objectives, cheapest first: by the first cost among them. */
export function frontOf<G>(scored: readonly Scored<G>[], objectives: readonly Objective[]): Scored<G>[] {
  const [cost] = costsAmong(objectives);
  const price = ({ costs }: Scored<G>) => costs[cost] ?? 0;
  return front(scored.map((one) => objectivePoint(one, objectives)))
    .map((i) => scored[i])
    .sort((a, b) => price(a) - price(b));
}
