/**
 * The search over the supernet: candidates are priced before they are scored, scored by held-out cross-entropy with
 * inherited weights and recalibrated norms, and every one is written down.
 */
import { Random } from '../../core/random.ts';
import type { Limits } from '../../hardware/limits.ts';
import type { PlannedSearch } from '../../search/algorithms.ts';
import { evolution } from '../../search/evolution.ts';
import { front } from '../../search/front.ts';
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
import type { EvaluateJob, Offer } from '../evaluation/evaluator.ts';
import { inOrder } from '../evaluation/in-order.ts';
import { loadPhase, type RunContext, savePhase, stopIfAsked, tell } from './context.ts';
import { plannedSearch } from './planned-search.ts';

type State = SearchState<Genotype>;

interface SavedSearch {
  readonly search: State;
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

/** Scores by genotype of the searches over one supernet: what two of them propose is evaluated once. */
const scoresOf = new WeakMap<Offer, Map<string, Score>>();

/** Everything scored in full, in the order proposed. Throws 'limit' when no architecture meets the limits. */
export async function runSearchPhase(
  context: RunContext,
  plan: SearchPlan,
  offer: Offer,
): Promise<readonly Scored<Genotype>[]> {
  const { random, config } = context;
  const { phase, title, index, of, limits } = plan;
  const problem = problemOf(context);
  const role = plan.baseline === true ? { baseline: true as const } : {};
  const settings = plan.baseline === true ? { ...config, algorithm: 'random' } : config;
  const planned = plannedSearch(settings, limits, plan.generations);
  const { sampler, generations, evaluations } = planned;
  const saved = loadPhase<SavedSearch>(context, phase);
  let state: State = saved?.state.search ?? sampler.init<Genotype>(planned.config, random.split(phase));
  const known = scoresOf.get(offer) ?? new Map<string, Score>();
  scoresOf.set(offer, known);
  for (const { key, loss, accuracy } of whollyScored(state.scored)) known.set(key, { loss, accuracy });
  if (saved?.state.done) return whollyScored(state.scored);
  if (saved === undefined) {
    tell(context, phase, { type: 'phase-started', phase, index, of, title });
    tell(context, phase, { type: 'search-started', generations, evaluations, limits, ...role });
  }
  const started = Date.now();
  let savedAt = Date.now();
  while (!sampler.finished(state)) {
    state = sampler.propose(state, problem);
    const proposed = waiting(state);
    const scores = inOrder(context.evaluator, unknownOf(proposed, known, offer), context.signal);
    try {
      for (const { key, costs, share } of proposed) {
        const found = share === undefined ? known.get(key) : undefined;
        const score = found ?? (await scores.next()).value?.result;
        if (score === undefined) break; // asked to stop
        const { loss, accuracy } = score;
        state = sampler.absorb(state, { [key]: { loss, accuracy } });
        if (share === undefined) {
          known.set(key, { loss, accuracy });
          tell(context, phase, {
            type: 'candidate-scored',
            genotype: key,
            loss,
            accuracy,
            ...costs,
            index: countWhole(state),
            of: evaluations,
            ...role,
          });
        }
        if (state.pending.length === 0) emitGeneration(context, phase, state, planned);
        if (!context.signal.aborted && Date.now() - savedAt > context.saveEvery * 1000) {
          savePhase<SavedSearch>(context, phase, { search: state, done: false });
          savedAt = Date.now();
        }
      }
    } finally {
      await scores.return();
    }
    if (context.signal.aborted) savePhase<SavedSearch>(context, phase, { search: state, done: false });
    stopIfAsked(context);
  }
  tell(context, phase, { type: 'phase-ended', phase, seconds: (Date.now() - started) / 1000 });
  savePhase<SavedSearch>(context, phase, { search: state, done: true });
  return whollyScored(state.scored);
}

/** Jobs for the candidates that no search over these weights has scored in full, in the order proposed. */
function unknownOf(
  proposed: readonly Candidate<Genotype>[],
  known: ReadonlyMap<string, Score>,
  { supernet }: Offer,
): EvaluateJob[] {
  return proposed
    .filter(({ key, share }) => share !== undefined || !known.has(key))
    .map(({ key, share }) => ({
      kind: 'evaluate',
      supernet,
      genotype: key,
      ...(share === undefined ? {} : { share }),
    }));
}

function problemOf({ space, pricer, config }: RunContext): SearchProblem<Genotype> {
  const price = (genotype: Genotype) => pricer.price(genotype);
  const released = config.algorithm === 'evolution-released';
  return spaceProblem(space, price, released ? { rates: PUBLISHED_RATES } : {});
}

/** Candidates scored on the whole evaluation set so far. */
function countWhole({ scored, pending }: State): number {
  const arrived = pending.filter((entry) => entry.score !== null && entry.candidate.share === undefined);
  return whollyScored(scored).length + arrived.length;
}

function emitGeneration(
  context: RunContext,
  phase: string,
  state: State,
  { batches, generations }: PlannedSearch,
): void {
  if (state.generation % batches !== 0) return;
  const corner = worstCorner(context, state);
  const found = summary(state, { reference: corner });
  const { best } = found;
  if (best === undefined) return;
  const event = {
    type: 'generation-ended' as const,
    generation: state.generation / batches,
    of: generations,
    evaluated: countWhole(state),
    feasible: state.attempts - state.infeasible,
    feasibleShare: found.feasibleShare,
    best: { genotype: best.key, loss: best.loss, accuracy: best.accuracy, ...best.costs },
    frontSize: found.front.length,
    hypervolume: found.hypervolume,
    corner,
  };
  tell(context, phase, event);
}

/**
 * The corner that hypervolume is measured from: the loss of guessing, and the limit on energy or else the dearest
 * network of the first generation. It stays where it is while the search goes on.
 */
function worstCorner(
  { dataset, config }: RunContext,
  { scored, config: { limits } }: State,
): [loss: number, energyMj: number] {
  const first = scored.slice(0, config.population).map(({ costs }) => costs.energyMj);
  return [Math.log(dataset.classes.length), limits.energyMj ?? Math.max(...first)];
}

/** Non-dominated in loss and energy, cheapest first. */
export function frontOf(scored: readonly Scored<Genotype>[]): Scored<Genotype>[] {
  return front(scored.map(({ loss, costs }) => [loss, costs.energyMj]))
    .map((i) => scored[i])
    .sort((a, b) => a.costs.energyMj - b.costs.energyMj);
}

/**
 * Whether the search can be done at all: asked before anything is trained. Throws 'limit' if no architecture meets
 * the limits, 'usage' if the settings of the search do not fit.
 */
export function checkFeasible(context: RunContext, limits: Limits): void {
  const { config, random } = context;
  const planned = plannedSearch(config, limits, config.generations);
  planned.sampler.init(planned.config, random.split('settings'));
  const problem = spaceProblem(context.space, (genotype) => context.pricer.price(genotype));
  evolution.propose(
    evolution.init<Genotype>(
      { limits, population: 1, parents: 1, mutations: 0, crossovers: 0, generations: 1 },
      new Random(random.split('feasible').state()),
    ),
    problem,
  );
}
