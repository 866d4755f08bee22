import { require_ } from '../core/errors.ts';
import { type Candidate, compareScored, type Scored } from './problem.ts';
import {
  type CommonConfig,
  DEFAULT_ATTEMPTS,
  defineSampler,
  type SearchState,
  wholeNumber,
} from './sampler.ts';

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) over the size of the evaluation: many candidates are
 * scored on few held-out images, the best of them on more, and only the best of those on all.
 *
 *   rung 0   27 candidates   1/9 of the images
 *   rung 1    9              1/3
 *   rung 2    3              all
 *
 * A bracket is one such descent; every bracket starts from new random candidates. A candidate asks for its part by
 * `share`. Only candidates without one are wholly scored, and only these can be compared with each other.
 */
export interface HalvingConfig extends CommonConfig {
  /** Candidates that a bracket starts with. */
  readonly candidates: number;
  /** One candidate in so many moves on, to so many times the images. */
  readonly reduction: number;
  readonly rungs: number;
  readonly brackets: number;
}

export const HALVING_DEFAULTS: HalvingConfig = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  candidates: 135,
  reduction: 3,
  rungs: 3,
  brackets: 20,
};

/** Parts of the evaluation set, rung by rung: the last is 1. */
export function rungShares({ reduction, rungs }: Pick<HalvingConfig, 'reduction' | 'rungs'>): number[] {
  return Array.from({ length: rungs }, (_, rung) => reduction ** (rung - rungs + 1));
}

/** Candidates of each rung of a full bracket. */
export function rungSizes({
  candidates,
  reduction,
  rungs,
}: Omit<HalvingConfig, keyof CommonConfig>): number[] {
  const sizes = [candidates];
  for (let rung = 1; rung < rungs; rung++) sizes.push(survivors(sizes[rung - 1], reduction));
  return sizes;
}

const survivors = (count: number, reduction: number) => Math.max(1, Math.floor(count / reduction));

type State<G> = SearchState<G, HalvingConfig>;

/** The rung that is proposed next: every batch is one rung. */
const rungOf = <G>({ generation, config }: State<G>) => generation % config.rungs;

/** Nothing where the rung is the last: all of the evaluation set. */
function partOf<G>(state: State<G>): { share?: number } {
  const share = rungShares(state.config)[rungOf(state)];
  return share < 1 ? { share } : {};
}

export const halving = defineSampler<HalvingConfig>({
  name: 'halving',
  defaults: HALVING_DEFAULTS,
  check(config) {
    for (const name of ['candidates', 'rungs', 'brackets'] as const)
      wholeNumber('halving', name, config[name]);
    wholeNumber('halving', 'reduction', config.reduction, 2);
    require_(
      config.rungs <= 10,
      'usage',
      `halving: more than 10 rungs leave nothing to score on, got ${config.rungs}`,
    );
  },
  batch({ config }, _problem, collector) {
    collector.fill(config.candidates, config.attempts);
  },
  share: (state) => partOf(state).share,
  promote<G>(state: State<G>): Candidate<G>[] {
    if (rungOf(state) === 0) return [];
    return state.population.map((place) => {
      const { id, key, genotype, costs } = state.scored[place];
      return { id, key, genotype, costs, ...partOf(state) };
    });
  },
  survive<G>(state: State<G>, batch: readonly Scored<G>[]): number[] {
    // The generation counts the batch that was just scored: what is proposed next is one rung on.
    if (rungOf(state) === 0) return [];
    const kept = survivors(batch.length, state.config.reduction);
    return [...batch]
      .sort(compareScored)
      .slice(0, kept)
      .map(({ id }) => id);
  },
  complete: ({ generation, config }) => generation >= config.brackets * config.rungs,
});
