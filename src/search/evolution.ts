import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { compareScored, type Scored, type SearchProblem } from './problem.ts';
import {
  type CommonConfig,
  DEFAULT_ATTEMPTS,
  defineSampler,
  type SearchState,
  wholeNumber,
} from './sampler.ts';
import { inTurns } from './turns.ts';

/**
 * The published evolution (spec 6.2): the first population is random; every later one is 25 mutants and 25 children
 * of the ten best networks seen so far, topped up with random ones where too few new and feasible are found.
 * What the release loops on for ever has a budget here. Four things differ unless `codeExact` asks for the release:
 * candidates are ranked by cross-entropy, which few images tell better than top-1, and within a size where a problem has
 * sizes; a child has two different parents; and the moves are those of the problem, not its `released` ones. What a score is computed on is the caller's: the
 * release takes augmented training images and the norms of the mixed supernet.
 */
export interface EvolutionConfig extends CommonConfig {
  readonly population: number;
  readonly parents: number;
  readonly mutations: number;
  readonly crossovers: number;
  /** Populations evaluated, the random one included. */
  readonly generations: number;
  /** Tries per mutant and per child asked for (10 as released). */
  readonly offspringAttempts: number;
  /**
   * So many of a population but the first are the best ones so far, which are not scored again: the rest of it is new.
   * None for images; all parents as published for translation (spec 7.5).
   */
  readonly elite?: number | undefined;
  /** As released: ranked by accuracy, a child may have one parent twice, and the moves are the problem's `released` ones. */
  readonly codeExact?: boolean | undefined;
}

export const EVOLUTION_DEFAULTS: EvolutionConfig = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  population: 50,
  parents: 10,
  mutations: 25,
  crossovers: 25,
  generations: 20,
  offspringAttempts: 10,
};

export const evolution = defineSampler<EvolutionConfig>({
  name: 'evolution',
  defaults: EVOLUTION_DEFAULTS,
  check(config) {
    for (const name of ['population', 'parents', 'generations', 'offspringAttempts'] as const)
      wholeNumber('evolution', name, config[name]);
    for (const name of ['mutations', 'crossovers'] as const) wholeNumber('evolution', name, config[name], 0);
    const { population, mutations, crossovers, elite = 0 } = config;
    wholeNumber('evolution', 'elite', elite, 0);
    require_(
      elite < population && mutations + crossovers <= population - elite,
      'usage',
      `evolution: mutations (${mutations}) and crossovers (${crossovers}) must fit the population of ${population}${elite > 0 ? ` beside its elite of ${elite}` : ''}`,
    );
  },
  batch(state, problem, collector) {
    const { config } = state;
    const { random } = collector;
    const parents = parentsOf(state, problem);
    const moves = config.codeExact === true ? (problem.released ?? problem) : problem;
    if (parents.length > 0)
      collector.collect(config.mutations, config.offspringAttempts * config.mutations, () =>
        moves.mutate(random.choice(parents).genotype, random),
      );
    const pair = config.codeExact === true ? anyTwo : twoDifferent;
    if (parents.length > 1)
      collector.collect(config.crossovers, config.offspringAttempts * config.crossovers, () => {
        const [first, second] = pair(parents.length, random);
        return moves.crossover(parents[first].genotype, parents[second].genotype, random);
      });
    const elite = state.generation === 0 ? 0 : (config.elite ?? 0);
    collector.fill(config.population - elite, config.attempts);
  },
  survive({ scored, population, config }, batch) {
    const compare = config.codeExact === true ? byAccuracy : compareScored;
    const kept = [...population.map((id) => scored[id]), ...batch].sort(compare);
    return kept.slice(0, Math.max(config.population, config.parents)).map(({ id }) => id);
  },
  complete: ({ generation, config }) => generation >= config.generations,
});

/** Two different positions below `count`: a child of one with itself would only be thrown away as seen. */
function twoDifferent(count: number, random: Random): [number, number] {
  const first = random.integer(count);
  return [first, (first + 1 + random.integer(count - 1)) % count];
}

function anyTwo(count: number, random: Random): [number, number] {
  return [random.integer(count), random.integer(count)];
}

/** Higher accuracy first; of equal ones the earlier. */
function byAccuracy<G>(a: Scored<G>, b: Scored<G>): number {
  return b.accuracy - a.accuracy || a.id - b.id;
}

/** The best so far, of every size alike; an elite, as published for translation, is the best of all. */
function parentsOf<G>(
  { scored, population, config }: SearchState<G, EvolutionConfig>,
  { size }: SearchProblem<G>,
): Scored<G>[] {
  if (config.codeExact === true || (config.elite ?? 0) > 0 || size === undefined)
    return population.slice(0, config.parents).map((id) => scored[id]);
  return inTurns([...scored].sort(compareScored), config.parents, ({ genotype }) => size(genotype));
}
