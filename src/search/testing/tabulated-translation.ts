/**
 * Made-up but fixed scores for the networks of a translation space. Wider, deeper and more attention help, each with
 * falling returns; attention pays late in the encoder and filters early; some blocks follow each other well; and a part
 * depends on the whole word and can only be found by trying.
 */
import { Random } from '../../core/random.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import { blockParts, type EncoderLayer, type TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { TranslationPricer } from '../../spaces/seq2seq/pricing.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import type { Score, SearchProblem } from '../problem.ts';
import { type TranslationProblemOptions, translationProblem } from '../translation-problem.ts';

const FILTER = { conv: 0.1, add: 0.08, 'shift-add': 0.07 } as const;
const RETURNS = 0.8;
const NOISE = 0.05;

/** Loss of a translation network, about 2 to 6. */
export function tabulatedTranslationScore(genotype: TranslationGenotype): Score {
  const { encoder, decoder, encoderLayers, decoderLayers } = genotype;
  const gain =
    0.12 * Math.log2(encoder / 64) +
    0.16 * Math.log2(decoder / 64) +
    sideGain(encoderLayers) +
    sideGain(decoderLayers) +
    0.05 * decoderLayers.reduce((sum, { sources }) => sum + sources - 1, 0);
  const noise = NOISE * Random.fromSeed(encodeTranslation(genotype)).uniform();
  const loss = 6 * Math.exp(-0.4 * gain) + noise;
  return { loss, accuracy: Math.exp(-loss) };
}

function sideGain(layers: readonly EncoderLayer[]): number {
  return layers.reduce((sum, { block, heads, feedForward }, i) => {
    const { attention, lightweight } = blockParts(block);
    const place = (i + 1) / layers.length;
    const mixed = attention ? 0.2 + 0.1 * place : 0;
    const filtered = lightweight === undefined ? 0 : FILTER[lightweight] * (2 - place);
    const wide = 0.06 * Math.log2(feedForward / 64) + 0.02 * Math.log2(heads);
    const follows = i > 0 && lightweight === 'add' && layers[i - 1].block === 'A' ? 0.05 : 0;
    return sum + (mixed + filtered + wide + follows) * RETURNS ** i;
  }, 0);
}

/** A translation space as a problem, priced for ten tokens on the honest accelerator. */
export function tabulatedTranslationProblem(
  space: TranslationSpace,
  options: TranslationProblemOptions = {},
): SearchProblem<TranslationGenotype> {
  const pricer = new TranslationPricer(
    space,
    { tokens: 10 },
    new Pricer(findAccelerator('rowstationary-45nm'), 32),
  );
  return translationProblem(space, (genotype) => pricer.price(genotype), options);
}
