import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { Collector, Priced } from './collector.ts';
import { compareScored, type SearchProblem } from './problem.ts';
import { fitRanking, predictRank, type RankingModel } from './ranking.ts';
import { type CommonConfig, DEFAULT_ATTEMPTS, defineSampler, wholeNumber } from './sampler.ts';

/**
 * Predictor-assisted search: a ranking model, fitted to everything scored so far, looks through many offspring of
 * the best and many random networks; those it likes best are scored, and a few random ones with them. The predictor
 * proposes, the supernet disposes. The model is in the state, as `memory`.
 */
export interface PredictorConfig extends CommonConfig {
  /** Candidates scored in a generation; the first generation is random. */
  readonly population: number;
  readonly generations: number;
  /** Best candidates so far that have offspring. */
  readonly parents: number;
  /** Networks that the model looks at for each it may propose. */
  readonly pool: number;
  /** Part of a generation that is drawn at random and not by the model. */
  readonly explore: number;
  /** How strongly the model's weights are drawn to zero, in examples. */
  readonly ridge: number;
  /** Mutations that may move a network beyond the limits back towards them. */
  readonly repairs: number;
}

export const PREDICTOR_DEFAULTS: PredictorConfig = {
  limits: {},
  attempts: DEFAULT_ATTEMPTS,
  population: 50,
  generations: 20,
  parents: 10,
  pool: 20,
  explore: 0.1,
  ridge: 1,
  repairs: 4,
};

export const predictor = defineSampler<PredictorConfig>({
  name: 'predictor',
  defaults: PREDICTOR_DEFAULTS,
  check(config) {
    for (const name of ['population', 'generations', 'parents', 'pool'] as const)
      wholeNumber('predictor', name, config[name]);
    wholeNumber('predictor', 'repairs', config.repairs, 0);
    require_(
      config.explore >= 0 && config.explore <= 1,
      'usage',
      `predictor: explore is a part from 0 to 1, got ${config.explore}`,
    );
    require_(config.ridge > 0, 'usage', `predictor: ridge must be above 0, got ${config.ridge}`);
  },
  learn({ scored, config }, problem): RankingModel | null {
    if (scored.length === 0) return null;
    return fitRanking(
      scored.map(({ genotype }) => featuresOf(problem, genotype)),
      scored.map(({ loss }) => loss),
      config.ridge,
    );
  },
  batch({ config, scored, population, memory }, problem, collector) {
    const model = memory as RankingModel | null;
    if (model !== null) {
      const parents = population.slice(0, config.parents).map((id) => scored[id].genotype);
      const count = Math.round((1 - config.explore) * config.population);
      for (const priced of liked(problem, { model, parents }, collector, {
        draws: config.pool * config.population,
        repairs: config.repairs,
      })) {
        if (collector.candidates.length >= count) break;
        collector.take(priced);
      }
    }
    collector.fill(config.population, config.attempts);
  },
  survive({ scored, population, config }, batch) {
    const kept = [...population.map((id) => scored[id]), ...batch].sort(compareScored);
    return kept.slice(0, config.parents).map(({ id }) => id);
  },
  complete: ({ generation, config }) => generation >= config.generations,
});

/** What a model has learned, and the networks whose offspring it looks at. */
export interface Guide<G> {
  readonly model: RankingModel;
  readonly parents: readonly G[];
}

/** New networks within the limits out of so many draws, those that the model likes best first; none joins the batch. */
export function liked<G>(
  problem: SearchProblem<G>,
  { model, parents }: Guide<G>,
  collector: Collector<G>,
  { draws, repairs }: { readonly draws: number; readonly repairs: number },
): Liked<G>[] {
  const found: Liked<G>[] = [];
  for (let i = 0; i < draws; i++) {
    const priced = collector.considerRepaired(draw(problem, parents, i, collector.random), repairs);
    if (priced) found.push({ ...priced, rank: predictRank(model, featuresOf(problem, priced.genotype)) });
  }
  return found.sort(compareLiked);
}

/** A network and its place in the order of a model: the lower the better. */
export interface Liked<G> extends Priced<G> {
  readonly rank: number;
}

export function compareLiked<G>(a: Liked<G>, b: Liked<G>): number {
  return a.rank - b.rank || (a.key < b.key ? -1 : 1);
}

/** A quarter is random, a quarter are children of two, half are mutants. */
function draw<G>(problem: SearchProblem<G>, parents: readonly G[], i: number, random: Random): G {
  if (i % 4 === 0) return problem.sample(random);
  if (i % 4 === 1) return problem.crossover(random.choice(parents), random.choice(parents), random);
  return problem.mutate(random.choice(parents), random);
}

/** What the problem says of a genotype, or the letters of its key, each with its place and with the next. */
export function featuresOf<G>(problem: SearchProblem<G>, genotype: G): readonly string[] {
  if (problem.features !== undefined) return problem.features(genotype);
  const letters = [...problem.key(genotype)];
  return letters.flatMap((letter, i) => [`${i}${letter}`, `${i}${letter}${letters[i + 1] ?? ''}`]);
}
