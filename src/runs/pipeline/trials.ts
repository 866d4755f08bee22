/**
 * Which candidates of a search are retrained. A supernet tells what differs much; what lies close together in it is put on
 * trial: trained alone for `--trial-epochs`, so that held-out losses of their own weights decide (the first rung of
 * successive halving: Jamieson and Talwalkar 2016; Li and others, Hyperband, 2018).
 *
 *   trial:1 trial:2 ...    one short training each
 *   trials                 which ones go on
 */

import { ShiftAddError } from '../../core/errors.ts';
import { kendallTau } from '../../metrics/rank.ts';
import { bestApart } from '../../search/apart.ts';
import { meets, type Scored, type SearchProblem } from '../../search/problem.ts';
import { chooseWinners, type Winner, type WinnerOptions } from '../../search/winners.ts';
import type { Score } from '../../training/score.ts';
import { type Frame, loadPhase, savePhase, tell } from './context.ts';
import { type AloneTask, type Held, scoresAlone } from './scores-alone.ts';
import type { Trains } from './train-jobs.ts';

/** What their phases begin with. */
export const TRIAL = 'trial';

/** A candidate as the supernet scores it, and after a training of its own. */
export interface Trial {
  readonly genotype: string;
  readonly supernet: Score;
  readonly alone: Score;
}

/** Throws `usage` where trials could not choose: asked before anything is trained. `retrained`: of one search. */
export function checkTrials(trials: number, retrained: number): void {
  if (trials === 0 || trials > retrained) return;
  throw new ShiftAddError(
    'usage',
    `--trials ${trials} leaves nothing to choose where ${retrained} are retrained; give it more, or 0 for none`,
    { trials, retrained },
  );
}

/** The candidates that are put on trial, the best that lie apart; those to retrain at once where there are no trials. */
export function contenders<G>(
  scored: readonly Scored<G>[],
  trials: number,
  options: WinnerOptions,
  { features, size }: Pick<SearchProblem<G>, 'features' | 'size'>,
): Winner<G>[] {
  if (trials === 0) return chooseWinners(scored, options);
  const { tighter } = options;
  const more = { ...options, count: trials, tighter: tighter && { ...tighter, count: trials } };
  if (features === undefined) return chooseWinners(scored, more);
  return chooseWinners(scored, more, (ranked, count) =>
    bestApart<Scored<G>>(ranked, count, {
      features: ({ genotype }) => features(genotype),
      ...(size === undefined ? {} : { size: ({ genotype }: Scored<G>) => size(genotype) }),
    }),
  );
}

export interface Trials<G, J extends { readonly phase: string }> {
  readonly contenders: readonly Winner<G>[];
  readonly options: WinnerOptions;
  readonly trains: Trains<J, Held>;
  /** A training of `--trial-epochs`. */
  job(phase: string, candidate: Scored<G>): J;
}

/** Trains the contenders for a short time and keeps as many as are retrained. `index`: phase of the first trial. */
export async function runTrials<G, J extends { readonly phase: string }>(
  context: Frame,
  place: { readonly index: number; readonly of: number },
  { contenders: all, options, trains, job }: Trials<G, J>,
): Promise<{ readonly chosen: Winner<G>[]; readonly trials: readonly Trial[] }> {
  if (context.config.trials === 0) return { chosen: [...all], trials: [] };
  const tasks = all.map(
    ({ candidate }, i): AloneTask<J> => ({
      title: `trial ${i + 1} of ${all.length} (${candidate.key})`,
      job: (phase) => job(phase, candidate),
    }),
  );
  const alone = await scoresAlone(context, { prefix: TRIAL, ...place }, trains, tasks);
  const trials = all.map(({ candidate: { key, loss, accuracy } }, i) => ({
    ...{ genotype: key, supernet: { loss, accuracy } },
    alone: alone[i],
  }));
  if (loadPhase(context, 'trials') === undefined) {
    tell(context, 'trials', { type: 'note', text: showTrials(trials, context.config.trialEpochs) });
    savePhase(context, 'trials', { done: true });
  }
  return { chosen: bestAlone(all, alone, options), trials };
}

/** The best by their own losses, then the best of the others under the tighter limits; equal ones in the supernet's order. */
function bestAlone<G>(
  all: readonly Winner<G>[],
  alone: readonly Score[],
  { count, tighter }: WinnerOptions,
): Winner<G>[] {
  const ranked = all
    .map(({ candidate, chosenUnder }, i) => ({ candidate, chosenUnder, loss: alone[i].loss }))
    .sort((a, b) => a.loss - b.loss);
  const main = ranked.filter(({ chosenUnder }) => chosenUnder === 'limits').slice(0, count);
  const rest = ranked.filter(
    (one) => !main.includes(one) && meets(one.candidate.costs, tighter?.limits ?? {}),
  );
  const cheaper = rest.slice(0, tighter?.count ?? 0);
  return [
    ...main.map(({ candidate }) => ({ candidate, chosenUnder: 'limits' as const })),
    ...cheaper.map(({ candidate }) => ({ candidate, chosenUnder: 'tighter' as const })),
  ];
}

/** What result.json says of them; nothing where there were none. */
export function trialsResult(trials: readonly Trial[]) {
  return trials.length === 0 ? {} : { trials: trials.map(trialResult) };
}

/** A path in the supernet and alone, as result.json has it. */
export function trialResult({ genotype, supernet, alone }: Trial) {
  return {
    genotype,
    supernetLoss: supernet.loss,
    supernetAccuracy: supernet.accuracy,
    loss: alone.loss,
    accuracy: alone.accuracy,
  };
}

/** `12 trials of 1 epoch: held-out losses 4.02 to 4.55 alone, 3.61 to 3.68 in the supernet, Kendall's tau 0.42` */
export function showTrials(trials: readonly Trial[], epochs: number): string {
  const own = trials.map(({ alone }) => alone.loss);
  const before = trials.map(({ supernet }) => supernet.loss);
  const range = (losses: readonly number[]) =>
    `${Math.min(...losses).toFixed(3)} to ${Math.max(...losses).toFixed(3)}`;
  const tau = trials.length < 2 ? Number.NaN : kendallTau(before, own);
  return (
    `${trials.length} trials of ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}: held-out losses ${range(own)} alone, ` +
    `${range(before)} in the supernet${Number.isNaN(tau) ? '' : `, Kendall's tau ${tau.toFixed(2)}`}`
  );
}
