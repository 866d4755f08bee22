/**
 * What to train next, by what trainings have shown: a ranking model fitted to the losses of those tried looks through
 * offspring of the best half of them. With some ten examples it knows little more than which operators and widths did
 * well; its proposals lie apart, so that each tells something. So few examples say little of widths and depths, and a short
 * training is unfair to some (`shape`): all shapes take turns that have widths of the best half.
 */

import type { Random } from '../core/random.ts';
import { bestApart, type Looks } from './apart.ts';
import { Collector, type Priced } from './collector.ts';
import { compareLiked, featuresOf, type Liked, liked, PREDICTOR_DEFAULTS } from './predictor.ts';
import { compareScored, type Limits, type Scored, type SearchProblem } from './problem.ts';
import { fitRanking } from './ranking.ts';

/** Draws for each network proposed: pricing takes microseconds and a training minutes. */
const POOL = 200;
/** The model's best so far have offspring in turn: a few moves from what was tried lie shapes that were not. */
const GENERATIONS = 4;

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
  const size = ({ genotype }: Sized<G>) => problem.size?.(genotype) ?? '';
  const sizes = new Set(best.map(size));
  const looks: Looks<Liked<G>> = {
    features: ({ genotype }) => features(genotype),
    size: ({ genotype }) => problem.shape?.(genotype) ?? problem.size?.(genotype) ?? '',
  };
  const collector = new Collector(problem, limits, random, [...taken, ...tried.map(({ key }) => key)]);
  const pool = new Map<string, Liked<G>>();
  let next: Liked<G>[] = [];
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const parents = [...best, ...next].map(({ genotype }) => genotype);
    const options = { draws: Math.ceil((POOL * count) / GENERATIONS), repairs: PREDICTOR_DEFAULTS.repairs };
    for (const one of liked(problem, { model, parents }, collector, options)) pool.set(one.key, one);
    const ranked = [...pool.values()].sort(compareLiked);
    const ofBest = ranked.filter((one) => sizes.has(size(one)));
    const others = ranked.filter((one) => !sizes.has(size(one)));
    next = bestApart(ofBest, count, looks);
    next.push(...bestApart(others, count - next.length, looks));
  }
  return next;
}

type Sized<G> = Pick<Scored<G>, 'genotype'>;
