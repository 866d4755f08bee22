/**
 * A rank's part of every batch. Of images: rows one after the other, as many for each. Of sentences, which are of different
 * lengths: pairs dealt out so that all ranks have about as many subwords.
 */
import { ShiftAddError } from '../core/errors.ts';
import { makeBatch, type SubwordPairs, type TokenBatch } from '../data/text/batches.ts';
import type { BatchSource } from './image-loss.ts';
import type { Ranks } from './ranks.ts';

/**
 * Every rank makes the whole batch and takes its rows, so that what a batch holds, mixes included, does not depend on
 * the ranks. Throws 'usage' where `batchSize` cannot be cut into equal parts.
 */
export function rankBatches(
  source: BatchSource,
  { rank, size }: Pick<Ranks, 'rank' | 'size'>,
  batchSize: number,
): BatchSource {
  if (batchSize % size !== 0) {
    throw new ShiftAddError(
      'usage',
      `each of ${size} ranks trains an equal part of every batch, but a batch has ${batchSize} images; choose a --batch that is a multiple of ${size}`,
      { batch: batchSize, ranks: size },
    );
  }
  const { stepsPerEpoch, shape, classes } = source;
  return {
    ...{ stepsPerEpoch, shape, classes },
    batch: (step) => {
      const whole = source.batch(step);
      const count = whole.count / size;
      const rows = (values: Float32Array) => {
        const length = values.length / size;
        return values.subarray(rank * length, (rank + 1) * length);
      };
      return { count, images: rows(whole.images), targets: rows(whole.targets) };
    },
  };
}

/**
 * This rank's pairs of a batch: `members` come shortest first (TokenBatches) and are dealt to and fro from the longest on,
 * so that the longer sides of two ranks' pairs together differ by at most one pair. Without pairs where a batch has fewer
 * than there are ranks.
 *
 *   rank   ... 2 1 0 0 1 2 2 1 0   longest
 *
 * Its `tokens` are the mean over the ranks: the mean of what the ranks' losses then come to is the loss of the whole batch.
 */
export function rankPairs(
  pairs: SubwordPairs,
  members: Uint32Array,
  { rank, size }: Pick<Ranks, 'rank' | 'size'>,
): TokenBatch {
  const mine = members.filter((_, i) => {
    const place = (members.length - 1 - i) % (2 * size);
    return rank === Math.min(place, 2 * size - 1 - place);
  });
  const tokens = members.reduce((sum, member) => sum + pairs.to[member].length + 1, 0);
  return { ...makeBatch(pairs, mine), tokens: tokens / size };
}
