/** What every phase of a run on sentence pairs needs, made once: data, subwords, space, prices, backend. */
import fs from 'node:fs';
import type { Backend } from '../../backends/backend.ts';
import { writeFileAtomic } from '../../core/atomic.ts';
import { Random } from '../../core/random.ts';
import type { SubwordPairs } from '../../data/text/batches.ts';
import { encodePairs } from '../../data/text/encode.ts';
import { givenSubwords } from '../../data/text/given.ts';
import { openTranslation } from '../../data/text/open.ts';
import type { TranslationDataset } from '../../data/text/pairs.ts';
import { Subwords } from '../../data/text/subwords.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { loadTranslationSpace } from '../../spaces/load.ts';
import { TranslationPricer } from '../../spaces/seq2seq/pricing.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import type { NormPlace } from '../../supernet/translator/declarations.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { describeMeasured, describePrediction } from '../latency-source.ts';
import type { RunConfig } from '../options.ts';
import type { Frame } from '../pipeline/context.ts';
import { endQuietly, type FrameOptions, openFrame } from '../pipeline/frame.ts';
import type { SessionOptions } from '../pipeline/session.ts';
import { sharingAloneOf, sharingOf } from '../pipeline/sharing-of.ts';
import type { SentenceJobs } from './jobs.ts';
import { openLatency, type PredictedLatency } from './latency.ts';
import { parsePenalties } from './length-penalty.ts';
import { openSubwords, subwordsText } from './subwords-file.ts';
import { sentenceWorkplace } from './workplace.ts';

/** The three parts of a set as subwords. */
export interface EncodedSet {
  readonly train: SubwordPairs;
  readonly valid: SubwordPairs;
  readonly test: SubwordPairs;
}

/** What is trained and measured with, in this thread or another. */
export interface SentenceContext {
  readonly config: RunConfig;
  readonly backend: Backend;
  readonly dataset: TranslationDataset;
  readonly space: TranslationSpace;
  readonly subwords: Subwords;
  /** The file of the run that holds them. */
  readonly subwordsFile: string;
  readonly encoded: EncodedSet;
  readonly norm: NormPlace;
  readonly sharing: SharingConfig;
  /** Of networks trained alone. */
  readonly sharingAlone: SharingConfig;
  readonly random: Random;
  readonly checkpoints: string;
  readonly saveEvery: number;
}

/** What it is opened with. */
export type SentenceSettings = Pick<
  SentenceContext,
  'config' | 'space' | 'subwordsFile' | 'checkpoints' | 'saveEvery'
>;

export interface TranslationContext extends SentenceContext, Frame {
  readonly pricer: TranslationPricer;
  /** What predicts latency, where the accelerator does not say it. */
  readonly latency: PredictedLatency | undefined;
  /** Who scores candidates and trains networks alone. */
  readonly evaluator: Evaluator<SentenceJobs>;
  /** Processes that train the supernet together. */
  readonly ranks: Ranks | undefined;
}

/** Reads the data, reads subwords or learns and keeps them. @throws what `openPairs` and `encodeSentences` throw */
export async function openSentences(
  settings: SentenceSettings,
  backend: Backend,
): Promise<{ readonly context: SentenceContext; readonly notes: readonly string[] }> {
  const { config, subwordsFile } = settings;
  const dataset = await openPairs(config);
  const known = fs.existsSync(subwordsFile);
  const subwords = known ? openSubwords(subwordsFile) : await subwordsOf(config, dataset);
  if (!known) writeFileAtomic(subwordsFile, subwordsText(subwords));
  return encodeSentences(settings, { backend, dataset, subwords });
}

/** The sentence pairs of a run. @throws what `openTranslation` throws */
export function openPairs(config: RunConfig): Promise<TranslationDataset> {
  return openTranslation(config.data, {
    seed: config.seed,
    ...(config.pair === 'auto' ? {} : { pair: config.pair }),
    ...(config.trainLimit === 0 ? {} : { limit: config.trainLimit }),
  });
}

/** All parts of a set as subwords. @throws ShiftAddError 'data' for sentences that are too long */
export function encodeSentences(
  settings: SentenceSettings,
  { backend, dataset, subwords }: Pick<SentenceContext, 'backend' | 'dataset' | 'subwords'>,
): { readonly context: SentenceContext; readonly notes: readonly string[] } {
  const { config } = settings;
  parsePenalties(config.lengthPenalties); // better refused now than after a training
  const encode = (name: 'train' | 'valid' | 'test', longest: number, beyond: 'leave out' | 'refuse') =>
    encodePairs(dataset[name], subwords, { pair: dataset.pair, name, longest, beyond });
  const encoded = {
    train: encode('train', Math.min(config.longest, config.tokens), 'leave out'),
    valid: encode('valid', config.longest, 'refuse'),
    test: encode('test', config.longest, 'refuse'),
  };
  const scored = subwords.model.form.lowerCase
    ? ['BLEU and chrF are those of lower-cased text (case:lc).']
    : [];
  return {
    context: {
      ...settings,
      ...{ backend, dataset, subwords, encoded, norm: config.norm as NormPlace },
      sharing: sharingOf(config),
      sharingAlone: sharingAloneOf(config),
      random: Random.fromSeed(config.seed),
    },
    notes: [
      ...dataset.notes,
      subwords.describe(),
      ...scored,
      ...Object.values(encoded).flatMap(({ notes }) => notes),
    ],
  };
}

/** All that a run on sentences needs. @throws what `openSentences` and who does its jobs throw */
export async function openTranslationContext(
  options: FrameOptions & Pick<SessionOptions, 'workers' | 'evaluator' | 'ranks'>,
): Promise<{
  readonly context: TranslationContext;
  readonly notes: readonly string[];
  /** SHA-256 of the data. */
  readonly data: string;
  close(): Promise<void>;
}> {
  const { config, backend, run, saveEvery = 30, workers } = options;
  const space = loadTranslationSpace(config.space);
  const pricer = new Pricer(findAccelerator(config.accelerator), Number(config.bits));
  const task = { tokens: config.sentenceTokens, bits: pricer.bits, flag: '--sentence-tokens' };
  const latency = config.latency === 'model' ? undefined : openLatency(config.latency, space, task);
  const told =
    latency === undefined ? describeMeasured(pricer.accelerator) : describePrediction(latency.source);
  const settings = { config, space, subwordsFile: run.subwords, checkpoints: run.checkpoints, saveEvery };
  const { context: sentences, notes } = await openSentences(settings, backend);
  const ranks = await options.ranks?.(sentences);
  const workplace = sentenceWorkplace(sentences);
  const frame = openFrame(options, sentences.random);
  let evaluator: Evaluator<SentenceJobs>;
  try {
    evaluator = (await options.evaluator?.(workplace, frame)) ?? workplace.evaluator(workers);
  } catch (error) {
    frame.close();
    throw error;
  }
  return {
    context: {
      ...{ ...sentences, ...frame, latency, evaluator, ranks },
      pricer: new TranslationPricer(space, { tokens: config.sentenceTokens }, pricer, latency?.of),
    },
    notes: told === undefined ? notes : [...notes, told],
    data: workplace.data,
    close: async () => {
      await evaluator.dispose();
      endQuietly(frame.close);
    },
  };
}

async function subwordsOf(config: RunConfig, dataset: TranslationDataset): Promise<Subwords> {
  const { subwords, subwordVocabulary: vocabulary, merges, lowerCase } = config;
  const form = { pair: dataset.pair, words: config.words as 'moses' | 'raw', lowerCase };
  if (subwords === 'learn') return new Subwords(Subwords.learn(dataset.train, { ...form, merges }));
  if (subwords.endsWith('.json')) return openSubwords(subwords);
  const given = vocabulary === 'none' ? {} : { vocabulary };
  return new Subwords(await givenSubwords({ ...form, ...given, codes: subwords, text: dataset.train }));
}
