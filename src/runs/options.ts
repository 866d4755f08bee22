/**
 * The one table of settings: flags, help, config files, defaults and docs are made from it and cannot drift apart.
 */
import { z } from 'zod';
import { BACKEND_NAMES, PRECISIONS } from '../backends/open.ts';
import { UNREADABLE_SHARE } from '../data/decodebatch.ts';
import { DEFAULT_ADDER, SCALE_KINDS } from '../layers/adder-scale.ts';
import { BLOCK_FORMS } from '../operators/operator.ts';
import { ALGORITHM_NAMES } from '../search/names.ts';
import { SAMPLE_MODES } from '../spaces/sample.ts';

export const RANK_PATHS = ['own', 'same'] as const;

export type OptionKind = 'text' | 'integer' | 'number' | 'boolean' | 'choice';

export type OptionValue = string | number | boolean | readonly string[];

export interface Option {
  readonly kind: OptionKind;
  readonly help: string;
  /** Shown in help as <placeholder>. */
  readonly placeholder?: string;
  /** What the flag means when no value follows; without it a value must follow. */
  readonly bare?: string;
  /** A text that may be given several times, or as a list in a config file: its value is the list. */
  readonly several?: true;
  /** A text that may be an object in a config file: its value is the object as JSON. */
  readonly data?: true;
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** What may stand in place of a number. */
  readonly word?: string;
  readonly initial?: string | number | boolean;
}

type OptionOf<K extends OptionKind> = Option & { readonly kind: K };

const text = (help: string, placeholder: string, initial?: string): OptionOf<'text'> => ({
  kind: 'text',
  help,
  placeholder,
  ...(initial === undefined ? {} : { initial }),
});
const integer = (help: string, initial: number, minimum = 0): OptionOf<'integer'> => ({
  kind: 'integer',
  help,
  placeholder: 'n',
  initial,
  minimum,
});
const number = (
  help: string,
  initial: number,
  minimum = 0,
  maximum = Number.MAX_VALUE,
): OptionOf<'number'> => ({
  kind: 'number',
  help,
  placeholder: 'x',
  initial,
  minimum,
  maximum,
});
/** A number, or that of the supernet. */
const alone = (help: string, minimum: number): OptionOf<'number'> & { readonly word: 'same' } => ({
  kind: 'number',
  help: `the same setting for networks trained alone: ${help}`,
  placeholder: 'x|same',
  word: 'same',
  initial: 'same',
  minimum,
});
const choice = (help: string, choices: readonly string[], initial: string): OptionOf<'choice'> => ({
  kind: 'choice',
  help,
  choices,
  placeholder: choices.join('|'),
  initial,
});

/** Everything a run is determined by, together with the data and the program's version. */
export const RUN_OPTIONS = {
  data: text(
    'data set: images glyphs, idx:DIR, cifar10:DIR, cifar100:DIR, folder:DIR; sentence pairs numbers, parallel:DIR',
    'source',
    'glyphs',
  ),
  imageSize: integer(
    'pixels a side of folder: and glyphs images; 0 for their own, 224 in spaces that shrink an image 32 times',
    0,
  ),
  dataMemory: number('GiB of decoded folder: images kept in memory; more are decoded while training', 1.5, 0),
  unreadableShare: number(
    'share of the files of a folder: set that may be unreadable, 0.05 for 5 %; more are an error. While training others take their place, measuring leaves them out',
    UNREADABLE_SHARE,
    0,
    1,
  ),
  space: {
    ...text(
      'search space: a preset name, a JSON file, or in a --config file the object itself',
      'name|file',
      'cifar',
    ),
    data: true,
  },
  accelerator: text(
    'accelerator that prices networks: a name or a JSON file',
    'name|file',
    'shiftaddnas-released',
  ),
  bits: choice('width of weights and activations for pricing', ['32', '16', '8'], '32'),
  limitEnergy: text(
    'upper limit, 5mJ or 70% of the all-convolution network, of the attention-only one for translation',
    'limit',
    'none',
  ),
  limitLatency: text('upper limit, 2ms or 70%', 'limit', 'none'),
  limitParams: text('upper limit, 1.5M or 70%', 'limit', 'none'),
  limitMacs: text('upper limit on multiply-accumulates, 20M or 70%', 'limit', 'none'),
  limitArea: text(
    'upper limit on the silicon of the arithmetic, 1.5mm2 or 70%; the accelerator must state areas',
    'limit',
    'none',
  ),
  limitMultiplications: text('upper limit on multiplications of one image, 5M, 30% or 0', 'limit', 'none'),
  limitAdditions: text('upper limit on additions, 20M, 150% or 0', 'limit', 'none'),
  limitShifts: text(
    'upper limit on shifts, 20M or 0; a number where the all-convolution network has none',
    'limit',
    'none',
  ),
  seed: integer('everything random follows from it', 0),
  validation: integer('training images held out to score candidates', 5000, 1),
  trainLimit: integer('use at most so many training images or sentence pairs; 0 for all', 0),
  batch: integer('images a training step', 64, 1),
  optimiser: choice(
    'who takes the steps: AdamW, SGD with momentum 0.9, plain or Nesterov, or RAdam',
    ['adamw', 'sgd', 'nesterov', 'radam'],
    'adamw',
  ),
  rate: number('peak learning rate', 0.003, 0),
  schedule: choice('how the rate falls', ['cosine', 'steps', 'constant'], 'cosine'),
  milestones: text(
    'schedule steps: parts of the training after which the rate is a tenth',
    'x,x',
    '0.5,0.75',
  ),
  warmup: integer('longest warm-up in steps; it takes a twentieth of the training at most', 200),
  decay: number('weight decay', 0.05, 0),
  smoothing: number('label smoothing', 0.1, 0, 0.9),
  cropPad: integer('random shifts by up to so many pixels', 2),
  padding: choice('what random shifts bring in: the border, or black', ['edge', 'black'], 'edge'),
  randAugment: number('magnitude of RandAugment, 9 is usual; 0 for none', 0, 0, 10),
  jitter: number('strength of colour jitter, 0.4 is usual; 0 for none', 0, 0, 1),
  erasing: number('probability of random erasing', 0, 0, 1),
  mixup: number('mixup: parameter of the Beta distribution, 0.8 is usual; 0 for none', 0, 0, 100),
  cutmix: number('cutmix: parameter of the Beta distribution, 1 is usual; 0 for none', 0, 0, 100),
  repeats: integer('how often a batch holds each of its images, each time augmented anew', 1, 1),
  pictureUses: integer(
    'in how many batches a picture of a folder: set is used each time it is decoded, where neither memory nor disk hold all of them decoded; 0 for one, and where training waits for them for up to 32',
    0,
  ),
  clip: number('longest gradient, all weights together; 0 for no limit', 0, 0),
  averaging: number(
    'decay of the moving average of weights that a network ends with, 0.9999 is usual; 0 for none',
    0,
    0,
    0.9999999,
  ),
  dropPath: number(
    'stochastic depth: probability that the last residual branch is left out for an image, 0.1 is usual; less before it; 0 for none',
    0,
    0,
    0.95,
  ),
  supernetDropPath: {
    ...number('the same for the supernet; same for the rate of the networks that are retrained', 0, 0, 0.95),
    placeholder: 'x|same',
    word: 'same',
    initial: 'same',
  } satisfies Option & { readonly word: 'same' },
  weightBits: integer(
    'bits of weights that networks are trained and run with, 2 to 16; 32 for real numbers; shift weights are powers of two anyway',
    32,
    2,
  ),
  activationBits: integer('bits of what layers read, 2 to 16; 32 for real numbers', 32, 2),
  weightScales: choice(
    'a step of rounded weights for each layer or each output channel',
    ['layer', 'channel'],
    'channel',
  ),
  bitExceptions: text(
    'layers with other bits, as in stem=32,*.peg=16/8 (weights/activations), or a JSON file; layers are called stem, head, layer0.stage0.conv.conv2 (of a space), stage1.block1.conv2 (of the zoo), and * stands for any letters',
    'list|file',
    'none',
  ),
  distill: text('teacher of networks trained alone: folder of a run or of a network', 'dir', 'none'),
  distillKind: choice("learn from the teacher's probabilities or from its choice", ['soft', 'hard'], 'soft'),
  distillShare: number('part of the loss that comes from the teacher', 0.5, 0, 1),
  distillTemperature: number("temperature that softens the teacher's probabilities", 3, 0.1, 100),
  supernetEpochs: integer('epochs of supernet training', 8, 1),
  paths: choice(
    'what the paths of the supernet are drawn from uniformly: architectures, or tuples of stage lengths first',
    SAMPLE_MODES,
    'architectures',
  ),
  rankPaths: choice(
    'what ranks train together under mpirun: all the same path, as one process would, or a path of its own each',
    RANK_PATHS,
    'same',
  ),
  epochs: integer('epochs of training for each retrained network', 8, 1),
  retrainBlocks: choice(
    "blocks of retrained networks: the supernet's, or as published with SiLU and squeeze-excite; all prices are theirs",
    BLOCK_FORMS,
    'supernet',
  ),
  lastStride: choice(
    'stride into the last stage of retrained networks; 1 leaves the resolution as it was',
    ['2', '1'],
    '2',
  ),
  retrainWidth: number(
    'channels of retrained networks, as a multiple of the space; the published ones have 2',
    1,
    1 / 16,
    16,
  ),
  inherit: {
    kind: 'boolean',
    help: 'search: retrained networks start from the supernet, as far as shapes agree, not afresh',
    initial: false,
  } satisfies OptionOf<'boolean'>,
  population: integer('candidates of a generation', 50, 2),
  parents: integer('best candidates that have offspring', 10, 1),
  generations: integer('generations of the evolutionary search', 8, 1),
  algorithm: choice('how candidates are proposed', ALGORITHM_NAMES, 'evolution'),
  objectives: text(
    'what nsga2 makes small: loss, error, bleu (of sentences), energy, latency, area, params, macs, multiplications, additions, shifts',
    'list',
    'loss,energy',
  ),
  boundError: text(
    'with nsga2: highest error by scores of the supernet, 12% or 0.12; networks beyond it are scored, but any within it are before them',
    'bound',
    'none',
  ),
  boundLoss: text('the same for the loss', 'bound', 'none'),
  boundBleu: text('the same for the lowest BLEU, 0 to 100', 'bound', 'none'),
  scoreImages: integer('held-out images a candidate is scored on', 1000, 1),
  calibrationImages: integer('training images that recalibrate the norms of a path', 512, 1),
  winners: integer('candidates to retrain; the best on held-out images wins', 2, 1),
  trials: integer(
    'candidates of a search that are first trained alone for --trial-epochs; those to retrain are the best of them on held-out data; 0 for none',
    0,
  ),
  trialEpochs: integer('epochs of such a trial', 1, 1),
  trialRounds: integer(
    'rounds that the trials are held in: from the second on, what is tried are offspring of the best so far',
    1,
    1,
  ),
  frugal: integer(
    'candidates to retrain that cost no more than the cheapest baseline; 0 for no such search',
    1,
  ),
  randomSearches: integer(
    'random searches with the budget of the search, to hold its hypervolume against in the report; 0 for none',
    0,
  ),
  rank: integer(
    "paths to train alone, to compare their order with the supernet's: Kendall's tau and Spearman's rho; 0 for none",
    0,
  ),
  families: text('operators that share one tensor a layer; "none" shares nothing', 'list', 'conv,add,shift'),
  transformation: choice(
    'how add and shift read the shared tensor',
    ['affine', 'monotone', 'released', 'none'],
    'affine',
  ),
  alignment: choice(
    'loss that aligns what add reads with a Laplacian and what convolution reads with a Gaussian: as released (add alone), or the Wasserstein distance (of both, or of add alone)',
    ['none', 'released', 'wasserstein', 'wasserstein-add'],
    'none',
  ),
  sharedGradient: choice(
    'gradients of shared tensors: a second moment for each operator, each normalised to unit root mean square, or used plainly; SGD has no second moments, and moments then means normalised',
    ['moments', 'normalised', 'plain'],
    'moments',
  ),
  initialisation: choice(
    'first values: as the transformation asks, Kaiming for all, or N(0, 1) where published',
    ['auto', 'kaiming', 'published'],
    'auto',
  ),
  adderScale: choice(
    "spread of the adder's weights: learned within bounds, fixed, or learned freely; a space may say otherwise",
    SCALE_KINDS,
    DEFAULT_ADDER.kind,
  ),
  adderInitial: number(
    "spread of the adder's weights, at the start where it is learned",
    DEFAULT_ADDER.initial,
    1e-3,
  ),
  adderLow: number('lower bound of a bounded spread', DEFAULT_ADDER.low, 1e-3),
  adderHigh: number('upper bound of a bounded spread', DEFAULT_ADDER.high, 1e-3),
  adderOffset: number(
    "offset of the adder's weights, at the start where it is learned",
    DEFAULT_ADDER.offset,
    -Number.MAX_VALUE,
  ),
  adderAlone: choice(
    "spread of the adder's weights in networks trained alone: the supernet's kind, or another",
    ['same', ...SCALE_KINDS],
    'same',
  ),
  adderAloneInitial: alone('--adder-initial', 1e-3),
  adderAloneLow: alone('--adder-low', 1e-3),
  adderAloneHigh: alone('--adder-high', 1e-3),
  adderAloneOffset: alone('--adder-offset', -Number.MAX_VALUE),
  adderAlonePer: choice(
    'the same setting for networks trained alone: --adder-per',
    ['same', 'layer', 'channel'],
    'same',
  ),
  adderPer: choice(
    "a spread and an offset of the adder's weights for each layer or each output channel",
    ['layer', 'channel'],
    'layer',
  ),
  adderEta: number(
    "AdderNet's local rate: gradients of an adder's own weights are brought to this root mean square, 0.2 is published; 0 for none",
    0,
    0,
    100,
  ),
  shift: choice(
    'parametrisation of shift weights; as released, PS needs the released transformation',
    ['Q', 'PS', 'PS-released', 'PS-released-v4'],
    'Q',
  ),
  pair: text(
    'languages of sentence pairs, en-de for English to German; auto where data has two',
    'from-to',
    'auto',
  ),
  subwords: text(
    'how sentences are split: learn, or a file: codes of subword-nmt or fastBPE, or subwords.json of a run',
    'learn|file',
    'learn',
  ),
  subwordVocabulary: text('with codes: file of their subwords and counts', 'file', 'none'),
  merges: integer('byte-pair merges that are learned from both languages together', 6000, 1),
  words: choice('how words are found: by the rules of Moses, or at spaces', ['moses', 'raw'], 'moses'),
  lowerCase: {
    kind: 'boolean',
    help: 'sentences are lower-cased',
    initial: false,
  } satisfies OptionOf<'boolean'>,
  tokens: integer('subwords of a training batch on its longer side, padding included', 2048, 16),
  longest: integer('subwords of the longest sentence; pairs with longer ones do not train', 128, 4),
  norm: choice(
    'where sublayers of translators are normalised: before they work, or behind their residual addition as published',
    ['pre', 'post'],
    'pre',
  ),
  dropout: number(
    'dropout of embeddings and sublayers; narrower paths of a supernet drop less',
    0.3,
    0,
    0.95,
  ),
  attentionDropout: number('dropout of attention weights', 0.1, 0, 0.95),
  filterDropout: number('dropout of weights of lightweight filters', 0.03, 0, 0.95),
  scoreSentences: integer('held-out sentence pairs a candidate is scored on', 1000, 1),
  beam: integer('translations that are followed at once; 1 is greedy', 4, 1),
  lengthPenalty: number('scores of translations are divided by their length to this power', 0.6, 0, 10),
  lengthPenalties: text(
    'several of them: each trained network takes the one with the best held-out BLEU',
    'x,x,...|none',
    'none',
  ),
  latency: text(
    'what says how long translators take: the accelerator, or a predictor that calibrate --networks wrote',
    'model|file',
    'model',
  ),
  sentenceTokens: integer('subwords of the sentence that translators are priced for; 30 is published', 30, 1),
} as const satisfies Record<string, Option>;

/** Settings that only runs on images have, and only runs on sentences. The others mean the same for both. */
export const IMAGE_SETTINGS = [
  ...['imageSize', 'dataMemory', 'unreadableShare', 'validation', 'batch', 'cropPad', 'padding'],
  ...['randAugment', 'jitter', 'erasing', 'mixup', 'cutmix', 'repeats', 'pictureUses'],
  ...['dropPath', 'supernetDropPath'],
  ...['weightBits', 'activationBits', 'weightScales', 'bitExceptions'],
  ...['distill', 'distillKind', 'distillShare', 'distillTemperature'],
  ...['retrainBlocks', 'lastStride', 'retrainWidth', 'inherit'],
  ...['scoreImages', 'calibrationImages', 'frugal', 'rank'],
] as readonly (keyof RunConfig)[];
export const SENTENCE_SETTINGS = [
  ...['pair', 'subwords', 'subwordVocabulary', 'merges', 'words', 'lowerCase', 'tokens', 'longest', 'norm'],
  ...['dropout', 'attentionDropout', 'filterDropout', 'scoreSentences', 'beam'],
  ...['lengthPenalty', 'lengthPenalties'],
  ...['latency', 'sentenceTokens', 'boundBleu'],
] as readonly (keyof RunConfig)[];

/** Settings of the spread that weights of adders are brought to, by transformations that bring them to one. */
export const ADDER_SETTINGS = [
  ...['adderScale', 'adderInitial', 'adderLow', 'adderHigh', 'adderOffset', 'adderPer', 'adderAlone'],
  ...['adderAloneInitial', 'adderAloneLow', 'adderAloneHigh', 'adderAloneOffset', 'adderAlonePer'],
] as readonly (keyof RunConfig)[];

/** Options that say where and how to run. Runs may go on with other ones; last digits follow who computes. */
export const EXECUTION_OPTIONS = {
  backend: choice('who computes', ['auto', ...BACKEND_NAMES], 'auto'),
  threads: integer('threads; 0 for one a core', 0),
  device: text(
    'GPU that computes: high-performance, low-power, part of its name, or its number; one that is not there lists them',
    'name',
  ),
  precision: choice(
    'what a GPU keeps operands of products in while it sums in single precision; half is faster on some, and rounds more',
    PRECISIONS,
    'single',
  ),
} as const satisfies Record<string, Option>;

/** The same for commands with many jobs to do. */
export const JOB_OPTIONS = {
  dataDisk: number(
    'GiB of pictures of a folder: set that are kept decoded in the cache of the program where they do not fit into memory, so that training need not decode them again; where they do not fit, they are decoded while training, and used more often where it waits for that (--picture-uses); 0 for none, however long it waits',
    64,
    0,
  ),
  workers: integer(
    'candidates scored, and networks trained alone, at the same time, each in a thread; 0 for as many as --threads',
    0,
  ),
  cluster: text(
    'PostgreSQL database through which workers on other machines take part, postgres://user@host/database; its password in PGPASSWORD or ~/.pgpass',
    'url',
  ),
  clusterOnly: {
    kind: 'boolean',
    help: 'with --cluster: this machine scores and trains nothing itself but the supernet',
  },
} as const satisfies Record<string, Option>;

type ValueOf<O extends Option> = O['kind'] extends 'integer' | 'number'
  ? number | (O extends { readonly word: infer W } ? W : never)
  : O['kind'] extends 'boolean'
    ? boolean
    : string;

export type RunConfig = { readonly [K in keyof typeof RUN_OPTIONS]: ValueOf<(typeof RUN_OPTIONS)[K]> };
export type ExecutionConfig = {
  readonly [K in keyof typeof EXECUTION_OPTIONS]: ValueOf<(typeof EXECUTION_OPTIONS)[K]>;
};

function schemaOf(option: Option): z.ZodType {
  switch (option.kind) {
    case 'text':
      return z.string().min(1);
    case 'boolean':
      return z.boolean();
    case 'choice':
      return z.enum(option.choices as [string, ...string[]]);
    case 'integer':
      return z.int().min(option.minimum ?? 0);
    case 'number': {
      const schema = z
        .number()
        .min(option.minimum ?? 0)
        .max(option.maximum ?? Number.MAX_VALUE);
      return option.word === undefined ? schema : z.union([z.literal(option.word), schema]);
    }
  }
}

export const runConfigSchema = z.strictObject(
  Object.fromEntries(Object.entries(RUN_OPTIONS).map(([key, option]) => [key, schemaOf(option)])),
) as unknown as z.ZodType<RunConfig>;

export const DEFAULT_CONFIG = Object.fromEntries(
  Object.entries(RUN_OPTIONS).map(([key, option]) => [key, option.initial]),
) as unknown as RunConfig;

/** Settings that runs of version 0.1.0 lack; their defaults are what such a run did. Any other must be there. */
const SINCE_0_1_0 = [
  ...['randAugment', 'jitter', 'erasing', 'mixup', 'cutmix', 'repeats', 'pictureUses'],
  ...['clip', 'averaging'],
  ...['dropPath', 'supernetDropPath', 'weightBits', 'activationBits', 'weightScales', 'bitExceptions'],
  ...['distill', 'distillKind', 'distillShare', 'distillTemperature'],
  ...['optimiser', 'schedule', 'milestones', 'warmup', 'padding', 'adderEta'],
  ...['imageSize', 'dataMemory', 'unreadableShare'],
  'rankPaths',
  ...['limitArea', 'limitMultiplications', 'limitAdditions', 'limitShifts'],
  'randomSearches',
  ...['boundError', 'boundLoss'],
  ...['trials', 'trialEpochs', 'trialRounds'],
  ...['retrainBlocks', 'lastStride', 'retrainWidth', 'inherit'],
  ...['paths', 'algorithm', 'objectives', 'rank', 'sharedGradient', 'initialisation', 'adderPer'],
  ...['adderLow', 'adderHigh', 'adderOffset', 'adderAlone'],
  ...['adderAloneInitial', 'adderAloneLow', 'adderAloneHigh', 'adderAloneOffset', 'adderAlonePer'],
  ...SENTENCE_SETTINGS,
] as readonly (keyof RunConfig)[];

/** What a run of any version did where its config says nothing. */
export const LATER_SETTINGS: Partial<RunConfig> = Object.fromEntries(
  SINCE_0_1_0.map((key) => [key, DEFAULT_CONFIG[key]]),
);

/** `supernetEpochs` -> `--supernet-epochs` */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
