/** Named bundles of settings. The data decides which one is the default. */
import type { RunConfig } from './options.ts';

export interface Preset {
  readonly title: string;
  readonly settings: Partial<RunConfig>;
}

export const PRESETS: Readonly<Record<string, Preset>> = {
  small: {
    title: 'real images of about 32x32: within an hour on two cores',
    settings: {
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
    title: 'drawn glyphs: a few minutes on two cores',
    settings: {
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
  },
  smoke: {
    title:
      'the smallest run that does everything, for a first look and for tests; its accuracy means nothing',
    settings: {
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
  },
};

export function defaultPreset(data: string): string {
  return data === 'glyphs' ? 'demo' : 'small';
}
