import { encode } from '../spaces/genotype.ts';
import {
  crossover,
  DEFAULT_RATES,
  type MutationRates,
  mutate,
  neighbours,
  PUBLISHED_RATES,
  releasedCrossover,
} from '../spaces/neighbours.ts';
import { type SampleMode, sample } from '../spaces/sample.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { stageStarts } from '../spaces/stage-layers.ts';
import type { Costs, SearchProblem } from './problem.ts';

export interface SpaceProblemOptions {
  readonly rates?: MutationRates;
  readonly sampling?: SampleMode;
}

/** The search problem of an image space: its moves, its words as keys, and the price that `price` gives. */
export function spaceProblem(
  space: Space,
  price: (genotype: Genotype) => Costs,
  { rates = DEFAULT_RATES, sampling = 'architectures' }: SpaceProblemOptions = {},
): SearchProblem<Genotype> {
  const moves = { sampling, ...rates };
  return {
    sample: (random) => sample(space, random, sampling),
    mutate: (genotype, random) => mutate(space, genotype, random, moves),
    crossover: (a, b, random) => crossover(space, a, b, random),
    released: {
      mutate: (genotype, random) => mutate(space, genotype, random, { sampling, ...PUBLISHED_RATES }),
      crossover: (a, b, random) => releasedCrossover(space, a, b, random),
    },
    neighbours: (genotype, random) => neighbours(space, genotype, random),
    key: encode,
    price,
    features: layerFeatures,
  };
}

/**
 * What a ranking model may look at: how deep each stage is, which operator each layer has, how many of a kind a
 * stage has, and which operator follows which within a stage.
 */
export function layerFeatures({ lengths, operators }: Pick<Genotype, 'lengths' | 'operators'>): string[] {
  const starts = stageStarts(lengths);
  return lengths.flatMap((length, stage) => {
    const names = operators.slice(starts[stage], starts[stage] + length);
    return [
      `${stage}#${length}`,
      ...names.flatMap((name, i) => [
        `${stage}:${name}`,
        `${stage}.${i}:${name}`,
        ...(i > 0 ? [`${stage}:${names[i - 1]}>${name}`] : []),
      ]),
    ];
  });
}
