import { require_ } from '../../core/errors.ts';
import type { Workload } from '../../hardware/workload.ts';
import { linearWorkload, softmaxWorkload, vectorWorkload } from '../../layers/workloads.ts';
import type { TranslationNetwork } from './network.ts';

/**
 * What words are read and written with, for one vocabulary of both languages: one table of embeddings, as wide as the
 * wider side, of which each side reads as many columns as it is wide, and the projection of the decoder's outputs, whose
 * weights are that table again. The published prices and parameters leave all of it out (spec 9.3).
 */
export function vocabularyWorkloads(
  { encoder, decoder }: Pick<TranslationNetwork, 'encoder' | 'decoder'>,
  tokens: number,
  vocabulary: number,
): Workload[] {
  require_(
    Number.isInteger(vocabulary) && vocabulary >= 1,
    'usage',
    () =>
      `The vocabulary must be a whole number of at least 1, but is ${vocabulary}; give 32768, for example.`,
    { vocabulary },
  );
  const family = 'vocabulary';
  // A row of the table fetched, scaled, and its position added.
  const work = { multiplications: 1, additions: 1, operands: 1 };
  const embed = (side: string, width: number, weights: number) =>
    vectorWorkload(`${side}.embedding`, family, [tokens, 1, 1, width], work, weights);
  return [
    embed('encoder', encoder, vocabulary * Math.max(encoder, decoder)),
    embed('decoder', decoder, 0),
    { ...linearWorkload('decoder.projection', family, tokens, decoder, vocabulary), weights: 0 },
    softmaxWorkload('decoder.probabilities', family, tokens, vocabulary),
  ];
}
