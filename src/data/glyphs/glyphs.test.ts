import { expect, test } from 'vitest';
import type { ImageDataset, ImageSet } from '../dataset.ts';
import { openDataset } from '../open.ts';
import { drawGlyphs } from './glyphs.ts';

test('the same seed draws the same bytes, another seed others, and a prefix is the smaller set', () => {
  const set = drawGlyphs({ seed: 5, train: 60, test: 20 });
  const again = drawGlyphs({ seed: 5, train: 30, test: 20 });
  const other = drawGlyphs({ seed: 6, train: 30, test: 20 });
  expect(Buffer.compare(set.train.pixels.subarray(0, 30 * 784), again.train.pixels)).toBe(0);
  expect(Buffer.compare(set.test.pixels, again.test.pixels)).toBe(0);
  expect(Buffer.compare(other.train.pixels, again.train.pixels)).not.toBe(0);
  expect(Buffer.compare(set.train.pixels.subarray(0, 20 * 784), set.test.pixels)).not.toBe(0);
});

test('every class has its share, and every image has contrast', () => {
  const { train, classes, mirrorable } = drawGlyphs({ train: 200, test: 10 });
  expect(classes).toHaveLength(10);
  expect(mirrorable).toBe(false);
  for (let i = 0; i < train.count; i++) {
    const image = train.pixels.subarray(i * 784, (i + 1) * 784);
    expect(Math.max(...image) - Math.min(...image)).toBeGreaterThan(80);
    expect(train.labels[i]).toBe(i % 10);
  }
});

test('opens by name, in other sizes and smaller numbers, and refuses nonsense', async () => {
  const set = await openDataset('glyphs', { limit: 40, imageSize: 16 });
  expect(set.train).toMatchObject({ count: 40, height: 16, width: 16, channels: 1 });
  expect(set.source).toBe('glyphs');
  expect((await openDataset('glyphs:', { limit: 10 })).test.count).toBe(10);
  await expect(openDataset('glyphs', { imageSize: 5 })).rejects.toThrow(
    /image size must be whole and at least 12/,
  );
});

/** Softmax regression by stochastic gradient descent: test and training accuracy. */
function linearAccuracy(set: ImageDataset, epochs: number): { train: number; test: number } {
  const pixels = set.train.height * set.train.width;
  const classes = set.classes.length;
  const normalised = ({ pixels: bytes }: ImageSet) =>
    Float32Array.from(bytes, (value) => (value / 255 - set.mean[0]) / set.deviation[0]);
  const x = normalised(set.train);
  const xTest = normalised(set.test);
  const w = new Float32Array(classes * pixels);
  const scores = new Float64Array(classes);
  const score = (images: Float32Array, image: number) => {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      let sum = 0;
      for (let p = 0; p < pixels; p++) sum += w[c * pixels + p] * images[image * pixels + p];
      scores[c] = sum;
      if (sum > scores[best]) best = c;
    }
    return best;
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 0.003 / (1 + epoch / 4);
    for (let i = 0; i < set.train.count; i++) {
      const top = scores[score(x, i)];
      const total = scores.reduce((sum, value) => sum + Math.exp(value - top), 0);
      for (let c = 0; c < classes; c++) {
        const step = rate * (Math.exp(scores[c] - top) / total - (c === set.train.labels[i] ? 1 : 0));
        for (let p = 0; p < pixels; p++) w[c * pixels + p] -= step * x[i * pixels + p];
      }
    }
  }
  const share = (images: Float32Array, labels: ArrayLike<number>) =>
    Array.from(labels).filter((label, i) => score(images, i) === label).length / labels.length;
  return { train: share(x, set.train.labels), test: share(xTest, set.test.labels) };
}

test('a linear model stays below 60 % on test images, though it learns a small set by heart', () => {
  expect(linearAccuracy(drawGlyphs({ train: 3000, test: 1000 }), 5).test).toBeLessThan(0.6);
  expect(linearAccuracy(drawGlyphs({ train: 100, test: 100 }), 80).train).toBeGreaterThan(0.95);
});
