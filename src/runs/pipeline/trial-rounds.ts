/**
 * Who is put on trial, round after round: first the best by the supernet that lie apart, and baselines beside them, then
 * offspring of the best by their own losses.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { bestApart } from '../../search/apart.ts';
import type { Priced } from '../../search/collector.ts';
import { offspring } from '../../search/offspring.ts';
import { meets, type Scored, type SearchProblem } from '../../search/problem.ts';
import { inTurns } from '../../search/turns.ts';
import { chooseWinners, type Taking, type WinnerOptions } from '../../search/winners.ts';
import type { RunConfig } from '../options.ts';

type TrialConfig = Pick<RunConfig, 'trials' | 'trialRounds'>;

/** Throws `usage` where trials could not choose: asked before anything is trained. `retrained`: of one search. */
export function checkTrials({ trials, trialRounds }: TrialConfig, retrained: number): void {
  if (trials === 0) return;
  if (trials <= retrained)
    throw new ShiftAddError(
      'usage',
      `--trials ${trials} leaves nothing to choose where ${retrained} are retrained; give it more, or 0 for none`,
      { trials, retrained },
    );
  if (trials < 2 * trialRounds && trialRounds > 1)
    throw new ShiftAddError(
      'usage',
      `--trials ${trials} in ${trialRounds} rounds are fewer than two a round; give more trials or fewer --trial-rounds`,
      { trials, trialRounds },
    );
}

/** How many are tried in each round: as equal as can be, the first rounds the larger ones. */
export function sizesOfRounds({ trials, trialRounds }: TrialConfig): number[] {
  return Array.from({ length: trialRounds }, (_, round) => Math.ceil((trials - round) / trialRounds));
}

/**
 * Baselines that are tried in the first of several rounds: each tells what one kind of block does, as no hybrid does, and all
 * together take half of the round at most. None where that leaves room for fewer than all.
 */
export function baselinesToTry<G>(
  config: TrialConfig,
  baselines: readonly G[],
  problem: SearchProblem<G>,
): readonly Priced<G>[] {
  const [first] = sizesOfRounds(config);
  if (config.trialRounds === 1 || first < 2 * baselines.length) return [];
  return baselines.map((genotype) => ({
    ...{ genotype, key: problem.key(genotype), costs: problem.price(genotype) },
  }));
}

export interface RoundOptions<G> {
  readonly problem: SearchProblem<G>;
  readonly options: WinnerOptions;
  /** Keys of networks that are trained anyway. */
  readonly fixed: ReadonlySet<string>;
  readonly random: Random;
}

/**
 * The first round, under the limits and below the cheapest baseline: the best by the supernet that lie apart, or whatever
 * `take` takes.
 */
export function contenders<G>(
  scored: readonly Scored<G>[],
  count: number,
  options: WinnerOptions,
  problem: SearchProblem<G>,
  take?: Taking<G>,
): readonly Scored<G>[] {
  const { tighter } = options;
  const more = { ...options, count, ...(tighter === undefined ? {} : { tighter: { ...tighter, count } }) };
  const { features, size } = problem;
  const taking: Taking<G> | undefined =
    features &&
    ((ranked, wanted) =>
      bestApart<Scored<G>>(ranked, wanted, {
        features: ({ genotype }) => features(genotype),
        ...(size === undefined ? {} : { size: ({ genotype }: Scored<G>) => size(genotype) }),
      }));
  return chooseWinners(scored, more, take ?? taking).map(({ candidate }) => candidate);
}

/** What is retrained after trials: the best of each shape in turn, the best of all first; undefined where there are no shapes. */
export function shapesInTurn<G>({ shape }: SearchProblem<G>): Taking<G> | undefined {
  return shape && ((ranked, count) => inTurns(ranked, count, ({ genotype }) => shape(genotype)));
}

/** A further round: offspring of the best so far, under the limits and below the cheapest baseline. */
export function offspringOf<G>(
  tried: readonly Scored<G>[],
  count: number,
  { problem, options: { limits = {}, tighter }, fixed, random }: RoundOptions<G>,
): readonly Priced<G>[] {
  const main = offspring(problem, tried, { limits, count, taken: fixed, random });
  if (tighter === undefined) return main;
  const cheap = tried.filter(({ costs }) => meets(costs, tighter.limits));
  const taken = [...fixed, ...tried.map(({ key }) => key), ...main.map(({ key }) => key)];
  return [...main, ...offspring(problem, cheap, { limits: tighter.limits, count, taken, random })];
}
