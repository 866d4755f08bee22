import { require_ } from '../core/errors.ts';
import { AGING_DEFAULTS, aging } from './aging.ts';
import { EVOLUTION_DEFAULTS, evolution } from './evolution.ts';
import { HALVING_DEFAULTS, halving, rungShares, rungSizes } from './halving.ts';
import type { AlgorithmName } from './names.ts';
import { NSGA2_DEFAULTS, nsga2 } from './nsga2.ts';
import type { Bounds, Objective } from './objectives.ts';
import { PREDICTOR_DEFAULTS, predictor } from './predictor.ts';
import type { Limits } from './problem.ts';
import { RANDOM_SEARCH_DEFAULTS, randomSearch } from './random-search.ts';
import type { CommonConfig, Sampler } from './sampler.ts';
import { PUBLISHED_TRANSLATION_EVOLUTION } from './translation-problem.ts';

export type Release = 'images' | 'translation';

/**
 * Every algorithm set up from the same few settings and with the same budget, `generations` x `population`
 * evaluations on the whole evaluation set or what takes as long, so that one can stand for another.
 */
export interface SearchSettings {
  readonly limits: Limits;
  readonly population: number;
  /** Those that have offspring; with `aging` how many are drawn to find one. */
  readonly parents: number;
  readonly generations: number;
  /** What `nsga2` makes small. */
  readonly objectives: readonly Objective[];
  /** Most that an objective may be. Constraint domination, which `nsga2` alone has. */
  readonly bounds?: Bounds;
  /** What `evolution-released` follows: spec 6.2 for images, which it does where nothing is said, or spec 7.5. */
  readonly release?: Release;
}

export interface PlannedSearch {
  readonly sampler: Sampler<CommonConfig>;
  readonly config: CommonConfig;
  /** Batches that one generation is made of, as progress counts them. */
  readonly batches: number;
  readonly generations: number;
  /** Candidates that are scored on the whole evaluation set, if the space holds as many. */
  readonly evaluations: number;
  /** Evaluations on the whole set that take as long as all of the search. */
  readonly effort: number;
  /** Parts of the evaluation set that candidates may ask for, below 1. */
  readonly shares: readonly number[];
}

type Plan = (settings: SearchSettings) => PlannedSearch;

const whole = ({ population, generations }: SearchSettings) => ({
  batches: 1,
  generations,
  evaluations: generations * population,
  effort: generations * population,
  shares: [],
});

const published =
  (codeExact: boolean): Plan =>
  (settings) => {
    const { limits, population, parents, generations } = settings;
    const crossovers = Math.floor(population / 2);
    const exact = codeExact ? { codeExact } : {};
    const mutations = population - crossovers;
    return {
      ...whole(settings),
      sampler: evolution,
      config: {
        ...EVOLUTION_DEFAULTS,
        ...{ limits, population, parents, mutations, crossovers, generations },
        ...exact,
      },
    };
  };

/** Spec 7.5: the parents stay and are not scored again; half of the others are mutants, half children. */
const publishedTranslation: Plan = (settings) => {
  const { limits, population, parents, generations } = settings;
  const crossovers = Math.floor((population - parents) / 2);
  const mutations = Math.max(0, population - parents - crossovers);
  const evaluations = population + (generations - 1) * (population - parents);
  return {
    ...whole(settings),
    ...{ evaluations, effort: evaluations },
    sampler: evolution,
    config: {
      ...PUBLISHED_TRANSLATION_EVOLUTION,
      ...{ limits, population, parents, elite: parents, mutations, crossovers, generations },
    },
  };
};

/** Children of the aging evolution proposed at a time, as a part of the population. */
const AGING_BATCH = 5;

const PLANS: Readonly<Record<AlgorithmName, Plan>> = {
  evolution: published(false),
  'evolution-released': (settings) =>
    settings.release === 'translation' ? publishedTranslation(settings) : published(true)(settings),
  nsga2: (settings) => {
    const { limits, population, generations, objectives, bounds = {} } = settings;
    return {
      ...whole(settings),
      sampler: nsga2,
      config: { ...NSGA2_DEFAULTS, ...{ limits, population, generations, objectives, bounds } },
    };
  },
  aging: (settings) => {
    const { limits, population, parents, generations } = settings;
    const evaluations = generations * population;
    const batch = Math.max(1, Math.floor(population / AGING_BATCH));
    const sizes = { population, sample: Math.min(parents, population), batch, evaluations };
    return {
      ...whole(settings),
      sampler: aging,
      config: { ...AGING_DEFAULTS, limits, ...sizes },
      generations: 1 + Math.ceil((evaluations - population) / batch),
    };
  },
  halving: (settings) => {
    const { limits, population, generations } = settings;
    const { reduction, rungs } = HALVING_DEFAULTS;
    // Each rung takes as long as the first: that all of them take a generation's time, it has so many candidates.
    const candidates = Math.ceil((population * reduction ** (rungs - 1)) / rungs);
    const config = { ...HALVING_DEFAULTS, limits, candidates, brackets: generations };
    return {
      ...whole(settings),
      sampler: halving,
      config,
      batches: rungs,
      evaluations: generations * rungSizes(config)[rungs - 1],
      shares: rungShares(config).filter((share) => share < 1),
    };
  },
  predictor: (settings) => {
    const { limits, population, parents, generations } = settings;
    return {
      ...whole(settings),
      sampler: predictor,
      config: { ...PREDICTOR_DEFAULTS, ...{ limits, population, parents, generations } },
    };
  },
  random: (settings) => {
    const { limits, population, generations } = settings;
    return {
      ...whole(settings),
      sampler: randomSearch,
      config: {
        ...RANDOM_SEARCH_DEFAULTS,
        ...{ limits, batch: population, evaluations: generations * population },
      },
    };
  },
};

/** Throws 'usage' for bounds where the algorithm knows none. */
export function planSearch(name: AlgorithmName, settings: SearchSettings): PlannedSearch {
  const bounded = Object.keys(settings.bounds ?? {});
  require_(
    name === 'nsga2' || bounded.length === 0,
    'usage',
    () =>
      `the search algorithm ${name} knows no bounds on what is scored, and ${bounded.join(' and ')} has one; choose nsga2, which keeps to them by constraint domination, or leave it out`,
    { algorithm: name, bounds: bounded },
  );
  return PLANS[name](settings);
}
