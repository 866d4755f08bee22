import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { middleWindow, randomWindow } from './crops.ts';

const side = fc.integer({ min: 1, max: 700 });

test('a random part lies inside; where its shape is not cut short it has 8 to 100 % of the area and 3/4 to 4/3', () => {
  fc.assert(
    fc.property(side, side, fc.integer(), (height, width, seed) => {
      const part = randomWindow({ height, width }, Random.fromSeed(seed));
      expect(Math.min(part.top, part.left, part.height - 1, part.width - 1)).toBeGreaterThanOrEqual(0);
      expect(part.top + part.height).toBeLessThanOrEqual(height);
      expect(part.left + part.width).toBeLessThanOrEqual(width);
      if (Math.min(height, width) < 100) return; // rounding to whole pixels
      const fits = height / width <= 4 / 3 && width / height <= 4 / 3;
      if (fits) expect((part.height * part.width) / (height * width)).toBeGreaterThan(0.075);
      expect(part.width / part.height).toBeGreaterThan(0.7);
      expect(part.width / part.height).toBeLessThan(1.43);
    }),
  );
});

test('areas of random parts are spread evenly over 8 to 100 % where all of them fit', () => {
  const root = Random.fromSeed('areas');
  const areas = Array.from({ length: 2000 }, (_, i) => {
    const { height, width } = randomWindow({ height: 400, width: 400 }, root.split(i));
    return (height * width) / 160_000;
  });
  expect(Math.min(...areas)).toBeLessThan(0.1);
  expect(Math.max(...areas)).toBeGreaterThan(0.95);
  // shapes that do not fit are drawn again, so large areas are a little rarer than the even spread's mean of 0.54
  const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
  expect(mean).toBeGreaterThan(0.46);
  expect(mean).toBeLessThan(0.55);
});

test('the middle part is what Resize(256) and CenterCrop(224) show', () => {
  expect(middleWindow({ height: 256, width: 256 })).toEqual({ top: 16, left: 16, height: 224, width: 224 });
  expect(middleWindow({ height: 256, width: 512 })).toEqual({ top: 16, left: 144, height: 224, width: 224 });
});
