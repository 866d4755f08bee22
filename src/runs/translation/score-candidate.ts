/** One candidate's score, the same wherever it is made: likelihood of held-out pairs, and BLEU where it is an objective or has a bound. */
import { corpusBleu } from '../../metrics/bleu/bleu.ts';
import type { Score } from '../../search/problem.ts';
import { decodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import { networkOf } from '../../spaces/seq2seq/space.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Between } from '../../training/score.ts';
import type { EvaluateJob } from '../evaluation/evaluator.ts';
import { parseObjectives, TRANSLATION_SEARCH } from '../pipeline/planned-search.ts';
import type { SentenceContext } from './context.ts';
import { casingOf, translateTexts } from './measure.ts';
import { heldPairs, scoreHeld } from './train-alone.ts';

/** `between` is called before each batch of sentences; what it throws ends the work. */
export async function scoreCandidate(
  context: SentenceContext,
  supernet: Translator,
  { genotype, share }: Pick<EvaluateJob, 'genotype' | 'share'>,
  between: Between,
): Promise<Score> {
  const { space, config, dataset, subwords } = context;
  const network = networkOf(space, decodeTranslation(space, genotype));
  const score = await scoreHeld(context, supernet, network, between, share);
  const asked = parseObjectives(config.objectives, TRANSLATION_SEARCH).includes('bleu');
  if (!asked && config.boundBleu === 'none') return score;
  const { chosen, pairs } = heldPairs(context, share);
  const texts = await translateTexts(context, supernet, network, pairs.from, { between });
  const references = chosen.map((i) => dataset.valid.to[i]);
  return { ...score, bleu: corpusBleu(texts, [references], casingOf(subwords)).score };
}
