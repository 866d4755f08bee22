/**
 * Evolution over the supernet: candidates are priced before they are scored, scored by held-out cross-entropy with
 * inherited weights and recalibrated norms, and every one is written down.
 */
import { Random } from '../../core/random.ts';
import type { Limits } from '../../hardware/limits.ts';
import { type EvolutionConfig, evolution } from '../../search/evolution.ts';
import { front } from '../../search/front.ts';
import { compareScored, type Scored, type SearchProblem } from '../../search/problem.ts';
import { type SearchState, waiting } from '../../search/sampler.ts';
import { spaceProblem } from '../../search/space-problem.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { Network } from '../../supernet/network.ts';
import { calibrate, score } from '../../training/score.ts';
import { breathe } from '../../training/trainer.ts';
import {
  calibrationBatches,
  loadPhase,
  type RunContext,
  savePhase,
  scoringBatches,
  stopIfAsked,
  tell,
} from './context.ts';

type State = SearchState<Genotype, EvolutionConfig>;

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
}

/** Everything scored, in the order proposed. Throws 'limit' when no architecture meets the limits. */
export async function runSearchPhase(
  context: RunContext,
  plan: SearchPlan,
  network: Network,
): Promise<readonly Scored<Genotype>[]> {
  const { random, config } = context;
  const { phase, title, index, of, limits, generations } = plan;
  const problem = spaceProblem(context.space, (genotype) => context.pricer.price(genotype));
  const offspring = Math.floor(config.population / 2);
  const saved = loadPhase<SavedSearch>(context, phase);
  let state =
    saved?.state.search ??
    evolution.init<Genotype>(
      {
        limits,
        population: config.population,
        parents: config.parents,
        mutations: config.population - offspring,
        crossovers: offspring,
        generations,
      },
      random.split(phase),
    );
  if (saved?.state.done) return state.scored;
  if (saved === undefined) {
    tell(context, phase, { type: 'phase-started', phase, index, of, title });
    const evaluations = generations * config.population;
    tell(context, phase, { type: 'search-started', generations, evaluations, limits });
  }
  const started = Date.now();
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  try {
    let savedAt = Date.now();
    while (!evolution.finished(state)) {
      state = evolution.propose(state, problem);
      for (const { key, genotype, costs } of waiting(state)) {
        calibrate(network, genotype, calibration);
        const { loss, accuracy } = await score(network, genotype, scoring);
        state = evolution.absorb(state, { [key]: { loss, accuracy } });
        const evaluated = countScored(state);
        tell(context, phase, {
          type: 'candidate-scored',
          genotype: key,
          loss,
          accuracy,
          ...costs,
          index: evaluated,
          of: generations * config.population,
        });
        if (state.pending.length === 0) emitGeneration(context, phase, state, generations);
        if (context.signal.aborted || Date.now() - savedAt > context.saveEvery * 1000) {
          savePhase<SavedSearch>(context, phase, { search: state, done: false });
          savedAt = Date.now();
        }
        stopIfAsked(context);
        await breathe();
      }
    }
    tell(context, phase, { type: 'phase-ended', phase, seconds: (Date.now() - started) / 1000 });
    savePhase<SavedSearch>(context, phase, { search: state, done: true });
    return state.scored;
  } finally {
    calibration.dispose();
    scoring.dispose();
  }
}

function countScored({ scored, pending }: State): number {
  return scored.length + pending.filter((entry) => entry.score !== null).length;
}

function emitGeneration(context: RunContext, phase: string, state: State, of: number): void {
  const best = [...state.scored].sort(compareScored)[0];
  tell(context, phase, {
    type: 'generation-ended',
    generation: state.generation,
    of,
    evaluated: state.scored.length,
    feasible: state.attempts - state.infeasible,
    best: { genotype: best.key, loss: best.loss, accuracy: best.accuracy, ...best.costs },
    frontSize: frontOf(state.scored).length,
  });
}

/** Non-dominated in loss and energy, cheapest first. */
export function frontOf(scored: readonly Scored<Genotype>[]): Scored<Genotype>[] {
  return front(scored.map(({ loss, costs }) => [loss, costs.energyMj]))
    .map((i) => scored[i])
    .sort((a, b) => a.costs.energyMj - b.costs.energyMj);
}

/** Whether any architecture meets the limits: asked before anything is trained. Throws 'limit' if none is found. */
export function checkFeasible(context: RunContext, limits: Limits): void {
  const problem: SearchProblem<Genotype> = spaceProblem(context.space, (genotype) =>
    context.pricer.price(genotype),
  );
  evolution.propose(
    evolution.init<Genotype>(
      { limits, population: 1, parents: 1, mutations: 0, crossovers: 0, generations: 1 },
      new Random(context.random.split('feasible').state()),
    ),
    problem,
  );
}
