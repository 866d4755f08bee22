import { encode } from '../spaces/genotype.ts';
import { crossover, DEFAULT_RATES, type MutationRates, mutate } from '../spaces/neighbours.ts';
import { type SampleMode, sample } from '../spaces/sample.ts';
import type { Genotype, Space } from '../spaces/space.ts';
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
    key: encode,
    price,
  };
}
