/**
 * The main job on sentence pairs, phase after phase, each with its own checkpoint:
 *
 *   supernet -> search under limits -> (trials) -> retrain the best and the fixed networks, measure -> winner, result
 *
 * Held-out pairs choose; the test set is measured once for each network that is trained alone.
 */

import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic.ts';
import { findAccelerator } from '../../hardware/index.ts';
import { costsAmong } from '../../search/objectives.ts';
import type { Costs, Scored, SearchProblem } from '../../search/problem.ts';
import { translationProblem } from '../../search/translation-problem.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import { PUBLISHED_TRANSLATION_RATES } from '../../spaces/seq2seq/moves.ts';
import type { TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { networkOf } from '../../spaces/seq2seq/space.ts';
import { adderScales, type ScaleRange } from '../../supernet/adder-scales.ts';
import { countTranslator } from '../../supernet/translator/declarations.ts';
import { extentOfSpace } from '../../supernet/translator/extent.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { askedOf, METRICS } from '../asked.ts';
import type { Offer } from '../evaluation/evaluator.ts';
import { inFrame } from '../pipeline/frame.ts';
import {
  boundsOf,
  checkArea,
  limitsOf,
  searchedObjectives,
  TRANSLATION_SEARCH,
} from '../pipeline/planned-search.ts';
import { numbered, type SearchedRun, searchedWork, tellTrainings } from '../pipeline/planned-work.ts';
import {
  checkFeasible,
  runSearchPhase,
  type SearchPlan,
  type SearchWork,
  scoresBy,
  searchPlans,
} from '../pipeline/search-phase.ts';
import { type Searched, searchResult } from '../pipeline/search-result.ts';
import type { SessionOptions } from '../pipeline/session.ts';
import { takingsFor } from '../pipeline/take-retrained.ts';
import { checkTrials } from '../pipeline/trial-rounds.ts';
import { runTrials } from '../pipeline/trials.ts';
import { type ResultInput, writeResult } from '../result.ts';
import { translationBaselines } from './baselines.ts';
import { openTranslationContext, type TranslationContext } from './context.ts';
import { saveTranslator } from './files.ts';
import type { TrainedTranslator, TranslatorJob } from './jobs.ts';
import { namedTranslator } from './named-translator.ts';
import { translatorResult } from './result-of.ts';
import { heldPairs } from './train-alone.ts';
import {
  type Trainee,
  trainsTranslators,
  trainTranslationSupernet,
  trainTranslators,
} from './train-network.ts';

/** Opens what a run on sentences needs, does its work, and closes everything. */
export async function translationSession<T>(
  options: SessionOptions,
  work: (context: TranslationContext) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const { context, notes, data, close } = await openTranslationContext(options);
  try {
    const subwords = context.subwords.model.checksum;
    return await inFrame(context, options, { started, notes, data, subwords }, () => work(context));
  } finally {
    await close();
  }
}

/** Runs a search to its end, from wherever its folder stands. Returns what result.json holds. */
export function runTranslationPipeline(options: SessionOptions): Promise<ResultInput> {
  return translationSession(options, searchAndRetrain);
}

async function searchAndRetrain(context: TranslationContext): Promise<ResultInput> {
  const started = Date.now();
  const { config, space, pricer, run } = context;
  const accelerator = findAccelerator(config.accelerator);
  checkArea(config, accelerator, TRANSLATION_SEARCH);
  const fixed = translationBaselines(space);
  const limits = limitsOf(config, pricer.price(fixed[0].genotype));
  const objectives = searchedObjectives(config, TRANSLATION_SEARCH);
  checkFeasible(context, limits, { problem: problemOf(context), task: TRANSLATION_SEARCH });
  checkTrials(config, config.winners);

  const searches = 1 + config.randomSearches;
  const of = 1 + searches + config.trials + config.winners + fixed.length;
  const main = { phase: 'search', title: 'searching', limits, generations: config.generations };
  const plans = searchPlans(config, [main], of);
  tellWork(context, {
    ...{ searches: plans, trials: config.trials },
    alone: [...numbered('candidate', config.winners), ...fixed],
  });
  const { supernet, curve } = await trainTranslationSupernet(context, of);
  let scored: readonly Scored<TranslationGenotype>[];
  let scales: ScaleRange | undefined;
  try {
    scales = await adderScales(supernet);
    scored = await runSearches(context, supernet, plans);
  } finally {
    supernet.dispose();
  }
  const { chosen, trials } = await runTrials<TranslationGenotype, TranslatorJob>(
    context,
    { index: 2 + searches, of },
    {
      ...{ scored, problem: problemOf(context), options: { count: config.winners, limits } },
      takings: takingsFor(objectives, context.subwords.size, boundsOf(config, TRANSLATION_SEARCH)),
      baselines: fixed.map(({ genotype }) => genotype),
      trains: trainsTranslators(context),
      job: (phase, { key, genotype }) => ({
        ...{ kind: 'train', phase, title: `trial of ${key}`, network: networkOf(space, genotype) },
        trialEpochs: config.trialEpochs,
      }),
    },
  );
  const trainees: (Trainee & { readonly genotype: TranslationGenotype })[] = [
    ...chosen.map(({ candidate }, i) => ({
      ...traineeOf(context, `candidate-${i + 1}`, candidate.genotype),
      role: 'candidate' as const,
    })),
    ...fixed.map(({ name, genotype }) => ({
      ...traineeOf(context, name, genotype),
      role: 'baseline' as const,
    })),
  ];
  tellWork(context, { searches: plans, trials: trials.length, alone: trainees });
  const measured = await trainTranslators(
    context,
    { first: 2 + searches + trials.length, of: 1 + searches + trials.length + trainees.length },
    trainees,
  );
  const best = bestOf(trainees, measured, costsAmong(objectives)[0]);
  writeTranslator(context, run.winner, trainees[best], measured[best]);
  const networks = trainees.map((trainee, i) => ({
    role: trainee.role,
    result: translatorResult(context, trainee, measured[i]),
  }));
  const result = resultOf(context, {
    searched: { scored, generations: config.generations, limits, objectives, trials },
    ...{ curve, scales, networks, best },
    accelerator: { ...accelerator },
    times: { finishedAt: new Date().toISOString(), secondsOfLastProcess: (Date.now() - started) / 1000 },
  });
  writeResult(run.result, result);
  return result;
}

function traineeOf(
  { space, pricer }: TranslationContext,
  name: string,
  genotype: TranslationGenotype,
): Omit<Trainee, 'role'> & { readonly genotype: TranslationGenotype } {
  const costs = () => pricer.price(genotype);
  return { name, key: encodeTranslation(genotype), genotype, network: networkOf(space, genotype), costs };
}

/** Tells how much work the run is. */
function tellWork(
  context: TranslationContext,
  work: Pick<SearchedRun, 'searches' | 'trials' | 'alone'>,
): void {
  const { bus, config, encoded } = context;
  const examples = { trained: encoded.train.from.length, scored: heldPairs(context).chosen.length };
  bus.emit({
    type: 'run-planned',
    phases: searchedWork(config, { ...work, task: TRANSLATION_SEARCH, examples }),
  });
}

/** What the run's own search has scored in full. */
async function runSearches(
  context: TranslationContext,
  supernet: Translator,
  plans: readonly SearchPlan[],
): Promise<readonly Scored<TranslationGenotype>[]> {
  const offer = await context.evaluator.offer(supernet);
  try {
    const work = translationSearch(context, offer);
    const scored: Scored<TranslationGenotype>[] = [];
    for (const plan of plans) {
      const found = await runSearchPhase(context, plan, work);
      if (plan.baseline !== true) scored.push(...found);
    }
    return scored;
  } finally {
    await offer.withdraw();
  }
}

/** The problem that its searches have; `evolution-released` moves as published. */
export function problemOf({
  space,
  pricer,
  config,
}: Pick<TranslationContext, 'space' | 'pricer' | 'config'>): SearchProblem<TranslationGenotype> {
  const price = (genotype: TranslationGenotype) => pricer.price(genotype);
  const released = config.algorithm === 'evolution-released';
  return translationProblem(space, price, released ? { rates: PUBLISHED_TRANSLATION_RATES } : {});
}

/** The search over an offered supernet. */
function translationSearch(context: TranslationContext, offer: Offer): SearchWork<TranslationGenotype> {
  return {
    problem: problemOf(context),
    task: TRANSLATION_SEARCH,
    choices: context.subwords.size,
    known: new Map(),
    scores: (candidates) => scoresBy(context, offer, candidates),
  };
}

/** The candidate with the best BLEU on held-out pairs; of equals the cheaper one, by `cost`. */
function bestOf(
  trainees: readonly Trainee[],
  measured: readonly TrainedTranslator[],
  cost: keyof Costs,
): number {
  const candidates = trainees.map((_, i) => i).filter((i) => trainees[i].role === 'candidate');
  return candidates.sort(
    (a, b) =>
      measured[b].validation.bleu - measured[a].validation.bleu ||
      (trainees[a].costs()[cost] ?? 0) - (trainees[b].costs()[cost] ?? 0),
  )[0];
}

/** The network with its weights, its subwords, its scores and what was asked for. */
export function writeTranslator(
  context: TranslationContext,
  dir: string,
  trainee: Trainee,
  measured: TrainedTranslator,
): void {
  const { dataset, subwords, norm, config, sharingAlone } = context;
  const metrics = { ...translatorResult(context, trainee, measured), ...askedOf(context, trainee.seed) };
  writeFileAtomic(join(dir, METRICS), `${JSON.stringify(metrics, null, 2)}\n`);
  saveTranslator(
    dir,
    {
      ...{ genotype: trainee.key, network: trainee.network, pair: dataset.pair },
      ...{ vocabulary: subwords.size, norm, longest: config.longest, sharing: sharingAlone },
      ...{ beam: config.beam, lengthPenalty: measured.lengthPenalty },
    },
    subwords,
    measured.tensors,
  );
}

interface Findings {
  readonly accelerator: ResultInput['accelerator'];
  readonly curve: readonly CurvePoint[];
  /** Of the supernet's adders when it was trained; undefined without any. */
  readonly scales: ScaleRange | undefined;
  readonly searched: Searched<TranslationGenotype>;
  readonly networks: readonly { readonly role: Trainee['role']; readonly result: ResultInput['winner'] }[];
  readonly best: number;
  readonly times: ResultInput['times'];
}

function resultOf(context: TranslationContext, found: Findings): ResultInput {
  const { config, dataset, encoded, space, subwords, norm, sharing, run, latency } = context;
  const { networks, best } = found;
  const size = { extent: extentOfSpace(space), vocabulary: subwords.size, norm };
  const of = (role: Trainee['role']) =>
    networks.filter((one, i) => one.role === role && i !== best).map(({ result }) => result);
  return {
    schema: 1,
    command: run.description.command,
    config: { ...config },
    dataset: {
      source: dataset.source,
      pair: `${dataset.pair.from}-${dataset.pair.to}`,
      vocabulary: subwords.size,
      train: encoded.train.from.length,
      validation: encoded.valid.from.length,
      test: encoded.test.from.length,
    },
    accelerator: found.accelerator,
    bits: Number(config.bits),
    ...(latency === undefined ? {} : { latency: latency.source }),
    supernet: {
      params: countTranslator(size, sharing).total,
      paramsUnshared: countTranslator(size, { ...sharing, families: [] }).total,
      ...(found.scales === undefined ? {} : { adderScale: found.scales }),
      curve: found.curve.map((point) => ({ ...point })),
    },
    ...searchResult(found.searched),
    winner: { ...networks[best].result, name: 'winner' },
    candidates: of('candidate'),
    baselines: of('baseline'),
    times: found.times,
  };
}

/** `train`: one translator alone. */
export function runTranslationTraining(options: SessionOptions, word: string) {
  return translationSession(options, async (context) => {
    const trainee = { ...namedTranslator(context, word), name: 'network' };
    tellTrainings(context, [trainee]);
    const [measured] = await trainTranslators(context, { first: 1, of: 1 }, [trainee]);
    writeTranslator(context, context.run.winner, trainee, measured);
    return translatorResult(context, trainee, measured);
  });
}
