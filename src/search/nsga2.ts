import { require_ } from '../core/errors.ts';
import type { Collector } from './collector.ts';
import { constrainedRanks, crowding, ranksInTurn } from './crowding.ts';
import {
  type Bounds,
  checkObjectives,
  DEFAULT_OBJECTIVES,
  type Objective,
  objectivePoint,
  violation,
} from './objectives.ts';
import { compareScored, type Scored, type SearchProblem } from './problem.ts';
import {
  type CommonConfig,
  DEFAULT_ATTEMPTS,
  defineSampler,
  type SearchState,
  wholeNumber,
} from './sampler.ts';
import { offerSpread } from './spread.ts';

/**
 * NSGA-II over loss, error or BLEU and any of the costs (Deb et al. 2002). `limits` are hard: what exceeds them is
 * repaired or refused before it is scored. `bounds` hold what only a score can tell, such as an error of at most
 * 0.2, or a cost that may be exceeded on the way: networks beyond them take part, but any network within them
 * dominates them, and of two beyond them the one that violates less. Part of a generation is a Pareto local search
 * (Paquete et al. 2004) where the problem lists its neighbours.
 */
export interface Nsga2Config extends CommonConfig {
  readonly objectives: readonly Objective[];
  /** Most that an objective may be, by its name. */
  readonly bounds: Bounds;
  readonly population: number;
  readonly generations: number;
  /** Probability that a child has two parents; it is mutated in either case. */
  readonly crossover: number;
  /** Part of a generation that is neighbours of the front, new ones only; none in states from before there were any. */
  readonly local?: number | undefined;
  /**
   * Draws for each network of the first generation, of which those far apart in price are scored; states from before
   * there was such a choice have none.
   */
  readonly draws?: number | undefined;
  /** Tries per child asked for before random ones top up. */
  readonly offspringAttempts: number;
  /** Mutations that may move a child beyond the limits back towards them. */
  readonly repairs: number;
}

export const NSGA2_DEFAULTS: Nsga2Config = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  objectives: DEFAULT_OBJECTIVES,
  bounds: {},
  population: 50,
  generations: 20,
  crossover: 0.9,
  local: 0.8,
  draws: 40,
  offspringAttempts: 10,
  repairs: 4,
};

export const nsga2 = defineSampler<Nsga2Config>({
  name: 'nsga2',
  defaults: NSGA2_DEFAULTS,
  check(config) {
    for (const name of ['population', 'generations', 'offspringAttempts'] as const)
      wholeNumber('nsga2', name, config[name]);
    wholeNumber('nsga2', 'repairs', config.repairs, 0);
    checkObjectives('nsga2', [...config.objectives, ...(Object.keys(config.bounds) as Objective[])]);
    require_(config.objectives.length > 0, 'usage', 'nsga2: objectives must name at least one, got none');
    require_(
      config.crossover >= 0 && config.crossover <= 1,
      'usage',
      `nsga2: crossover is a probability from 0 to 1, got ${config.crossover}`,
    );
    const { local = 0 } = config;
    require_(local >= 0 && local <= 1, 'usage', `nsga2: local is a part from 0 to 1, got ${local}`);
    wholeNumber('nsga2', 'draws', config.draws ?? 1);
  },
  batch(state, problem, collector) {
    const { config, scored, population } = state;
    const { random } = collector;
    const { draws = 1, population: count, objectives } = config;
    if (scored.length === 0 && draws > 1) {
      offerSpread(problem, collector, objectives, { count, draws: draws * count });
    }
    offerNeighbours(state, problem, collector);
    // The population is in order of rank and crowding, so a binary tournament is the smaller of two positions.
    const parent = (): Scored<(typeof scored)[number]['genotype']> =>
      scored[population[Math.min(random.integer(population.length), random.integer(population.length))]];
    if (population.length > 1)
      collector.collect(
        config.population - collector.candidates.length,
        config.offspringAttempts * config.population,
        () => {
          const first = parent().genotype;
          const child = random.boolean(config.crossover)
            ? problem.crossover(first, parent().genotype, random)
            : first;
          return problem.mutate(child, random);
        },
        config.repairs,
      );
    collector.fill(config.population, config.attempts);
  },
  survive({ scored, population, config }, batch) {
    const all = [...population.map((id) => scored[id]), ...batch];
    const points = all.map((candidate) => objectivePoint(candidate, config.objectives));
    const violations = all.map((candidate) => violation(candidate, config.bounds));
    const order = constrainedRanks(points, violations).flatMap((rank) => {
      const distance = crowding(rank.map((i) => points[i]));
      const positions = rank.map((_, position) => position);
      positions.sort((a, b) => {
        if (distance[a] !== distance[b]) return distance[a] > distance[b] ? -1 : 1;
        return compareScored(all[rank[a]], all[rank[b]]);
      });
      return positions.map((position) => rank[position]);
    });
    return order.slice(0, config.population).map((i) => all[i].id);
  },
  complete: ({ generation, config }) => generation >= config.generations,
});

/**
 * Neighbours of the front of everything scored, in random order, until they are their part of the generation; once
 * those of the front are used up, of the next rank, and so on. What was learned stays in the scored set alone.
 */
function offerNeighbours<G>(
  { config, scored }: SearchState<G, Nsga2Config>,
  problem: SearchProblem<G>,
  collector: Collector<G>,
): void {
  const count = Math.round((config.local ?? 0) * config.population);
  if (problem.neighbours === undefined || count === 0) return;
  const { random } = collector;
  const points = scored.map((candidate) => objectivePoint(candidate, config.objectives));
  const violations = scored.map((candidate) => violation(candidate, config.bounds));
  for (const rank of ranksInTurn(points, violations)) {
    const around = rank.flatMap((i) => problem.neighbours?.(scored[i].genotype, random) ?? []);
    for (const genotype of random.shuffle(around)) {
      if (collector.candidates.length >= count) return;
      collector.offer(genotype);
    }
  }
}
