/** What result.json says of the searches of a run, whatever they searched: counts, limits, objectives and the front. */
import type { Limits } from '../../hardware/limits.ts';
import type { Objective } from '../../search/objectives.ts';
import type { Scored } from '../../search/problem.ts';
import type { ResultInput } from '../result.ts';
import { recordedFront } from '../searched-for.ts';
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
  const records = scored.map(({ key, loss, accuracy, bleu, costs }) => ({
    ...{ genotype: key, loss, accuracy, ...(bleu === undefined ? {} : { bleu }) },
    ...costs,
  }));
  return {
    search: {
      ...{ evaluated: scored.length, generations, limits: { ...limits }, objectives: [...objectives] },
      ...trialsResult(trials),
    },
    front: recordedFront(records, objectives).map((i) => records[i]),
  };
}
