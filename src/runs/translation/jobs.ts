/** The jobs of a run on sentence pairs, as plain data: `EvaluateJob` scores a path of the supernet, these train. */
import type { TensorData } from '../../core/safetensors.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import type { JobTypes } from '../evaluation/evaluator.ts';
import type { TranslationScore } from './measure.ts';

/** What is trained alone, and what its events and checkpoint are called. */
export interface TranslatorJob {
  readonly kind: 'train';
  readonly phase: string;
  readonly title: string;
  readonly network: TranslationNetwork;
  /** First weights and batches follow it in place of the run's. */
  readonly seed?: number;
  /** A trial: held-out loss and accuracy after so many epochs are all that is asked for. */
  readonly trialEpochs?: number;
}

/** What a trial comes to: loss and accuracy on the held-out pairs that score candidates. */
export interface TriedTranslator {
  readonly validation: Score;
}

export interface TrainedTranslator {
  readonly validation: TranslationScore;
  /** Measured once, at the end. */
  readonly test: TranslationScore;
  readonly curve: readonly CurvePoint[];
  /** What it was measured with. */
  readonly lengthPenalty: number;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

export type TranslatorTraining = TriedTranslator | TrainedTranslator;

export interface SentenceJobs extends JobTypes {
  readonly network: Translator;
  readonly train: TranslatorJob;
  readonly trained: TranslatorTraining;
}
