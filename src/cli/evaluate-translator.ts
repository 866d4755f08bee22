/** `evaluate` of a translator: BLEU, chrF and likelihood of sentence pairs. */
import { ShiftAddError } from '../core/errors.ts';
import { encodePairs } from '../data/text/encode.ts';
import { openTranslation } from '../data/text/open.ts';
import { pairName } from '../data/text/pairs.ts';
import { readDescription } from '../runs/folder.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { openTranslator } from '../runs/translation/files.ts';
import { measureTranslator } from '../runs/translation/measure.ts';
import { type CommandContext, given } from './command.ts';
import { evaluationOf } from './run-data.ts';
import { openBackendOf } from './run-options.ts';
import { percent } from './text.ts';

export async function evaluateTranslator(context: CommandContext, dir: string): Promise<object> {
  const own = (): Partial<RunConfig> => readDescription(dir).config;
  const source = given<string>(context, 'data') ?? own().data;
  if (source === undefined)
    throw new ShiftAddError('usage', 'evaluate needs --data here: the folder does not say');
  const seed = given<string>(context, 'data') === undefined ? (own().seed ?? 0) : 0;
  const limit = given<string>(context, 'data') === undefined ? (own().trainLimit ?? 0) : 0;
  const part = (given<string>(context, 'split') ?? 'test') as 'train' | 'valid' | 'test';
  const backend = await openBackendOf(context);
  try {
    const { description, subwords, translator } = openTranslator(backend, dir);
    const { network, pair, longest, beam, lengthPenalty, genotype } = description;
    const dataset = await openTranslation(source, {
      ...{ pair: pairName(pair), seed },
      ...(limit === 0 ? {} : { limit }),
    });
    const pairs = encodePairs(dataset[part], subwords, { pair, name: part, longest });
    const config = { ...DEFAULT_CONFIG, beam, lengthPenalty, longest };
    const found = await measureTranslator(
      ...[{ config, dataset, subwords }, translator, network, pairs, dataset[part]],
    );
    translator.dispose();
    const { bleu, chrf, signatures, loss, accuracy } = found;
    const cased = subwords.model.form.lowerCase ? ' in lower case' : '';
    const examples = pairs.from.length;
    context.print(
      `${genotype}: BLEU ${bleu.toFixed(2)}, chrF ${chrf.toFixed(2)}${cased}, ${loss.toFixed(3)} nats a subword, ${percent(accuracy)} of next subwords, on ${examples} pairs`,
    );
    return {
      bleu,
      chrf,
      signatures,
      loss,
      accuracy,
      examples,
      genotype,
      ...evaluationOf(context, source, dir),
    };
  } finally {
    backend.dispose();
  }
}
