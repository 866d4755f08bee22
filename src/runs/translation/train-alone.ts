/** A translator trained alone as a job: its checkpoint holds what it told, so that several can be trained at once. */

import { Random } from '../../core/random.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import type { Between, Score } from '../../training/score.ts';
import { scoreSentences } from '../../training/score-translation.ts';
import type { TrainingOptions } from '../evaluation/in-this-thread.ts';
import { jobRecord } from '../evaluation/job-record.ts';
import { withdrawn } from '../evaluation/thread-messages.ts';
import { runTrainPhase } from '../pipeline/train-phase.ts';
import type { SentenceContext } from './context.ts';
import type { TranslatorJob, TranslatorTraining } from './jobs.ts';
import { choosePenalty, withPenalty } from './length-penalty.ts';
import { sentenceMaterial } from './material.ts';
import { measureTranslator, scoringBatches } from './measure.ts';

/** Trains, or goes on training, and measures. */
export async function trainAlone(
  run: SentenceContext,
  { phase, title, network, seed, trialEpochs }: TranslatorJob,
  { onEvent = () => {}, stopped = () => false }: TrainingOptions = {},
): Promise<TranslatorTraining> {
  const context = {
    ...run,
    sharing: run.sharingAlone,
    random: seed === undefined ? run.random : Random.fromSeed(seed),
  };
  const { backend, config, dataset, encoded, subwords, norm, sharing, random } = context;
  const size = { extent: extentOf(network), vocabulary: subwords.size, norm, longest: config.longest };
  const translator = new Translator(backend, { ...size, sharing }, random.split('retrained weights'));
  const between = () => {
    if (stopped()) throw withdrawn();
  };
  try {
    const curve = await runTrainPhase(context, {
      ...{ phase, title, network: translator, epochs: trialEpochs ?? config.epochs },
      averaging: config.averaging,
      record: jobRecord(context, { phase, onEvent, stopped }),
      material: () => sentenceMaterial(context, { stream: 'alone', networkAt: () => network }),
      validate: () => scoreHeld(context, translator, network, between),
    });
    if (trialEpochs !== undefined) {
      return { validation: await scoreHeld(context, translator, network, between) };
    }
    const lengthPenalty = await choosePenalty(context, translator, network, between);
    const measured = { ...context, config: withPenalty(config, lengthPenalty) };
    const measure = async (part: 'valid' | 'test') => {
      const found = await measureTranslator(
        ...[measured, translator, network, encoded[part], dataset[part], between],
      );
      const { hypotheses: _, ...score } = found;
      return score;
    };
    const validation = await measure('valid');
    const test = await measure('test');
    return { validation, test, curve, lengthPenalty, tensors: await tensorsOf(translator) };
  } finally {
    translator.dispose();
  }
}

/** Held-out pairs that score candidates: evenly taken from the validation set, always the same ones. */
export function heldPairs(
  { encoded: { valid }, config }: Pick<SentenceContext, 'encoded' | 'config'>,
  share = 1,
) {
  const all = valid.from.length;
  const count = Math.max(1, Math.round(share * Math.min(config.scoreSentences, all)));
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * all) / count));
  return {
    chosen,
    pairs: { from: chosen.map((i) => valid.from[i]), to: chosen.map((i) => valid.to[i]) },
  };
}

/** `share`: the part of the held-out pairs, all of them when absent. */
export function scoreHeld(
  context: Pick<SentenceContext, 'encoded' | 'config'>,
  translator: Translator,
  network: TranslationNetwork,
  between: Between,
  share?: number,
): Promise<Score> {
  const { pairs } = heldPairs(context, share);
  return scoreSentences(translator, network, scoringBatches(context, pairs), between);
}

/** Every tensor of a translator, by name. */
export async function tensorsOf({ store }: Translator): Promise<ReadonlyMap<string, TensorData>> {
  const tensors = new Map<string, TensorData>();
  for (const { name, shape, buffer } of store.tensors()) {
    tensors.set(name, { shape, data: (await store.backend.read(buffer)) as Float32Array });
  }
  return tensors;
}
