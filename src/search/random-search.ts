import { compareScored } from './problem.ts';
import { type CommonConfig, DEFAULT_ATTEMPTS, defineSampler, wholeNumber } from './sampler.ts';

/** Random search: different feasible networks, as many as asked for. The yardstick of every other algorithm. */
export interface RandomSearchConfig extends CommonConfig {
  readonly evaluations: number;
  /** Candidates proposed at a time. */
  readonly batch: number;
}

/** As many evaluations as the published evolution makes (20 generations of 50, spec 6.2). */
export const RANDOM_SEARCH_DEFAULTS: RandomSearchConfig = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  evaluations: 1000,
  batch: 50,
};

export const randomSearch = defineSampler<RandomSearchConfig>({
  name: 'random',
  defaults: RANDOM_SEARCH_DEFAULTS,
  check(config) {
    wholeNumber('random search', 'evaluations', config.evaluations);
    wholeNumber('random search', 'batch', config.batch);
  },
  batch({ config, scored }, _problem, collector) {
    collector.fill(Math.min(config.batch, config.evaluations - scored.length), config.attempts);
  },
  survive({ scored, population, config }, batch) {
    const kept = [...population.map((id) => scored[id]), ...batch].sort(compareScored);
    return kept.slice(0, config.batch).map(({ id }) => id);
  },
  complete: ({ scored, config }) => scored.length >= config.evaluations,
});
