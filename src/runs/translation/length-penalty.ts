/**
 * Which power of their length the scores of translations are divided by. Networks differ in how short they translate, and
 * BLEU punishes what is too short: with several to choose from, each takes the one its held-out BLEU is best with.
 */
import { ShiftAddError } from '../../core/errors.ts';
import { corpusBleu } from '../../metrics/bleu/bleu.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Between } from '../../training/score.ts';
import type { RunConfig } from '../options.ts';
import type { SentenceContext } from './context.ts';
import { casingOf, translateTexts } from './measure.ts';

/** `0.6,1,1.4`; none for `none`. Throws 'usage' for anything else. */
export function parsePenalties(text: string): number[] {
  if (text === 'none') return [];
  const parts = text.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  if (parts.every((part, i) => part >= 0 && part <= 10 && (i === 0 || part > parts[i - 1]))) return parts;
  throw new ShiftAddError(
    'usage',
    `--length-penalties are numbers from 0 to 10 that rise, such as 0.6,1,1.4, or none, but got "${text}"`,
    { lengthPenalties: text },
  );
}

/** The penalty of `config`, or of several the one with the best BLEU on the whole held-out set; of equals the lowest. */
export async function choosePenalty(
  context: Pick<SentenceContext, 'config' | 'dataset' | 'subwords' | 'encoded'>,
  translator: Translator,
  network: TranslationNetwork,
  between: Between,
): Promise<number> {
  const { config, dataset, encoded } = context;
  const choices = parsePenalties(config.lengthPenalties);
  let best = { penalty: choices[0] ?? config.lengthPenalty, bleu: Number.NEGATIVE_INFINITY };
  if (choices.length < 2) return best.penalty;
  for (const penalty of choices) {
    const own = { ...context, config: withPenalty(config, penalty) };
    const texts = await translateTexts(own, translator, network, encoded.valid.from, { between });
    const bleu = corpusBleu(texts, [dataset.valid.to], casingOf(context.subwords)).score;
    if (bleu > best.bleu) best = { penalty, bleu };
  }
  return best.penalty;
}

export const withPenalty = (config: RunConfig, lengthPenalty: number): RunConfig => ({
  ...config,
  lengthPenalty,
});
