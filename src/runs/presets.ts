/** Named bundles of settings. The data decides which one is the default, and which form of it applies. */
import { ShiftAddError } from '../core/errors.ts';
import { isTranslationSource } from '../data/text/open.ts';
import type { RunConfig } from './options.ts';

export interface Preset {
  readonly title: string;
  /** For labelled images, for sentence pairs; absent where a preset is not meant for them. */
  readonly images?: Partial<RunConfig>;
  readonly sentences?: Partial<RunConfig>;
}

export const PRESETS: Readonly<Record<string, Preset>> = {
  small: {
    title: 'real images of about 32x32: within an hour on two cores',
    images: {
      space: 'cifar',
      limitEnergy: '70%',
      cropPad: 1,
      supernetEpochs: 4,
      epochs: 3,
      population: 40,
      generations: 6,
      calibrationImages: 256,
      winners: 1,
      frugal: 2,
    },
  },
  demo: {
    title: 'drawn glyphs or numbers in words: a few minutes on two cores',
    images: {
      space: 'tiny',
      limitEnergy: '70%',
      validation: 1000,
      supernetEpochs: 8,
      epochs: 6,
      population: 24,
      parents: 6,
      generations: 4,
      scoreImages: 500,
      calibrationImages: 256,
      winners: 1,
    },
    sentences: {
      ...{
        space: 'numbers',
        paths: 'tuples',
        limitEnergy: '80%',
        merges: 400,
        tokens: 1024,
        scoreSentences: 300,
      },
      ...{ rate: 0.003, decay: 0, dropout: 0.1, attentionDropout: 0, adderInitial: 0.5, adderLow: 0.05 },
      ...{ supernetEpochs: 6, epochs: 6, population: 24, parents: 6, generations: 4, winners: 1 },
    },
  },
  sentences: {
    title: 'real sentence pairs, about 30,000 short ones: some hours on two cores',
    sentences: {
      ...{
        space: 'multi30k',
        paths: 'tuples',
        limitEnergy: '80%',
        merges: 6000,
        tokens: 1024,
        scoreSentences: 1000,
      },
      ...{ rate: 0.001, decay: 0, clip: 1, adderInitial: 0.5, adderLow: 0.05 },
      ...{
        supernetEpochs: 20,
        epochs: 20,
        population: 40,
        parents: 10,
        generations: 6,
        trials: 24,
        trialEpochs: 3,
        trialRounds: 3,
        winners: 2,
      },
    },
  },
  published: {
    title:
      'the published settings, for translation of the budget of 350 ms: far more than a processor trains',
    images: {
      // Spec 6.2: evolution, and the limits of search_real.py on networks as they are retrained.
      ...{ algorithm: 'evolution-released', population: 50, parents: 10, generations: 20 },
      ...{ limitParams: '40M', limitMacs: '8G', validation: 10_000, scoreImages: 10_000 },
      ...{ winners: 1, frugal: 0 },
      // Spec 3.1, 5.2 to 5.5: space and sharing, as the fifth supernet stands in the code.
      ...{ space: 'hytra', paths: 'architectures', families: 'conv,add,shift', transformation: 'released' },
      ...{ alignment: 'released', sharedGradient: 'plain', shift: 'PS-released', adderEta: 0.2 },
      // Spec 6.1 and 6.4: training, 8 GPUs with 128 images and a path each.
      ...{ supernetEpochs: 300, epochs: 300, batch: 1024, rankPaths: 'own', optimiser: 'adamw', rate: 1e-3 },
      ...{ decay: 0.05, schedule: 'cosine', warmup: 6255, clip: 0, smoothing: 0.1, averaging: 0.99996 },
      ...{ randAugment: 9, jitter: 0.4, erasing: 0.25, mixup: 0.8, cutmix: 1, repeats: 4 },
      ...{ dropPath: 0.1, supernetDropPath: 0 },
      // Spec 3.5, 6.3, 6.4: the form of retraining, and how a teacher would be learned from.
      ...{ retrainBlocks: 'published', retrainWidth: 2, lastStride: '2', inherit: false },
      ...{ distillKind: 'hard', distillShare: 0.5, distillTemperature: 1 },
    },
    sentences: {
      // Spec 7.5: evolution and limits; 0.4e10 operations are 2e9 multiply-accumulates.
      ...{ algorithm: 'evolution-released', population: 125, parents: 25, generations: 30 },
      ...{ limitLatency: '350ms', limitMacs: '2G', objectives: 'loss', scoreSentences: 3000, winners: 1 },
      // Spec 7.1 to 7.3: space and training.
      ...{ space: 'seq2seq', paths: 'tuples', families: 'none', transformation: 'none', norm: 'post' },
      ...{ rate: 0.001, warmup: 10_000, decay: 0, clip: 0, smoothing: 0.1, tokens: 4096 },
      ...{ dropout: 0.3, attentionDropout: 0.1, filterDropout: 0.03, beam: 4, lengthPenalty: 0.6 },
      ...{ supernetEpochs: 140, epochs: 140, merges: 32_000, longest: 250 },
      // Spec 9.3: what it is priced by.
      ...{ accelerator: 'shiftaddnas-released-translation', sentenceTokens: 30 },
    },
  },
  smoke: {
    title:
      'the smallest run that does everything, for a first look and for tests; its accuracy means nothing',
    images: {
      space: 'micro',
      limitEnergy: '80%',
      trainLimit: 640,
      validation: 128,
      batch: 32,
      supernetEpochs: 1,
      epochs: 1,
      population: 6,
      parents: 2,
      generations: 2,
      scoreImages: 64,
      calibrationImages: 64,
      winners: 1,
    },
    sentences: {
      ...{ space: 'micro-seq2seq', limitEnergy: '95%', trainLimit: 256, merges: 60, tokens: 512 },
      ...{ scoreSentences: 32, decay: 0, dropout: 0.1, adderInitial: 0.5, adderLow: 0.05, beam: 2 },
      ...{ supernetEpochs: 1, epochs: 1, population: 6, parents: 2, generations: 2, winners: 1 },
    },
  },
};

/** The preset where none is named. */
export function defaultPreset(data: string): string {
  if (isTranslationSource(data)) return data === 'numbers' ? 'demo' : 'sentences';
  return data === 'glyphs' ? 'demo' : 'small';
}

/** What a preset sets for data of this kind. Throws 'usage' for a preset of the other kind. */
export function presetSettings(name: string, data: string): Partial<RunConfig> {
  const sentences = isTranslationSource(data);
  const found = sentences ? PRESETS[name].sentences : PRESETS[name].images;
  if (found !== undefined) return found;
  const others = Object.keys(PRESETS).filter((other) => PRESETS[other][sentences ? 'sentences' : 'images']);
  throw new ShiftAddError(
    'usage',
    `--preset ${name} is for ${sentences ? 'images' : 'sentence pairs'}, and --data ${data} is not; choose ${others.join(' or ')}`,
    { preset: name, data },
  );
}
