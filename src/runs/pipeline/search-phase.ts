/**
 * The search over the supernet: candidates are priced before they are scored, scored by held-out cross-entropy with
 * inherited weights and recalibrated norms, and every one is written down.
 */
import { Random } from '../../core/random.ts';
import type { Limits } from '../../hardware/limits.ts';
import type { PlannedSearch } from '../../search/algorithms.ts';
import { worstCorner } from '../../search/corner.ts';
import { evolution } from '../../search/evolution.ts';
import type { Objective } from '../../search/objectives.ts';
import {
  type Candidate,
  type Score,
  type Scored,
  type SearchProblem,
  whollyScored,
} from '../../search/problem.ts';
import { type SearchState, waiting } from '../../search/sampler.ts';
import { spaceProblem } from '../../search/space-problem.ts';
import { summary } from '../../search/summary.ts';
import { PUBLISHED_RATES } from '../../spaces/neighbours.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { EvaluateJob, Evaluator, JobTypes, Offer } from '../evaluation/evaluator.ts';
import { inOrder } from '../evaluation/in-order.ts';
import type { RunConfig } from '../options.ts';
import { type Frame, loadPhase, type RunContext, savePhase, stopIfAsked, tell } from './context.ts';
import {
  IMAGE_SEARCH,
  plannedSearch,
  type SearchTask,
  searchedObjectives,
  UNBOUNDED,
} from './planned-search.ts';

interface SavedSearch<G> {
  readonly search: SearchState<G>;
  /** Whether the end was told too: a kill can fall between the last score and that. */
  readonly done: boolean;
}

export interface SearchPlan {
  readonly phase: string;
  readonly title: string;
  readonly index: number;
  readonly of: number;
  readonly limits: Limits;
  readonly generations: number;
  /** A random search that the run's own is held against. */
  readonly baseline?: true;
}

/** The searches of a run behind its supernet: its own, and random ones with the budget of the first. */
export function searchPlans(
  { randomSearches }: RunConfig,
  own: readonly Omit<SearchPlan, 'index' | 'of'>[],
  of: number,
): SearchPlan[] {
  const random = Array.from({ length: randomSearches }, (_, i) => ({
    ...own[0],
    phase: `search-random-${i + 1}`,
    title: `searching at random, to compare (${i + 1} of ${randomSearches})`,
    baseline: true as const,
  }));
  return [...own, ...random].map((plan, i) => ({ ...plan, index: 2 + i, of }));
}

/** What a search of a task needs beside the settings of the run. */
export interface SearchWork<G> {
  readonly problem: SearchProblem<G>;
  readonly task: SearchTask;
  /** Classes or subwords: guessing one of them is the worst that counts for hypervolume. */
  readonly choices: number;
  /** Scores of the candidates, in their order; ends early when the run is asked to stop. */
  scores(candidates: readonly Candidate<G>[]): AsyncGenerator<Score, void, void>;
  /** What earlier searches over the same weights have scored in full, by genotype. */
  readonly known: Map<string, Score>;
}

/** Scores by genotype of the searches over one supernet: what two of them propose is evaluated once. */
const scoresOf = new WeakMap<Offer, Map<string, Score>>();

/** The search of an image space over an offered supernet. */
export function imageSearch(context: RunContext, offer: Offer): SearchWork<Genotype> {
  const known = scoresOf.get(offer) ?? new Map<string, Score>();
  scoresOf.set(offer, known);
  return {
    problem: problemOf(context),
    task: IMAGE_SEARCH,
    choices: context.dataset.classes.length,
    known,
    scores: (candidates) => scoresBy(context, offer, candidates),
  };
}

/** Scores of candidates over an offered supernet, by the evaluator of a run. */
export async function* scoresBy<T extends JobTypes>(
  { evaluator, signal }: Pick<Frame, 'signal'> & { readonly evaluator: Evaluator<T> },
  { supernet }: Offer,
  candidates: readonly Pick<Candidate<unknown>, 'key' | 'share'>[],
): AsyncGenerator<Score, void, void> {
  const jobs = candidates.map(
    ({ key, share }): EvaluateJob => ({
      ...{ kind: 'evaluate', supernet, genotype: key },
      ...(share === undefined ? {} : { share }),
    }),
  );
  for await (const { result } of inOrder<EvaluateJob, T>(evaluator, jobs, signal)) yield result;
}

/** The search that a plan stands for. */
export function searchOf(config: RunConfig, plan: SearchPlan, task: SearchTask): PlannedSearch {
  const settings = plan.baseline === true ? { ...config, ...UNBOUNDED, algorithm: 'random' } : config;
  return plannedSearch(settings, plan.limits, plan.generations, task);
}

/** Everything scored in full, in the order proposed. Throws 'limit' when no architecture meets the limits. */
export async function runSearchPhase<G>(
  context: Frame,
  plan: SearchPlan,
  { problem, task, choices, scores: scoresFor, known }: SearchWork<G>,
): Promise<readonly Scored<G>[]> {
  const { random, config } = context;
  const { phase, title, index, of, limits } = plan;
  const role = plan.baseline === true ? { baseline: true as const } : {};
  const planned = searchOf(config, plan, task);
  const objectives = searchedObjectives(config, task);
  const { sampler, generations, evaluations } = planned;
  const saved = loadPhase<SavedSearch<G>>(context, phase);
  let state: SearchState<G> = saved?.state.search ?? sampler.init<G>(planned.config, random.split(phase));
  for (const one of whollyScored(state.scored)) known.set(one.key, scoreOf(one));
  if (saved?.state.done) return whollyScored(state.scored);
  if (saved === undefined) {
    tell(context, phase, { type: 'phase-started', phase, index, of, title });
    tell(context, phase, { type: 'search-started', generations, evaluations, limits, objectives, ...role });
  }
  const started = Date.now();
  let savedAt = Date.now();
  while (!sampler.finished(state)) {
    state = sampler.propose(state, problem);
    const proposed = waiting(state);
    const scores = scoresFor(proposed.filter(({ key, share }) => share !== undefined || !known.has(key)));
    try {
      for (const { key, costs, share } of proposed) {
        const found = share === undefined ? known.get(key) : undefined;
        const score = found ?? (await scores.next()).value;
        if (!score) break; // asked to stop
        state = sampler.absorb(state, { [key]: scoreOf(score) });
        if (share === undefined) {
          known.set(key, scoreOf(score));
          tell(context, phase, {
            type: 'candidate-scored',
            genotype: key,
            ...scoreOf(score),
            ...costs,
            index: countWhole(state),
            of: evaluations,
            ...role,
          });
        }
        if (state.pending.length === 0)
          emitGeneration(context, phase, state, planned, { objectives, choices });
        if (!context.signal.aborted && Date.now() - savedAt > context.saveEvery * 1000) {
          await savePhase<SavedSearch<G>>(context, phase, { search: state, done: false });
          savedAt = Date.now();
        }
      }
    } finally {
      await scores.return();
    }
    if (context.signal.aborted)
      await savePhase<SavedSearch<G>>(context, phase, { search: state, done: false });
    stopIfAsked(context);
  }
  tell(context, phase, { type: 'phase-ended', phase, seconds: (Date.now() - started) / 1000 });
  await savePhase<SavedSearch<G>>(context, phase, { search: state, done: true });
  return whollyScored(state.scored);
}

/** A score and nothing that a candidate has beside it. */
function scoreOf({ loss, accuracy, bleu }: Score): Score {
  return { loss, accuracy, ...(bleu === undefined ? {} : { bleu }) };
}

/** Of an image space. */
export function problemOf({
  space,
  pricer,
  config,
}: Pick<RunContext, 'space' | 'pricer' | 'config'>): SearchProblem<Genotype> {
  const price = (genotype: Genotype) => pricer.price(genotype);
  const released = config.algorithm === 'evolution-released';
  return spaceProblem(space, price, released ? { rates: PUBLISHED_RATES } : {});
}

/** Candidates scored on the whole evaluation set so far. */
function countWhole<G>({ scored, pending }: SearchState<G>): number {
  const arrived = pending.filter((entry) => entry.score !== null && entry.candidate.share === undefined);
  return whollyScored(scored).length + arrived.length;
}

function emitGeneration<G>(
  context: Frame,
  phase: string,
  state: SearchState<G>,
  { batches, generations }: PlannedSearch,
  { objectives, choices }: { readonly objectives: readonly Objective[]; readonly choices: number },
): void {
  if (state.generation % batches !== 0) return;
  const first = state.scored.slice(0, context.config.population).map(({ costs }) => costs);
  const corner = worstCorner(objectives, { choices, limits: state.config.limits, first });
  const found = summary(state, { objectives, reference: corner });
  const { best } = found;
  if (best === undefined) return;
  const event = {
    type: 'generation-ended' as const,
    generation: state.generation / batches,
    of: generations,
    evaluated: countWhole(state),
    feasible: state.attempts - state.infeasible,
    feasibleShare: found.feasibleShare,
    best: { genotype: best.key, ...scoreOf(best), ...best.costs },
    frontSize: found.front.length,
    hypervolume: found.hypervolume,
    corner,
  };
  tell(context, phase, event);
}

/**
 * Whether the search can be done at all: asked before anything is trained. Throws 'limit' if no architecture meets
 * the limits, 'usage' if the settings of the search do not fit.
 */
export function checkFeasible<G>(
  { config, random }: Frame,
  limits: Limits,
  { problem, task }: Pick<SearchWork<G>, 'problem' | 'task'>,
): void {
  const planned = plannedSearch(config, limits, config.generations, task);
  planned.sampler.init(planned.config, random.split('settings'));
  evolution.propose(
    evolution.init<G>(
      { limits, population: 1, parents: 1, mutations: 0, crossovers: 0, generations: 1 },
      new Random(random.split('feasible').state()),
    ),
    problem,
  );
}
