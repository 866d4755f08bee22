/** How large a study is: plain data that its folder keeps, so that going on with it is going on with the same one. */
import type { RunConfig } from '../runs/options.ts';
import { ALGORITHM_NAMES } from '../search/names.ts';
import { SCHEME_GROUPS } from './schemes.ts';

export interface StudySettings {
  /** Names of data sets; where their files are is no part of a study. */
  readonly sets: readonly string[];
  readonly space: string;
  readonly seeds: readonly number[];
  /** Epochs of supernets in short and in long training, and of every network that is trained alone. */
  readonly shortEpochs: number;
  readonly longEpochs: number;
  readonly epochs: number;
  /** Paths that the mean of a supernet is taken over, and paths that are ranked and trained alone. */
  readonly randomPaths: number;
  readonly rankPaths: number;
  /** Parts that the trainings of ranked paths come in: each spans the whole range of energy. */
  readonly rankParts: number;
  /** Schemes tried after the default and no sharing: at most three groups, one after the other. */
  readonly schemes: readonly (readonly string[])[];
  readonly operatorSets: readonly string[];
  readonly algorithms: readonly string[];
  readonly zoo: readonly string[];
  /** Settings of every run. */
  readonly run: Partial<RunConfig>;
}

/** Sets of operators that a space may allow: `OPERATOR_SETS` of operator-spaces.ts. */
const OPERATOR_SETS = ['conv', 'conv+attention', 'conv+add', 'conv+shift', 'all'];

/** Cells of about a minute on two cores that have nothing else to do. */
export const FULL: StudySettings = {
  sets: ['cifar10', 'fashion-mnist'],
  space: 'cifar',
  seeds: [0, 1, 2],
  shortEpochs: 8,
  longEpochs: 24,
  epochs: 3,
  randomPaths: 24,
  rankPaths: 16,
  rankParts: 4,
  schemes: SCHEME_GROUPS,
  operatorSets: OPERATOR_SETS,
  algorithms: ALGORITHM_NAMES,
  zoo: [
    ...['resnet-20@0.5', 'adder-resnet-20@0.5', 'shift-resnet-20@0.5', 'shift-ps-resnet-20@0.5'],
    ...['shiftadd-resnet-20@0.5', 'mobilenet-v2-cifar@0.5', 'vgg-small@0.125', 'resnet-18-cifar@0.125'],
    'vit-tiny-cifar@0.25',
  ],
  run: {
    ...{ trainLimit: 12_000, validation: 2000, batch: 64, cropPad: 1, paths: 'tuples' },
    ...{ scoreImages: 500, calibrationImages: 256 },
    ...{ limitEnergy: '70%', population: 24, parents: 8, generations: 4, winners: 1, frugal: 0 },
  },
};

/** Everything once or twice on drawn digits, in a few minutes; its figures mean nothing. */
export const QUICK: StudySettings = {
  ...FULL,
  sets: ['glyphs'],
  space: 'micro',
  seeds: [0, 1],
  shortEpochs: 1,
  longEpochs: 2,
  epochs: 1,
  randomPaths: 4,
  rankPaths: 6,
  rankParts: 2,
  schemes: [['q-affine-plain', 'published']],
  operatorSets: ['conv', 'all'],
  algorithms: ['evolution', 'random'],
  zoo: ['resnet-20@0.25'],
  run: {
    ...FULL.run,
    ...{ trainLimit: 640, validation: 128, batch: 32, scoreImages: 64, calibrationImages: 64 },
    ...{ population: 4, parents: 2, generations: 2, limitEnergy: '80%' },
  },
};

/** Where the files of a set are below the folder of all data: `--data` of a run. */
export function sourceOf(set: string, folder: string): string {
  if (set === 'glyphs') return 'glyphs';
  const reader = set.startsWith('cifar') ? set : 'idx';
  return `${reader}:${folder}/${set}`;
}
