import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { pairedLoss } from './paired.ts';

test('by hand: 60 and 20 of 998 images are 40 of 1000 less twice the root of (0.081 - 0.04^2) / 1000', () => {
  const { loss, certain } = pairedLoss({ images: 998, onlyFirst: 60, onlySecond: 20 });
  expect(loss).toBe(40 / 998);
  expect(certain).toBeCloseTo(0.04 - 2 * Math.sqrt(0.0794 / 1000), 12);
});

test('one or two images that fall one way are chance, ten are not; no images say nothing', () => {
  const fallen = (images: number) => pairedLoss({ images, onlyFirst: images, onlySecond: 0 });
  expect(fallen(1)).toMatchObject({ loss: 1 });
  expect(fallen(1).certain).toBeLessThan(0);
  expect(fallen(2).certain).toBeLessThan(0);
  expect(fallen(10).certain).toBeGreaterThan(0.5);
  expect(fallen(0).loss).toBe(0);
  expect(fallen(0).certain).toBeLessThan(0);
});

test('classifiers that are equally good seem unequal in one comparison of forty or fewer', () => {
  const random = Random.fromSeed(0).split('images');
  let seemed = 0;
  for (let i = 0; i < 4000; i++) {
    const counts = { images: 60, onlyFirst: 0, onlySecond: 0 };
    for (let image = 0; image < counts.images; image++) {
      const kind = random.integer(10);
      if (kind === 0) counts.onlyFirst++;
      if (kind === 1) counts.onlySecond++;
    }
    if (pairedLoss(counts).certain > 0) seemed++;
  }
  // the normal distribution has 2.3 % beyond two deviations on one side
  expect(seemed / 4000).toBeLessThan(0.025);
  expect(seemed).toBeGreaterThan(0);
});
