import type { Candidate, Score, SearchProblem } from './problem.ts';
import { type CommonConfig, type Sampler, type SearchState, waiting } from './sampler.ts';

/**
 * Runs a search to its end. `evaluate` scores the candidates still waiting, one score each in the same order;
 * `saved` sees every state worth keeping: after proposing, and after a batch is scored. A run continued from any of
 * them ends as if it had never stopped.
 */
export async function runSearch<G, C extends CommonConfig>(
  sampler: Sampler<C>,
  start: SearchState<G, C>,
  problem: SearchProblem<G>,
  evaluate: (candidates: readonly Candidate<G>[]) => readonly Score[] | Promise<readonly Score[]>,
  saved: (state: SearchState<G, C>) => void | Promise<void> = () => {},
): Promise<SearchState<G, C>> {
  let state = start;
  while (!sampler.finished(state)) {
    state = sampler.propose(state, problem);
    await saved(state);
    const candidates = waiting(state);
    if (candidates.length === 0) continue;
    const scores = await evaluate(candidates);
    state = sampler.absorb(state, Object.fromEntries(candidates.map(({ key }, i) => [key, scores[i]])));
    await saved(state);
  }
  return state;
}
