/**
 * Which candidates of a search are retrained. A supernet tells what differs much; what lies close together in it is put on
 * trial: trained alone for `--trial-epochs`, so that held-out losses of their own weights decide (the first rung of
 * successive halving: Jamieson and Talwalkar 2016; Li and others, Hyperband, 2018). In further rounds the trials search
 * themselves: offspring of the best so far, baselines among them, are tried.
 *
 *   trial:1 trial:2 ...    one short training each
 *   trials                 which ones go on
 */

import { kendallTau } from '../../metrics/rank.ts';
import type { Priced } from '../../search/collector.ts';
import type { Scored, SearchProblem } from '../../search/problem.ts';
import { chooseWinners, type Winner, type WinnerOptions } from '../../search/winners.ts';
import type { Score } from '../../training/score.ts';
import { type Frame, loadPhase, savePhase, tell } from './context.ts';
import { type AloneTask, type Held, scoresAlone } from './scores-alone.ts';
import type { Takings } from './take-retrained.ts';
import type { Trains } from './train-jobs.ts';
import { baselinesToTry, contenders, offspringOf, shapesInTurn, sizesOfRounds } from './trial-rounds.ts';

/** What their phases begin with. */
export const TRIAL = 'trial';

/** A candidate after a training of its own. */
export interface Trial {
  readonly genotype: string;
  /** From 1; from the second on they are offspring of those before. */
  readonly round: number;
  /** As the supernet scores it; baselines and offspring it never saw. */
  readonly supernet?: Score;
  /** Whether it is a baseline, which is trained in any case. */
  readonly baseline?: boolean;
  readonly alone: Score;
}

export interface Trials<G, J extends { readonly phase: string }> {
  /** What the searches have scored. */
  readonly scored: readonly Scored<G>[];
  readonly problem: SearchProblem<G>;
  readonly options: WinnerOptions;
  /** Networks that are trained anyway: something else is searched for, unless nothing else meets the limits. */
  readonly baselines: readonly G[];
  /** How those to try and those to retrain are taken. */
  readonly takings: Takings<G>;
  readonly trains: Trains<J, Held>;
  /** A training of `--trial-epochs`. */
  job(phase: string, candidate: Priced<G>): J;
}

/**
 * What is retrained: the best of the searches, or, where there are trials, the best after a short training of each.
 * `index`: phase of the first trial.
 */
export async function runTrials<G, J extends { readonly phase: string }>(
  context: Frame,
  { index, of }: { readonly index: number; readonly of: number },
  { scored, problem, options, takings, baselines, trains, job }: Trials<G, J>,
): Promise<{ readonly chosen: Winner<G>[]; readonly trials: readonly Trial[] }> {
  const { config, random } = context;
  const fixed = new Set(baselines.map((genotype) => problem.key(genotype)));
  const others = scored.filter(({ key }) => !fixed.has(key));
  const candidates = others.length > 0 ? others : scored;
  if (config.trials === 0) return { chosen: chooseWinners(candidates, options, takings.scored), trials: [] };
  const uniform = baselinesToTry(config, baselines, problem);
  const tried: Scored<G>[] = [];
  const trials: Trial[] = [];
  for (const [at, size] of sizesOfRounds(config).entries()) {
    const round = at + 1;
    const next: readonly (Priced<G> & Partial<Score>)[] =
      round === 1
        ? [...contenders(candidates, size - uniform.length, options, problem, takings.scored), ...uniform]
        : offspringOf(tried, size, { problem, options, fixed, random: random.split(`trials-${round}`) });
    const tasks = next.map(
      (one, i): AloneTask<J> => ({
        title: titleOf(one, { number: i + 1, of: next.length }, { round, of: config.trialRounds }),
        job: (phase) => job(phase, one),
      }),
    );
    const place = { prefix: TRIAL, first: tried.length + 1, index: index + tried.length, of };
    const alone = await scoresAlone(context, place, trains, tasks);
    for (const [i, { key, genotype, costs, loss, accuracy }] of next.entries()) {
      const supernet = loss === undefined || accuracy === undefined ? {} : { supernet: { loss, accuracy } };
      tried.push({ id: tried.length, key, genotype, costs, ...alone[i] });
      const baseline = fixed.has(key) ? { baseline: true } : {};
      trials.push({ genotype: key, round, ...supernet, ...baseline, alone: alone[i] });
    }
  }
  if (loadPhase(context, 'trials') === undefined) {
    tell(context, 'trials', { type: 'note', text: showTrials(trials, config.trialEpochs) });
    await savePhase(context, 'trials', { done: true });
  }
  const own = tried.filter(({ key }) => !fixed.has(key));
  const take = takings.tried ?? shapesInTurn(problem);
  return { chosen: chooseWinners(own.length > 0 ? own : tried, options, take), trials };
}

/** `trial 3 of 8 (key)`, and the round where there are several */
function titleOf(
  { key }: { readonly key: string },
  trial: { readonly number: number; readonly of: number },
  { round, of }: { readonly round: number; readonly of: number },
): string {
  const where = of === 1 ? '' : `, round ${round} of ${of}`;
  return `trial ${trial.number} of ${trial.of}${where} (${key})`;
}

/** What result.json says of them; nothing where there were none. */
export function trialsResult(trials: readonly Trial[]) {
  if (trials.length === 0) return {};
  const listed = ({ genotype, round, alone: { loss, accuracy } }: Trial) => ({
    ...{ genotype, round, loss, accuracy },
  });
  const baselines = trials.filter(({ baseline, supernet }) => baseline === true && supernet === undefined);
  const offspring = trials.filter(({ round }) => round > 1);
  return {
    trials: trials.filter(scoredByBoth).map(trialResult),
    ...(baselines.length === 0 ? {} : { triedBaselines: baselines.map(listed) }),
    ...(offspring.length === 0 ? {} : { offspring: offspring.map(listed) }),
  };
}

/** A path in the supernet and alone. */
type InBoth = Pick<Trial, 'genotype' | 'alone'> & { readonly supernet: Score };

const scoredByBoth = (trial: Trial): trial is Trial & InBoth => trial.supernet !== undefined;

/** The same, as result.json has it. */
export function trialResult({ genotype, supernet, alone }: InBoth) {
  return {
    genotype,
    supernetLoss: supernet.loss,
    supernetAccuracy: supernet.accuracy,
    loss: alone.loss,
    accuracy: alone.accuracy,
  };
}

/**
 * `8 trials of 1 epoch: held-out losses 4.02 to 4.55 alone, 3.61 to 3.68 in the supernet, Kendall's tau 0.42; 4 baselines:
 * 4.05 to 4.31; 8 offspring in round 2: 3.97 to 4.11`
 */
export function showTrials(trials: readonly Trial[], epochs: number): string {
  const range = (losses: readonly number[]) =>
    `${Math.min(...losses).toFixed(3)} to ${Math.max(...losses).toFixed(3)}`;
  const own = (some: readonly Trial[]) => some.map(({ alone }) => alone.loss);
  const first = trials.filter(scoredByBoth);
  const before = first.map(({ supernet }) => supernet.loss);
  const tau = first.length < 2 ? Number.NaN : kendallTau(before, own(first));
  const baselines = trials.filter(({ baseline, round }) => baseline === true && round === 1);
  const uniform = baselines.length === 0 ? '' : `; ${baselines.length} baselines: ${range(own(baselines))}`;
  const rounds = [...new Set(trials.map(({ round }) => round))].filter((round) => round > 1);
  const later = rounds.map((round) => {
    const some = trials.filter((trial) => trial.round === round);
    return `; ${some.length} offspring in round ${round}: ${range(own(some))}`;
  });
  return (
    `${first.length} trials of ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}: held-out losses ${range(own(first))} alone, ` +
    `${range(before)} in the supernet${Number.isNaN(tau) ? '' : `, Kendall's tau ${tau.toFixed(2)}`}${uniform}${later.join('')}`
  );
}
