import type { SampleMode } from '../spaces/sample.ts';
import { translationFeatures } from '../spaces/seq2seq/features.ts';
import { encodeTranslation } from '../spaces/seq2seq/genotype.ts';
import {
  crossTranslation,
  DEFAULT_TRANSLATION_RATES,
  mutateTranslation,
  type TranslationRates,
  translationNeighbours,
} from '../spaces/seq2seq/moves.ts';
import type { TranslationGenotype } from '../spaces/seq2seq/network.ts';
import { sampleTranslation } from '../spaces/seq2seq/sample.ts';
import type { TranslationSpace } from '../spaces/seq2seq/space.ts';
import { EVOLUTION_DEFAULTS, type EvolutionConfig } from './evolution.ts';
import type { Costs, SearchProblem } from './problem.ts';

export interface TranslationProblemOptions {
  readonly rates?: TranslationRates;
  /**
   * How networks are drawn: over pairs of depths unless said otherwise, for nearly all architectures of a space have
   * its most layers, and those beyond a limit first.
   */
  readonly sampling?: SampleMode;
}

/** The search problem of a translation space: its moves, its words as keys, and the price that `price` gives. */
export function translationProblem(
  space: TranslationSpace,
  price: (genotype: TranslationGenotype) => Costs,
  { rates = DEFAULT_TRANSLATION_RATES, sampling = 'tuples' }: TranslationProblemOptions = {},
): SearchProblem<TranslationGenotype> {
  const moves = { sampling, ...rates };
  return {
    sample: (random) => sampleTranslation(space, random, sampling),
    mutate: (genotype, random) => mutateTranslation(space, genotype, random, moves),
    crossover: (a, b, random) => crossTranslation(space, a, b, random),
    neighbours: (genotype) => translationNeighbours(space, genotype),
    key: encodeTranslation,
    price,
    features: translationFeatures,
    // sliced weights: narrow networks train the first channels of all
    size: widthsOf,
    // a decoder of one layer is ahead after an epoch and behind after six
    shape: (genotype) => `${widthsOf(genotype)}|${genotype.decoderLayers.length}`,
  };
}

const widthsOf = ({ encoder, decoder }: TranslationGenotype): string => `${encoder}-${decoder}`;

/**
 * The published search (spec 7.5): 125 networks, of which the best 25 stay and have 50 mutants and 50 children; 30
 * iterations, or 15 as for its English-German budgets up to 300 ms. Its objective rewarded operations by a running
 * product that is not known well enough to compute; here the validation loss counts alone. Its moves are those of
 * `PUBLISHED_TRANSLATION_RATES`. `evolution-released` over sentences.
 */
export const PUBLISHED_TRANSLATION_EVOLUTION: EvolutionConfig = {
  ...EVOLUTION_DEFAULTS,
  ...{ population: 125, parents: 25, elite: 25, mutations: 50, crossovers: 50, generations: 30 },
};
