/** A rank's part of every batch: rows one after the other, in the order of the ranks. */
import { ShiftAddError } from '../core/errors.ts';
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
