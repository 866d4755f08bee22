/**
 * Does the supernet order networks as training alone does? Some paths of the space are drawn, each is scored as the
 * search scores its candidates and then trained from scratch with the recipe of every retrained network, and the two
 * orders are compared by rank correlation. Both scores are cross-entropies on held-out images.
 *
 *   rank-scores    all paths, with the supernet's weights     while the supernet is in memory
 *   rank:1 ...     one training each
 *   rank           tau and rho with their intervals
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { PlannedPhase } from '../../core/events.ts';
import { FEWEST_RANKED, type RankCorrelation, rankCorrelation } from '../../metrics/rank-interval.ts';
import { countSpace } from '../../spaces/count.ts';
import { encode } from '../../spaces/genotype.ts';
import { type SampleMode, sample } from '../../spaces/sample.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { Score } from '../../training/score.ts';
import type { EvaluateJob, Offer, TrainJob } from '../evaluation/evaluator.ts';
import { inOrder } from '../evaluation/in-order.ts';
import { loadPhase, type RunContext, savePhase, stopIfAsked, tell } from './context.ts';
import { type Examples, scoringWork, trainingsWork } from './planned-work.ts';
import { type AloneTask, alonePhases, scoresAlone } from './scores-alone.ts';
import { trainsWith } from './train-jobs.ts';

/** A path as the supernet scores it. */
export interface RankedPath {
  readonly genotype: string;
  readonly supernet: Score;
}

/** The same path after its own training. */
export interface ComparedPath extends RankedPath {
  readonly alone: Score;
}

export interface RankFinding extends RankCorrelation {
  readonly paths: readonly ComparedPath[];
}

interface Place {
  readonly index: number;
  readonly of: number;
}

/** Phases that ranking adds to a run: none, or one that scores and one for each training. */
export function rankPhases({ config }: RunContext): number {
  return config.rank === 0 ? 0 : 1 + config.rank;
}

/** Their work. */
export function rankWork({ config }: RunContext, examples: Examples): PlannedPhase[] {
  if (config.rank === 0) return [];
  const scoring = scoringWork(SCORES_PHASE, config.rank, examples);
  return [scoring, ...trainingsWork(alonePhases(TRAININGS, config.rank), config.epochs)];
}

const SCORES_PHASE = 'rank-scores';
const TRAININGS = 'rank';

/** Throws `usage` where so many different paths cannot be compared: asked before anything is trained. */
export function checkRank(context: RunContext): void {
  const { config, space } = context;
  if (config.rank === 0) return;
  if (config.rank < FEWEST_RANKED) {
    throw new ShiftAddError(
      'usage',
      `--rank compares orders, so it takes at least ${FEWEST_RANKED} paths, but got ${config.rank}; raise it, or leave it out`,
    );
  }
  const total = countSpace(space);
  if (BigInt(config.rank) > total) {
    throw new ShiftAddError(
      'usage',
      `--rank takes ${config.rank} different paths, but space '${space.name}' holds only ${total}; lower it`,
    );
  }
  const found = rankPaths(context).length;
  if (found < config.rank) {
    throw new ShiftAddError(
      'usage',
      `--rank takes ${config.rank} different paths, but ${DRAWS_A_PATH * config.rank} draws found only ${found}; lower it`,
    );
  }
}

/** Draws for each path asked for, before a space that repeats itself too often is given up. */
const DRAWS_A_PATH = 1000;

/** Different paths, drawn as the supernet draws those it trains. */
export function rankPaths({ config, space, random }: RunContext): Genotype[] {
  const stream = random.split('rank paths');
  const paths = new Map<string, Genotype>();
  for (let draw = 0; draw < DRAWS_A_PATH * config.rank && paths.size < config.rank; draw++) {
    const genotype = sample(space, stream, config.paths as SampleMode);
    paths.set(encode(genotype), genotype);
  }
  return [...paths.values()];
}

/** The paths with the scores that the search would give them. */
export async function scoreRankPaths(
  context: RunContext,
  place: Place,
  { supernet }: Offer,
): Promise<readonly RankedPath[]> {
  const phase = SCORES_PHASE;
  const saved = loadPhase<{ readonly paths: readonly RankedPath[]; readonly done: boolean }>(context, phase);
  if (saved?.state.done) return saved.state.paths;
  const genotypes = rankPaths(context);
  const paths = [...(saved?.state.paths ?? [])];
  if (saved === undefined) {
    const title = `scoring ${genotypes.length} paths to compare with training alone`;
    tell(context, phase, { type: 'phase-started', phase, ...place, title });
  }
  const started = Date.now();
  let savedAt = started;
  const jobs = genotypes
    .slice(paths.length)
    .map((genotype): EvaluateJob => ({ kind: 'evaluate', supernet, genotype: encode(genotype) }));
  for await (const { job, result } of inOrder(context.evaluator, jobs, context.signal)) {
    const { loss, accuracy } = result;
    paths.push({ genotype: job.genotype, supernet: { loss, accuracy } });
    if (Date.now() - savedAt > context.saveEvery * 1000) {
      await savePhase(context, phase, { paths, done: false });
      savedAt = Date.now();
    }
  }
  if (context.signal.aborted) await savePhase(context, phase, { paths, done: false });
  stopIfAsked(context);
  tell(context, phase, { type: 'phase-ended', phase, seconds: (Date.now() - started) / 1000 });
  await savePhase(context, phase, { paths, done: true });
  return paths;
}

/** Trains every path alone and compares the orders. `place` is that of the first training. */
export async function runRankPhase(
  context: RunContext,
  place: Place,
  paths: readonly RankedPath[],
): Promise<RankFinding> {
  const phase = 'rank';
  const saved = loadPhase<{ readonly finding: RankFinding }>(context, phase);
  if (saved !== undefined) return saved.state.finding;
  const compared = await trainPaths(context, place, paths);
  const correlation = rankCorrelation(
    compared.map(({ supernet }) => supernet.loss),
    compared.map((path) => path.alone.loss),
    context.random.split('rank intervals'),
  );
  const finding: RankFinding = { ...correlation, paths: compared };
  tell(context, phase, { type: 'note', text: showRank(finding) });
  await savePhase(context, phase, { finding });
  return finding;
}

/** The paths, each with its score after training alone. */
async function trainPaths(
  context: RunContext,
  place: Place,
  paths: readonly RankedPath[],
): Promise<ComparedPath[]> {
  const tasks = paths.map(
    ({ genotype }, i): AloneTask<TrainJob> => ({
      title: `training path ${i + 1} of ${paths.length} alone (${genotype})`,
      job: (phase) => ({
        ...{ kind: 'train', phase, architecture: { genotype, space: context.space }, tests: false },
      }),
    }),
  );
  const scores = await scoresAlone(context, { prefix: TRAININGS, ...place }, trainsWith(context), tasks);
  return paths.map((path, i) => ({ ...path, alone: scores[i] }));
}

/** `supernet against training alone, 8 paths: Kendall's tau 0.64 (95 %: 0.21 to 0.92), Spearman's rho ...` */
export function showRank({
  paths,
  kendallTau,
  spearmanRho,
  confidence,
}: Omit<RankCorrelation, 'resamples'> & { readonly paths: readonly unknown[] }): string {
  const show = ({ value, low, high }: RankCorrelation['kendallTau']) =>
    value === null || low === null || high === null
      ? 'undefined, since one score is the same for all'
      : `${value.toFixed(3)} (${Math.round(confidence * 100)} %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
  return (
    `supernet against training alone, ${paths.length} paths: Kendall's tau ${show(kendallTau)}, ` +
    `Spearman's rho ${show(spearmanRho)}`
  );
}
