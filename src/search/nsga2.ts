import { require_ } from '../core/errors.ts';
import { crowding, ranks } from './crowding.ts';
import { COST_NAMES, type Costs, compareScored, type Scored } from './problem.ts';
import { type CommonConfig, DEFAULT_ATTEMPTS, defineSampler, wholeNumber } from './sampler.ts';

/**
 * NSGA-II over loss or error and any of the costs (Deb et al. 2002). Limits are checked before anything is scored,
 * so whatever takes part is feasible; among feasible networks constraint domination is ordinary domination.
 */
export type Objective = 'loss' | 'error' | keyof Costs;

export interface Nsga2Config extends CommonConfig {
  readonly objectives: readonly Objective[];
  readonly population: number;
  readonly generations: number;
  /** Probability that a child has two parents; it is mutated in either case. */
  readonly crossover: number;
  /** Tries per child asked for before random ones top up. */
  readonly offspringAttempts: number;
}

export const NSGA2_DEFAULTS: Nsga2Config = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  objectives: ['loss', 'energyMj'],
  population: 50,
  generations: 20,
  crossover: 0.9,
  offspringAttempts: 10,
};

/** The point of a candidate in the objectives; `error` is 1 - accuracy. */
export function objectivePoint<G>(scored: Scored<G>, objectives: readonly Objective[]): number[] {
  return objectives.map((objective) => {
    if (objective === 'loss') return scored.loss;
    return objective === 'error' ? 1 - scored.accuracy : scored.costs[objective];
  });
}

export const nsga2 = defineSampler<Nsga2Config>({
  name: 'nsga2',
  defaults: NSGA2_DEFAULTS,
  check(config) {
    for (const name of ['population', 'generations', 'offspringAttempts'] as const)
      wholeNumber('nsga2', name, config[name]);
    const known: readonly string[] = ['loss', 'error', ...COST_NAMES];
    for (const objective of config.objectives)
      require_(
        known.includes(objective),
        'usage',
        `nsga2: an objective is one of ${known.join(', ')}, got '${objective}'`,
      );
    require_(config.objectives.length > 0, 'usage', 'nsga2: objectives must name at least one, got none');
    require_(
      config.crossover >= 0 && config.crossover <= 1,
      'usage',
      `nsga2: crossover is a probability from 0 to 1, got ${config.crossover}`,
    );
  },
  batch({ config, scored, population }, problem, collector) {
    const { random } = collector;
    // The population is in order of rank and crowding, so a binary tournament is the smaller of two positions.
    const parent = (): Scored<(typeof scored)[number]['genotype']> =>
      scored[population[Math.min(random.integer(population.length), random.integer(population.length))]];
    if (population.length > 1)
      collector.collect(config.population, config.offspringAttempts * config.population, () => {
        const first = parent().genotype;
        const child = random.boolean(config.crossover)
          ? problem.crossover(first, parent().genotype, random)
          : first;
        return problem.mutate(child, random);
      });
    collector.fill(config.population, config.attempts);
  },
  survive({ scored, population, config }, batch) {
    const all = [...population.map((id) => scored[id]), ...batch];
    const points = all.map((candidate) => objectivePoint(candidate, config.objectives));
    const order = ranks(points).flatMap((rank) => {
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
