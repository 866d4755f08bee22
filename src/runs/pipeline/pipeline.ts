/**
 * The main job, phase after phase. Each phase keeps its own checkpoint and returns at once when it is done, so
 * that resuming a run is running it again:
 *
 *   supernet -> search -> search below the cheapest baseline -> (trials) -> retrain each, measure -> winner, result
 *                                -> with --random-searches: as many random ones, to compare with
 *                                        with --rank: score paths -> ... -> train them alone, compare the orders
 */
import { ShiftAddError } from '../../core/errors.ts';
import { findAccelerator, type Limits } from '../../hardware/index.ts';
import { costsAmong, type Objective } from '../../search/objectives.ts';
import type { Scored } from '../../search/problem.ts';
import type { Genotype } from '../../spaces/space.ts';
import { adderScales } from '../../supernet/adder-scales.ts';
import { checkExceptions, quantisedLayers } from '../../supernet/quantisation.ts';
import type { TrainJob } from '../evaluation/evaluator.ts';
import { type ResultInput, writeResult } from '../result.ts';
import { baselines } from './baselines.ts';
import { chooseWinner } from './choose-winner.ts';
import type { RunContext } from './context.ts';
import { writeHistograms } from './histograms.ts';
import { boundsOf, checkArea, IMAGE_SEARCH, limitsOf, searchedObjectives } from './planned-search.ts';
import { numbered, type SearchedRun, searchedWork } from './planned-work.ts';
import {
  checkRank,
  type RankedPath,
  rankPhases,
  rankWork,
  runRankPhase,
  scoreRankPaths,
} from './rank-phase.ts';
import { networkResult, resultOf, writeNetwork } from './result-of.ts';
import { runRetrainPhases } from './retrain-phase.ts';
import {
  checkFeasible,
  imageSearch,
  problemOf,
  runSearchPhase,
  type SearchPlan,
  searchPlans,
} from './search-phase.ts';
import { type SessionOptions, session } from './session.ts';
import { spaceSubject } from './space-subject.ts';
import { runSupernetPhase } from './supernet-phase.ts';
import { takingsFor } from './take-retrained.ts';
import { trainsWith } from './train-jobs.ts';
import { checkTrials } from './trial-rounds.ts';
import { runTrials } from './trials.ts';

/** The limits in force: shares are of the all-convolution network in the reference shape. */
function limitsInForce({ config, pricer, space }: RunContext): Limits {
  checkArea(config, findAccelerator(config.accelerator));
  const conv = baselines(space).find(({ name }) => name === 'all-conv');
  return limitsOf(config, conv === undefined ? undefined : pricer.price(conv.genotype));
}

/** Runs a search to its end, from wherever its folder stands. Returns what result.json holds. */
export function runPipeline(options: SessionOptions): Promise<ResultInput> {
  return session(options, searchAndRetrain);
}

async function searchAndRetrain(context: RunContext): Promise<ResultInput> {
  const started = Date.now();
  const { config, run, split, pricer, space, task, quantisation } = context;
  checkExceptions(quantisation, quantisedLayers(space, task), `space ${space.name}`);
  const limits = limitsInForce(context);
  const objectives = searchedObjectives(config, IMAGE_SEARCH);
  checkFeasible(context, limits, feasibility(context));
  checkRank(context);
  const fixed = baselines(space);
  const frugal = frugalLimits(context, limits, fixed);
  checkTrials(config, Math.max(config.winners, frugal === undefined ? 0 : config.frugal));
  const own = frugal === undefined ? 1 : 2;
  const searches = own + config.randomSearches;
  const retrained = config.winners + (frugal ? config.frugal : 0) + fixed.length;
  const of = 1 + searches + own * config.trials + retrained + rankPhases(context);
  const plans = searchPlans(config, ownSearches(context, limits, frugal), of);
  const frugals = numbered('frugal', frugal === undefined ? 0 : config.frugal);
  tellWork(context, {
    ...{ searches: plans, trials: own * config.trials },
    alone: [...numbered('candidate', config.winners), ...frugals, ...fixed],
  });
  const { curve, scales, scored, ranked } = await searchPhases(context, plans, of);
  const searched = 1 + searches + (config.rank === 0 ? 0 : 1);
  const { chosen, trials } = await chooseRetrained(context, { index: 1 + searched, of }, scored, {
    ...{ limits, frugal, fixed, objectives },
  });
  const main = chosen.filter(({ chosenUnder }) => chosenUnder === 'limits').length;
  const jobs = [
    ...chosen.map(({ candidate, chosenUnder }, i) => ({
      name: chosenUnder === 'limits' ? `candidate-${i + 1}` : `frugal-${i + 1 - main}`,
      role: 'candidate' as const,
      genotype: candidate.genotype,
    })),
    ...fixed.map((baseline) => ({ ...baseline, role: 'baseline' as const })),
  ];
  tellWork(context, { searches: plans, trials: trials.length, alone: jobs });
  const before = searched + trials.length;
  const phases = 1 + searches + trials.length + jobs.length + rankPhases(context);
  const networks = await runRetrainPhases(context, { first: 1 + before, of: phases }, jobs);
  const priced = costsAmong(objectives);
  const winner = chooseWinner(networks, split.held.length, (genotype) => {
    const costs = pricer.price(genotype);
    return priced.map((cost) => costs[cost] ?? 0);
  });
  const subject = spaceSubject(context, winner.genotype);
  writeNetwork(context, run.winner, subject, winner, networkResult(winner.name, subject, winner));
  const place = { index: 1 + before + jobs.length, of: phases };
  const rank = ranked === undefined ? undefined : await runRankPhase(context, place, ranked);
  const result = resultOf(context, {
    accelerator: findAccelerator(config.accelerator),
    searched: { scored, generations: config.generations, limits, objectives, trials },
    supernetCurve: curve,
    supernetScales: scales,
    networks,
    winner,
    ...(rank === undefined ? {} : { rank }),
    times: { finishedAt: new Date().toISOString(), secondsOfLastProcess: (Date.now() - started) / 1000 },
  });
  writeResult(run.result, result);
  return result;
}

/** Candidates to retrain: the best of the searches, or of their trials where there are any. */
function chooseRetrained(
  context: RunContext,
  place: { readonly index: number; readonly of: number },
  scored: readonly Scored<Genotype>[],
  {
    limits,
    frugal,
    fixed,
    objectives,
  }: {
    limits: Limits;
    frugal: Limits | undefined;
    fixed: ReturnType<typeof baselines>;
    objectives: readonly Objective[];
  },
) {
  const { config, space, dataset } = context;
  return runTrials<Genotype, TrainJob>(context, place, {
    ...{ scored, problem: problemOf(context), trains: trainsWith(context) },
    options: {
      ...{ count: config.winners, limits },
      ...(frugal === undefined ? {} : { tighter: { count: config.frugal, limits: frugal } }),
    },
    takings: takingsFor(objectives, dataset.classes.length, boundsOf(config, IMAGE_SEARCH)),
    baselines: fixed.map(({ genotype }) => genotype),
    job: (phase, { key }) => ({
      ...{ kind: 'train', phase, architecture: { genotype: key, space }, tests: false },
      epochs: config.trialEpochs,
    }),
  });
}

/** The run's own search, and the one below the cheapest baseline. */
function ownSearches({ config: { generations } }: RunContext, limits: Limits, frugal: Limits | undefined) {
  const main = { phase: 'search', title: 'searching', limits, generations };
  if (frugal === undefined) return [main];
  const title = 'searching below the cheapest baseline';
  const fewer = Math.max(1, Math.ceil(generations / 2));
  return [main, { phase: 'search-frugal', title, limits: frugal, generations: fewer }];
}

/** Tells how much work the run is. */
function tellWork(context: RunContext, work: Pick<SearchedRun, 'searches' | 'trials' | 'alone'>): void {
  const { bus, config, split } = context;
  const [trained, held] = [split.kept.length, split.held.length];
  const scored = Math.min(config.scoreImages, held) + Math.min(config.calibrationImages, trained);
  const examples = { trained, scored };
  const phases = searchedWork(config, { ...work, task: IMAGE_SEARCH, examples });
  bus.emit({ type: 'run-planned', phases: [...phases, ...rankWork(context, examples)] });
}

/** Supernet, searches and the paths to rank; the supernet's memory is given back before anything is retrained. */
async function searchPhases(context: RunContext, plans: readonly SearchPlan[], of: number) {
  const { config, run } = context;
  const { network, curve } = await runSupernetPhase(context, of);
  const offer = await context.evaluator.offer(network);
  try {
    const work = imageSearch(context, offer);
    const scored: Scored<Genotype>[] = [];
    for (const plan of plans) {
      const found = await runSearchPhase(context, plan, work);
      if (plan.baseline !== true) scored.push(...found);
    }
    await writeHistograms(run.histograms, network);
    let ranked: readonly RankedPath[] | undefined;
    if (config.rank > 0) {
      const place = { index: 2 + plans.length, of };
      ranked = await scoreRankPaths(context, place, offer);
    }
    return { curve, scales: await adderScales(network), scored: distinct(scored), ranked };
  } finally {
    await offer.withdraw();
    network.dispose();
  }
}

/**
 * The limits of the second search: the energy of the cheapest baseline, where the main limit leaves more. It asks
 * whether a hybrid can beat that baseline at its own price; undefined when nothing in the space is that cheap.
 */
function frugalLimits(
  context: RunContext,
  limits: Limits,
  fixed: readonly { readonly genotype: Genotype }[],
): Limits | undefined {
  if (fixed.length === 0 || context.config.frugal === 0) return undefined;
  const energyMj = Math.min(...fixed.map(({ genotype }) => context.pricer.price(genotype).energyMj));
  if (limits.energyMj !== undefined && limits.energyMj <= energyMj) return undefined;
  const frugal = { ...limits, energyMj };
  try {
    checkFeasible(context, frugal, feasibility(context));
    return frugal;
  } catch (error) {
    if (error instanceof ShiftAddError && error.code === 'limit') return undefined;
    throw error;
  }
}

const feasibility = (context: RunContext) => ({
  problem: problemOf(context),
  task: IMAGE_SEARCH,
});

/** Scored candidates, each genotype once. */
function distinct(scored: readonly Scored<Genotype>[]): Scored<Genotype>[] {
  return [...new Map(scored.map((one) => [one.key, one])).values()];
}
