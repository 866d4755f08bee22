/** What jobs are done with, from the settings of a run: the same on every machine that has the same data. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { ImageDataset } from '../../data/dataset.ts';
import { type OpenOptions, openDataset } from '../../data/open.ts';
import { type StoreOptions, storePictures } from '../../data/picturestore.ts';
import { sharedSet } from '../../data/shared-set.ts';
import { stratified, subset } from '../../data/split.ts';
import { channelStatistics } from '../../data/statistics.ts';
import type { Space } from '../../spaces/space.ts';
import type { RunConfig } from '../options.ts';
import type { JobContext } from './context.ts';
import { imageSizeOf } from './image-size.ts';
import { quantisationOf } from './quantisation-of.ts';
import { sharingAloneOf, sharingOf } from './sharing-of.ts';

export interface JobContextOptions {
  readonly backend: Backend;
  /** Jobs at once, as `openEvaluator` takes it. */
  readonly workers?: number | undefined;
  /** Opens the data; for programs that run many sessions over one set and keep it. */
  readonly openData?: typeof openDataset | undefined;
  /** How much of pictures that do not fit into memory is kept decoded; nothing when absent. */
  readonly store?: StoreOptions | undefined;
  /** Told how far the data are read. */
  readonly reading?: OpenOptions['progress'];
}

/** Reads the data. @throws what `openDataset` throws; 'usage' for settings that cannot work with it */
export async function openJobContext(
  config: RunConfig,
  space: Space,
  { backend, workers, openData = openDataset, store, reading }: JobContextOptions,
): Promise<Omit<JobContext, 'checkpoints' | 'saveEvery'>> {
  const random = Random.fromSeed(config.seed);
  const limited = await limitedDataset(config, space, random, (source, options) =>
    openData(source, { ...options, progress: reading }),
  );
  const read = store === undefined ? limited : await stored(limited, { progress: reading, ...store });
  // Read in place by threads that train; one that works alone needs no second copy while it is made.
  const several = backend.threads > 1 && workers !== 1;
  const dataset = several ? { ...read, train: sharedSet(read.train), test: sharedSet(read.test) } : read;
  if (config.validation >= dataset.train.count) {
    throw new ShiftAddError(
      'usage',
      `--validation must leave images to train on, but ${config.validation} of ${dataset.train.count} are to be held out; lower it`,
    );
  }
  const { height: h, width: w, channels: c } = dataset.train;
  const task = { image: { h, w, c }, classes: dataset.classes.length };
  const split = stratified(dataset.train.labels, config.validation, random.split('held out'));
  return {
    ...{ config, backend, dataset, split, space, task, random },
    sharing: sharingOf(config),
    sharingAlone: sharingAloneOf(config),
    quantisation: quantisationOf(config),
    unreadable: new Set(),
  };
}

/** With the pictures kept that are trained on again and again; those of the test set are seen once a network. */
async function stored(dataset: ImageDataset, options: StoreOptions): Promise<ImageDataset> {
  const { set: train, note } = await storePictures(dataset.train, options);
  return note === '' ? dataset : { ...dataset, train, notes: [...dataset.notes, note] };
}

/** The data of a run. `trainLimit` takes images from training only: networks are measured on the whole test set. */
async function limitedDataset(
  config: RunConfig,
  space: Space,
  random: Random,
  open: typeof openDataset,
): Promise<ImageDataset> {
  const { data, seed, trainLimit, dataMemory, unreadableShare } = config;
  const whole = await open(data, {
    ...{ seed, imageSize: imageSizeOf(config, space), memory: dataMemory * 2 ** 30, unreadableShare },
  });
  if (trainLimit === 0 || whole.train.count <= trainLimit) return whole;
  const { held } = stratified(whole.train.labels, trainLimit, random.split('training images'));
  const train = subset(whole.train, held);
  return train.files === undefined ? { ...whole, train, ...channelStatistics(train) } : { ...whole, train };
}
