/**
 * What every loader ends in: an optional limit on the number of images, and mean and deviation of each channel,
 * counted exactly from histograms of bytes so that they do not depend on the order of the images.
 */
import { require_ } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import { stratified, subset } from './split.ts';

export interface ChannelStatistics {
  readonly mean: number[];
  readonly deviation: number[];
}

/** Mean and deviation (divided by n) of each channel of `set`, pixels scaled to [0, 1]. */
export function channelStatistics(set: ImageSet): ChannelStatistics {
  const { pixels, channels } = set;
  const mean: number[] = [];
  const deviation: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const histogram = new Float64Array(256);
    for (let i = channel; i < pixels.length; i += channels) histogram[pixels[i]]++;
    let sum = 0;
    let squares = 0;
    for (let value = 0; value < 256; value++) {
      sum += value * histogram[value];
      squares += value * value * histogram[value];
    }
    const count = Math.max(1, pixels.length / channels);
    const average = sum / count;
    mean.push(average / 255);
    deviation.push(Math.sqrt(Math.max(0, squares / count - average * average)) / 255);
  }
  return { mean, deviation };
}

export interface Parts extends Omit<ImageDataset, 'mean' | 'deviation'> {
  /** At most this many images of each set, the classes in their proportions. */
  readonly limit?: number | undefined;
  readonly seed: number | string;
  /** For sets whose images are not in memory. */
  readonly statistics?: ChannelStatistics | undefined;
}

/** Applies the limit and adds the statistics. */
export function assemble(parts: Parts): ImageDataset {
  const { limit, seed, statistics, ...rest } = parts;
  require_(
    limit === undefined || (Number.isInteger(limit) && limit > 0),
    'usage',
    () => `the limit on images must be a positive whole number, but got ${limit}; leave it out to use all`,
    { limit: limit ?? null },
  );
  const random = Random.fromSeed(seed).split('limit');
  const few = (set: ImageSet, name: string): ImageSet =>
    limit === undefined || set.count <= limit
      ? set
      : subset(set, stratified(set.labels, limit, random.split(name)).held);
  const train = few(rest.train, 'train');
  return { ...rest, train, test: few(rest.test, 'test'), ...(statistics ?? channelStatistics(train)) };
}
