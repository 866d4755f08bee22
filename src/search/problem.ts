import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';

/**
 * What a search needs to know of the thing it searches: how to draw one, two moves, a name, and a price. Nothing
 * here knows networks; a genotype is any plain (JSON) value.
 */
export interface SearchProblem<G> {
  sample(random: Random): G;
  mutate(genotype: G, random: Random): G;
  crossover(a: G, b: G, random: Random): G;
  /** The two moves as a release has them, for searches that follow its code (`codeExact`); left out, those above. */
  readonly released?: Pick<SearchProblem<G>, 'mutate' | 'crossover'>;
  /**
   * All genotypes one change away, in a fixed order, for searches that try every one around their best. What must be
   * drawn comes from `random`. Left out, such a search has its other moves only.
   */
  neighbours?(genotype: G, random: Random): readonly G[];
  /** The same word for the same genotype, another for another. */
  key(genotype: G): string;
  /** Costs before anything is trained or scored; called for every attempt, so it should take microseconds. */
  price(genotype: G): Costs;
  /**
   * What is true of a genotype, as words; a word that stands twice counts twice. A predictor learns a weight for each.
   * Left out, the letters of the key and their neighbours stand in.
   */
  features?(genotype: G): readonly string[];
  /**
   * What weights that networks share are unfair to: scores are comparable between genotypes of one size. Left out, all are.
   */
  size?(genotype: G): string;
  /**
   * What a short training is unfair to, beside: shallow decoders learn fastest and end lower. Losses after it are comparable
   * between genotypes of one shape. Left out, all are.
   */
  shape?(genotype: G): string;
}

export interface Costs {
  readonly energyMj: number;
  readonly latencyMs: number;
  readonly params: number;
  /** Multiply-accumulates, shift- and difference-accumulates alike. */
  readonly macs: number;
  /** What a problem may price besides: only what it gives can be limited or made small. */
  readonly areaMm2?: number | undefined;
  readonly multiplications?: number | undefined;
  readonly additions?: number | undefined;
  readonly shifts?: number | undefined;
}

/** Most that an architecture may cost; what is absent is unlimited. */
export type Limits = { readonly [K in keyof Costs]?: number | undefined };

/** What an evaluation finds; the search minimises `loss` (cross-entropy on held-out training data, spec 13.4). */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
  /** From 0 to 100, where the task is translation. */
  readonly bleu?: number | undefined;
}

/** What a score may hold. A task that measures something else adds it here, and to the objectives. */
export const SCORE_NAMES = ['loss', 'accuracy', 'bleu'] as const satisfies readonly (keyof Score)[];

/** A genotype that meets the limits and has been priced. `id` counts proposals from 0. */
export interface Candidate<G> {
  readonly id: number;
  readonly key: string;
  readonly genotype: G;
  readonly costs: Costs;
  /** The part of the evaluation set to score it on, above 0 and below 1; absent for all of it. */
  readonly share?: number | undefined;
}

export type Scored<G> = Candidate<G> & Score;

/** Names and units of the costs, as errors and tables print them. */
export const COSTS = {
  energyMj: { name: 'energy', unit: 'mJ' },
  latencyMs: { name: 'latency', unit: 'ms' },
  params: { name: 'parameters', unit: '' },
  macs: { name: 'multiply-accumulates', unit: '' },
  areaMm2: { name: 'area', unit: 'mm2' },
  multiplications: { name: 'multiplications', unit: '' },
  additions: { name: 'additions', unit: '' },
  shifts: { name: 'shifts', unit: '' },
} as const satisfies Record<keyof Costs, { name: string; unit: string }>;

export const COST_NAMES = Object.keys(COSTS) as (keyof Costs)[];

/** What a network can do without: the limits that may be 0. */
const DISPENSABLE: readonly (keyof Costs)[] = ['multiplications', 'additions', 'shifts'];

/**
 * The costs that are limited. Throws `usage` for a limit that is not a positive number; of multiplications, additions
 * and shifts it may be 0.
 */
export function limitedCosts(limits: Limits): (keyof Costs)[] {
  return COST_NAMES.filter((cost) => {
    const limit = limits[cost];
    if (limit === undefined) return false;
    const { name, unit } = COSTS[cost];
    const none = DISPENSABLE.includes(cost);
    const least = none ? 'at least 0' : `above 0 ${unit}`.trimEnd();
    require_(
      limit > 0 || (none && limit === 0),
      'usage',
      `a limit on ${name} must be ${least}, got ${limit}`,
      {
        ...{ cost, limit },
      },
    );
    return true;
  });
}

export function meets(costs: Costs, limits: Limits): boolean {
  return COST_NAMES.every((cost) => {
    const limit = limits[cost];
    return limit === undefined || (costs[cost] ?? Number.POSITIVE_INFINITY) <= limit;
  });
}

/**
 * How far beyond the limits: the largest cost / limit - 1, or 0 when all are met. A limit of 0 cannot be divided by; what
 * is above it counts as it is.
 */
export function excess(costs: Costs, limits: Limits): number {
  return COST_NAMES.reduce((worst, cost) => {
    const limit = limits[cost];
    if (limit === undefined) return worst;
    const value = costs[cost] ?? Number.POSITIVE_INFINITY;
    return Math.max(worst, limit === 0 ? value : value / limit - 1);
  }, 0);
}

/** Candidates scored on the whole evaluation set: those that can be compared with each other. */
export function whollyScored<G>(scored: readonly Scored<G>[]): Scored<G>[] {
  return scored.filter(({ share }) => share === undefined);
}

/** `7.2 mJ`, to four significant digits; counts in full. */
export function showCost(cost: keyof Costs, value: number): string {
  const { unit } = COSTS[cost];
  return unit === '' ? value.toLocaleString('en') : `${Number(value.toPrecision(4))} ${unit}`;
}

/** Better first: lower loss, then lower energy, then the key, so that no order depends on arrival. */
export function compareScored<G>(a: Scored<G>, b: Scored<G>): number {
  return (
    a.loss - b.loss || a.costs.energyMj - b.costs.energyMj || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}
