import { require_ } from '../core/errors.ts';
import { compareScored } from './problem.ts';
import { type CommonConfig, DEFAULT_ATTEMPTS, defineSampler, wholeNumber } from './sampler.ts';

/**
 * Regularised evolution (Real et al., AAAI 2019): a population that forgets. Each child is a mutant of the best of a
 * few members drawn at random; it joins at the young end, and the oldest leaves, however good it was.
 *
 *   oldest <- [ . . . . . . . . ] <- child
 *                 |  |     |
 *                 sample: the best of these has a child
 */
export interface AgingConfig extends CommonConfig {
  /** Members that are alive at a time; the first ones are random. */
  readonly population: number;
  /** Members drawn, with replacement, to find a parent. */
  readonly sample: number;
  /** Children proposed at a time: 1 as published, more where scoring goes on in parallel. */
  readonly batch: number;
  readonly evaluations: number;
  /** Tries per child asked for before random ones top up. */
  readonly offspringAttempts: number;
  /** Mutations that may move a child beyond the limits back towards them. */
  readonly repairs: number;
}

/** Population 100 and sample 25 as in section 3 of the paper, evaluations as in the other searches. */
export const AGING_DEFAULTS: AgingConfig = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  population: 100,
  sample: 25,
  batch: 1,
  evaluations: 1000,
  offspringAttempts: 20,
  repairs: 4,
};

export const aging = defineSampler<AgingConfig>({
  name: 'aging',
  defaults: AGING_DEFAULTS,
  check(config) {
    for (const name of ['population', 'sample', 'batch', 'evaluations', 'offspringAttempts'] as const)
      wholeNumber('aging', name, config[name]);
    wholeNumber('aging', 'repairs', config.repairs, 0);
    require_(
      config.batch <= config.population,
      'usage',
      `aging: a batch (${config.batch}) must fit the population of ${config.population}, or children would die unseen`,
    );
  },
  batch({ config, scored, population }, problem, collector) {
    const { random } = collector;
    const left = config.evaluations - scored.length;
    if (scored.length < config.population) {
      collector.fill(Math.min(config.population - scored.length, left), config.attempts);
      return;
    }
    const count = Math.min(config.batch, left);
    const parent = () => {
      let best = scored[random.choice(population)];
      for (let i = 1; i < config.sample; i++) {
        const other = scored[random.choice(population)];
        if (compareScored(other, best) < 0) best = other;
      }
      return best.genotype;
    };
    collector.collect(
      count,
      config.offspringAttempts * count,
      () => problem.mutate(parent(), random),
      config.repairs,
    );
    collector.fill(count, config.attempts);
  },
  survive: ({ population, config }, batch) =>
    [...population, ...batch.map(({ id }) => id)].slice(-config.population),
  complete: ({ scored, config }) => scored.length >= config.evaluations,
});
