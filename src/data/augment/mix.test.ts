/** Mixing and erasing, by hand-computed examples and by what their distributions must be. */
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { drawRectangle, erase } from './erasing.ts';
import { applyMix, beta, drawMix } from './mix.ts';
import { checkRecipe, isHeavy, isPlain, PLAIN_RECIPE } from './recipe.ts';

const random = Random.fromSeed('mix');

test('mixup by hand: three images of two pixels, a quarter of the first', () => {
  const images = Float32Array.from([0, 4, 1, 1, 8, 0]);
  const targets = Float32Array.from([1, 0, 0, 1, 0, 1]);
  applyMix({ share: 0.25 }, images, targets, 3, [1, 2, 1]);
  expect([...images]).toEqual([6, 1, 1, 1, 2, 3]);
  expect([...targets]).toEqual([0.25, 0.75, 0, 1, 0.75, 0.25]);
});

test('cutmix by hand: the left column of 2 x 2 images is exchanged, half of each is left', () => {
  const images = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const targets = Float32Array.from([1, 0, 0, 1]);
  const rectangle = { top: 0, left: 0, height: 2, width: 1 };
  applyMix({ share: 0.5, rectangle }, images, targets, 2, [2, 2, 1]);
  expect([...images]).toEqual([5, 2, 7, 4, 1, 6, 3, 8]);
  expect([...targets]).toEqual([0.5, 0.5, 0.5, 0.5]);
});

test('a drawn cutmix rectangle lies in the image and its area is what the share lacks', () => {
  for (let i = 0; i < 300; i++) {
    const { share, rectangle } = drawMix({ mixup: 0, cutmix: 1 }, 9, 7, random.split(i))!;
    const { top, left, height, width } = rectangle!;
    expect(Math.min(top, left, height, width)).toBeGreaterThanOrEqual(0);
    expect(top + height).toBeLessThanOrEqual(9);
    expect(left + width).toBeLessThanOrEqual(7);
    expect(share).toBeCloseTo(1 - (height * width) / 63, 12);
  }
});

test('mixup and cutmix together have about half the batches each; with both off nothing is drawn', () => {
  const drawn = Array.from(
    { length: 1000 },
    (_, i) => drawMix({ mixup: 0.8, cutmix: 1 }, 8, 8, random.split(i))!,
  );
  const cut = drawn.filter(({ rectangle }) => rectangle !== undefined).length;
  expect(cut).toBeGreaterThan(430);
  expect(cut).toBeLessThan(570);
  const state = random.state();
  expect(drawMix({ mixup: 0, cutmix: 0 }, 8, 8, random)).toBeUndefined();
  expect(random.state()).toEqual(state);
});

test.each([0.05, 0.8, 1, 4])('beta(%d, same): mean 1/2, variance 1 / (4 (2 alpha + 1))', (alpha) => {
  const stream = random.split(`beta ${alpha}`);
  const values = Array.from({ length: 4000 }, () => beta(alpha, stream));
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  expect(values.every((v) => v >= 0 && v <= 1)).toBe(true);
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.04);
  expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 0.7);
});

test('random erasing: rectangles inside, of 2 % to 33 % of the area but for rounding; probability 0 and 1', () => {
  for (let i = 0; i < 200; i++) {
    const { top, left, height, width } = drawRectangle(32, 32, random.split(`r${i}`))!;
    expect(top + height).toBeLessThanOrEqual(32);
    expect(left + width).toBeLessThanOrEqual(32);
    expect(height * width).toBeGreaterThan(0.01 * 1024);
    expect(height * width).toBeLessThan(0.36 * 1024);
  }
  expect(drawRectangle(1, 1, random)).toBeUndefined();
  const shape = [8, 8, 3] as const;
  const images = new Float32Array(3 * 192);
  erase(images, 192, shape, 0, random);
  expect(images.every((v) => v === 0)).toBe(true);
  erase(images, 192, shape, 1, random);
  const changed = [0, 1, 2].map((i) => images.subarray(192 * i, 192 * (i + 1)).filter((v) => v !== 0).length);
  expect([changed[0], changed[2]]).toEqual([0, 0]);
  expect(changed[1]).toBeGreaterThan(0);
  expect(changed[1] % 3).toBe(0);
});

test('a recipe out of range says what is wrong', () => {
  expect(isPlain(PLAIN_RECIPE)).toBe(true);
  expect(isPlain({ ...PLAIN_RECIPE, repeats: 2 })).toBe(false);
  expect(isHeavy({ ...PLAIN_RECIPE, mixup: 1 })).toBe(false);
  expect(isHeavy({ ...PLAIN_RECIPE, erasing: 0.1 })).toBe(true);
  checkRecipe({ ...PLAIN_RECIPE, randAugment: 9, repeats: 3 }, 12);
  expect(() => checkRecipe({ ...PLAIN_RECIPE, randAugment: 11 }, 4)).toThrow(
    /randAugment must be between 0 and 10/,
  );
  expect(() => checkRecipe({ ...PLAIN_RECIPE, repeats: 3 }, 64)).toThrow(/64 cannot hold each image 3 times/);
  expect(() => checkRecipe({ ...PLAIN_RECIPE, erasing: Number.NaN }, 4)).toThrow(/erasing/);
});
