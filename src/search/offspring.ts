/**
 * What to train next, by what trainings have shown: a ranking model fitted to the losses of those tried looks through
 * offspring of the best half of them. With some ten examples it knows little more than which operators and widths did
 * well; its proposals lie apart, so that each tells something. So few examples say less of widths than of operators, so
 * widths that have one of the best half take turns.
 */

import type { Random } from '../core/random.ts';
import { bestApart, type Looks } from './apart.ts';
import { Collector, type Priced } from './collector.ts';
import { featuresOf, liked, PREDICTOR_DEFAULTS } from './predictor.ts';
import { compareScored, type Limits, type Scored, type SearchProblem } from './problem.ts';
import { fitRanking } from './ranking.ts';

/** Draws for each network proposed: pricing takes microseconds and a training minutes. */
const POOL = 200;

export interface OffspringOptions {
  readonly limits: Limits;
  readonly count: number;
  /** Keys that are not wanted, beside those tried. */
  readonly taken: Iterable<string>;
  readonly random: Random;
}

/** Up to `count` new networks within the limits, most promising first; fewer where the space has no more. */
export function offspring<G>(
  problem: SearchProblem<G>,
  tried: readonly Scored<G>[],
  { limits, count, taken, random }: OffspringOptions,
): Priced<G>[] {
  if (tried.length === 0) return [];
  const features = (genotype: G) => featuresOf(problem, genotype);
  const model = fitRanking(
    tried.map(({ genotype }) => features(genotype)),
    tried.map(({ loss }) => loss),
    PREDICTOR_DEFAULTS.ridge,
  );
  const best = [...tried].sort(compareScored).slice(0, Math.ceil(tried.length / 2));
  const parents = best.map(({ genotype }) => genotype);
  const collector = new Collector(problem, limits, random, [...taken, ...tried.map(({ key }) => key)]);
  const pool = liked(problem, { model, parents }, collector, {
    ...{ draws: POOL * count, repairs: PREDICTOR_DEFAULTS.repairs },
  });
  const distinct = [...new Map(pool.map((one) => [one.key, one])).values()];
  const size = ({ genotype }: { readonly genotype: G }) => problem.size?.(genotype) ?? '';
  const sizes = new Set(best.map(size));
  const looks: Looks<Priced<G>> = { features: ({ genotype }) => features(genotype), size };
  const ofBest = distinct.filter((one) => sizes.has(size(one)));
  const next = bestApart(ofBest, count, looks);
  const others = distinct.filter((one) => !sizes.has(size(one)));
  return [...next, ...bestApart(others, count - next.length, looks)];
}
