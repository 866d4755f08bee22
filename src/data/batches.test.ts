import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { BatchMaker, type BatchOptions, normalise } from './batches.ts';
import type { ImageSet } from './dataset.ts';

const set: ImageSet = {
  count: 10,
  height: 4,
  width: 5,
  channels: 2,
  pixels: Uint8Array.from({ length: 10 * 40 }, (_, i) => (i * 7 + 1) % 256),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i % 3),
};
const normal = { classes: ['a', 'b', 'c'], mean: [0.5, 0.25], deviation: [0.5, 0.2] };
const options = (changes: Partial<BatchOptions> = {}): BatchOptions => ({
  set,
  normal,
  batchSize: 4,
  ...changes,
});
const random = Random.fromSeed(1).state();
const value = (pixel: number, c: number) => Math.fround((pixel / 255 - normal.mean[c]) / normal.deviation[c]);

test('stored order: every image once, normalised, the last batch short', () => {
  const maker = new BatchMaker(options());
  expect(maker.stepsPerEpoch).toBe(3);
  const seen: number[] = [];
  for (let step = 0; step < 3; step++) {
    const { count, images, labels, targets } = maker.batch(0, step);
    expect([count, images.length, targets.length]).toEqual(step < 2 ? [4, 160, 12] : [2, 80, 6]);
    seen.push(...labels);
    images.forEach((pixel, i) => {
      expect(pixel).toBe(value(set.pixels[step * 160 + i], i % 2));
    });
  }
  expect(seen).toEqual([...set.labels]);
  expect([...normalise(set.pixels.subarray(0, 160), normal)]).toEqual([...maker.batch(0, 0).images]);
  expect(() => maker.batch(0, 3)).toThrow(/steps 0 to 2, but step 3/);
});

test('random order: a permutation of the chosen images, another in every epoch, partial batches left out', () => {
  const indices = [9, 8, 7, 6, 5, 4, 3];
  const maker = new BatchMaker(options({ indices, random, batchSize: 3 }));
  expect(maker.stepsPerEpoch).toBe(2);
  const firsts = (epoch: number) =>
    [0, 1].flatMap((step) => {
      const { images } = maker.batch(epoch, step);
      return [0, 1, 2].map(
        (i) => indices.find((index) => images[i * 40] === value(set.pixels[index * 40], 0))!,
      );
    });
  expect(new Set(firsts(0)).size).toBe(6);
  expect(firsts(0)).not.toEqual(firsts(1));
});

const heavy = { mirror: true, cropPad: 2, padding: 'edge', cutout: 2 } as const;

test('a batch depends on epoch and step alone, not on what was made before', () => {
  const a = new BatchMaker(options({ random, augmentation: heavy }));
  const b = new BatchMaker(options({ random, augmentation: heavy }));
  for (let epoch = 0; epoch < 3; epoch++) for (let step = 0; step < 2; step++) a.batch(epoch, step);
  for (const [epoch, step] of [
    [2, 1],
    [0, 0],
    [1, 1],
  ]) {
    expect([...a.batch(epoch, step).images]).toEqual([...b.batch(epoch, step).images]);
  }
  expect([...a.batch(0, 0).images]).not.toEqual([...a.batch(1, 0).images]);
});

test.each(['black', 'edge'] as const)(
  'crop and mirror with %s padding: every image is a shifted, perhaps mirrored original',
  (padding) => {
    const maker = new BatchMaker(
      options({ random, batchSize: 1, indices: [3], augmentation: { mirror: true, cropPad: 1, padding } }),
    );
    const pixel = (row: number, column: number, c: number) => {
      const inside = row >= 0 && row < 4 && column >= 0 && column < 5;
      if (!inside && padding === 'black') return 0;
      return set.pixels[120 + (Math.min(3, Math.max(0, row)) * 5 + Math.min(4, Math.max(0, column))) * 2 + c];
    };
    const variants = new Map<string, string>();
    for (const mirrored of [false, true])
      for (const top of [-1, 0, 1])
        for (const left of [-1, 0, 1]) {
          const image = Array.from({ length: 40 }, (_, i) => {
            const [row, column, c] = [Math.floor(i / 10), Math.floor(i / 2) % 5, i % 2];
            return value(pixel(row + top, (mirrored ? 4 - column : column) + left, c), c);
          });
          variants.set(image.join(), `${mirrored} ${top} ${left}`);
        }
    const seen = new Set<string | undefined>();
    for (let epoch = 0; epoch < 200; epoch++)
      seen.add(variants.get([...maker.batch(epoch, 0).images].join()));
    expect(seen.has(undefined)).toBe(false);
    expect(seen.size).toBe(18);
  },
);

test('cutout sets at most its square to the mean, and smoothing keeps rows at one', () => {
  const maker = new BatchMaker(
    options({ random, smoothing: 0.3, augmentation: { mirror: false, cropPad: 0, cutout: 2 } }),
  );
  const { images, targets, labels } = maker.batch(0, 0);
  for (let i = 0; i < 4; i++) {
    const zeros = [...images.subarray(i * 40, (i + 1) * 40)].filter((x) => x === 0).length;
    expect(zeros).toBeGreaterThanOrEqual(2);
    expect(zeros).toBeLessThanOrEqual(8);
    const row = [...targets.subarray(3 * i, 3 * i + 3)];
    expect(row.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 6);
    expect(row[labels[i]]).toBeCloseTo(0.8, 6);
  }
});

test('options out of range are refused', () => {
  expect(() => new BatchMaker(options({ batchSize: 11, random }))).toThrow(
    /between 1 and the 10 images used, but is 11/,
  );
  expect(() => new BatchMaker(options({ smoothing: 1 }))).toThrow(/smoothing/);
  expect(() => new BatchMaker(options({ augmentation: { mirror: false, cropPad: -1 } }))).toThrow(
    /cropPad.*-1/,
  );
});
