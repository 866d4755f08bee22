/** Recipes in batches: what an image becomes does not depend on how images are put into batches. */
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { BatchMaker, type BatchOptions } from '../batches.ts';
import { PLAIN_RECIPE, type Recipe } from './recipe.ts';

const COUNT = 24;
const PIXELS = 6 * 5 * 3;
const random = Random.fromSeed('recipes').state();

function maker(recipe: Partial<Recipe>, changes: Partial<BatchOptions> = {}): BatchMaker {
  return new BatchMaker({
    set: {
      count: COUNT,
      height: 6,
      width: 5,
      channels: 3,
      pixels: Uint8Array.from({ length: COUNT * PIXELS }, (_, i) => (i * i * 5 + i * 3) % 256),
      // every image is its own class, so that a label says which it is
      labels: Uint8Array.from({ length: COUNT }, (_, i) => i),
    },
    normal: {
      classes: Array.from({ length: COUNT }, (_, i) => `${i}`),
      mean: [0.5, 0.4, 0.3],
      deviation: [0.2, 0.3, 0.4],
    },
    batchSize: 6,
    random,
    augmentation: { mirror: true, cropPad: 1, padding: 'edge', cutout: 2 },
    recipe: { ...PLAIN_RECIPE, ...recipe },
    ...changes,
  });
}

/** Images of an epoch by label, in order of copies. */
function epochOf(from: BatchMaker, epoch: number): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (let step = 0; step < from.stepsPerEpoch; step++) {
    const { count, labels, images } = from.batch(epoch, step);
    for (let i = 0; i < count; i++) {
      const image = images.slice(i * PIXELS, (i + 1) * PIXELS).join();
      found.set(labels[i], [...(found.get(labels[i]) ?? []), image]);
    }
  }
  return found;
}

const ALONE = { randAugment: 9, jitter: 0.4, erasing: 0.5 };

test('an image is the same in batches of another size and with other steps made before', () => {
  const small = maker(ALONE, { batchSize: 4 });
  small.batch(7, 3);
  expect(epochOf(small, 1)).toEqual(epochOf(maker(ALONE), 1));
  expect(epochOf(maker(ALONE), 1)).not.toEqual(epochOf(maker(ALONE), 0));
});

test.each(Object.entries(ALONE))(
  '%s changes images, and only some of their values with the others off',
  (key, value) => {
    const plain = epochOf(maker({ repeats: 1, [key]: 1e-12 }), 0);
    const changed = epochOf(maker({ [key]: value }), 0);
    const differing = [...plain].filter(([label, [image]]) => changed.get(label)?.[0] !== image).length;
    expect(differing).toBeGreaterThan(3);
  },
);

test('repeats: a batch holds a third as many images three times, each time another way', () => {
  const three = maker({ ...ALONE, repeats: 3 });
  expect(three.stepsPerEpoch).toBe(4);
  const { labels, images } = three.batch(0, 1);
  expect([...labels.slice(0, 2), ...labels.slice(0, 2), ...labels.slice(0, 2)]).toEqual([...labels]);
  expect(labels[0]).not.toBe(labels[1]);
  const copies = [0, 2, 4].map((i) => images.slice(i * PIXELS, (i + 1) * PIXELS).join());
  expect(new Set(copies).size).toBe(3);
  const seen = epochOf(three, 0);
  expect(seen.size).toBe(COUNT / 3);
  // the first copy is the image as it is without repetition
  const once = epochOf(maker(ALONE), 0);
  for (const [label, [first]] of seen) expect(first).toBe(once.get(label)?.[0]);
});

test('mixing keeps sums of targets and gives at most two classes to an image', () => {
  const mixed = maker({ mixup: 0.8, cutmix: 1 });
  let several = 0;
  for (let step = 0; step < mixed.stepsPerEpoch; step++) {
    const { targets } = mixed.batch(0, step);
    for (let i = 0; i < 6; i++) {
      const row = [...targets.slice(i * COUNT, (i + 1) * COUNT)];
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      const classes = row.filter((v) => v > 0).length;
      expect(classes).toBeLessThanOrEqual(2);
      if (classes === 2) several++;
    }
  }
  expect(several).toBeGreaterThan(0);
});

test('a recipe in stored order or with partial batches is refused', () => {
  expect(() => maker(ALONE, { random: undefined })).toThrow(/random order and full batches/);
  expect(() => maker(ALONE, { keepPartial: true })).toThrow(/random order and full batches/);
  expect(() => maker({ repeats: 4 })).toThrow(/6 cannot hold each image 4 times/);
});
