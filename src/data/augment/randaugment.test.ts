/**
 * The operations against Pillow, byte for byte, and the policy that draws them. The values of pillow.json were made
 * by the calls that timm 1.0 makes for each operation, with bilinear resampling.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { colourJitter } from './jitter.ts';
import type { Picture } from './picture.ts';
import { PlainPicture } from './plain-picture.ts';
import { RANDAUGMENT_OPERATIONS, randAugment } from './randaugment.ts';
import { autoContrast, equalize } from './tone.ts';

const golden = JSON.parse(readFileSync(new URL('./pillow.json', import.meta.url), 'utf8'));

function holding(height: number, width: number, channels: number, data: Uint8Array): Picture {
  const made = new PlainPicture(height, width, channels);
  made.data.set(data);
  return made;
}
const picture = (hex: string, height: number, width: number) =>
  holding(height, width, 3, Buffer.from(hex, 'hex'));
const hexOf = ({ data }: Picture) => Buffer.from(data).toString('hex');
const sample = () => picture(golden.input, golden.height, golden.width);
/** A picture after an operation, which changes it in place. */
function after(given: Picture, change: (picture: Picture) => void): string {
  change(given);
  return hexOf(given);
}

test.each(RANDAUGMENT_OPERATIONS)('$name gives the bytes of Pillow 12.3.0', ({ name, apply }) => {
  const { amount, bytes } = golden.results[name];
  expect(after(sample(), (picture) => apply(picture, amount, golden.fill))).toBe(bytes);
});

test('equalize and autoContrast of an image with many pixels in a narrow range, as Pillow 12.3.0', () => {
  const { input, height, width, results } = golden.wide;
  expect(after(picture(input, height, width), equalize)).toBe(results.equalize);
  expect(after(picture(input, height, width), autoContrast)).toBe(results.autoContrast);
  expect(results.equalize).not.toBe(input);
});

test('amounts at magnitude 9 are those of timm rand-m9-inc1', () => {
  const amounts = Object.fromEntries(
    RANDAUGMENT_OPERATIONS.map(({ name, amount }) => [name, [amount(0.9, 1), amount(0.9, -1)]]),
  );
  expect(amounts.posterize).toEqual([1, 1]);
  expect(amounts.solarize).toEqual([26, 26]);
  expect(amounts.solarizeAdd).toEqual([99, 99]);
  for (const [name, value] of [
    ['rotate', 27],
    ['shearX', 0.27],
    ['translateY', 0.405],
  ] as const) {
    expect(amounts[name][0]).toBeCloseTo(value, 12);
    expect(amounts[name][1]).toBeCloseTo(-value, 12);
  }
  expect(amounts.saturation[0]).toBeCloseTo(1.81, 12);
  expect(amounts.brightness[1]).toBeCloseTo(0.19, 12);
});

test('two operations an image, each skipped half of the time, from its own stream', () => {
  const root = Random.fromSeed('policy');
  const run = (i: number) =>
    after(sample(), (picture) => randAugment(picture, 9, golden.fill, root.split(i)));
  const seen = Array.from({ length: 400 }, (_, i) => run(i));
  expect(Array.from({ length: 20 }, (_, i) => run(i))).toEqual(seen.slice(0, 20));
  // unchanged: both skipped, 1/4; now and then an operation that changes nothing here, as equalize
  const unchanged = seen.filter((hex) => hex === golden.input).length;
  expect(unchanged).toBeGreaterThan(80);
  expect(unchanged).toBeLessThan(160);
  expect(new Set(seen).size).toBeGreaterThan(150);
});

test('one channel goes through every operation', () => {
  // as a channel of three equal ones: in grey, saturation changes nothing either way
  const values = Uint8Array.from({ length: 30 }, (_, i) => (i * i * 7 + i * 8) % 256);
  for (const { name, amount, apply } of RANDAUGMENT_OPERATIONS) {
    const grey = holding(6, 5, 1, values);
    const data = Uint8Array.from({ length: 90 }, (_, i) => values[Math.floor(i / 3)]);
    const coloured = holding(6, 5, 3, data);
    apply(grey, amount(0.9, 1), [7]);
    apply(coloured, amount(0.9, 1), [7, 7, 7]);
    expect([...grey.data], name).toEqual([...coloured.data.filter((_, i) => i % 3 === 0)]);
  }
});

test('colour jitter of strength 0 changes nothing, of 0.4 it stays within 0.6 to 1.4 of a grey image', () => {
  const random = Random.fromSeed('jitter');
  expect(after(sample(), (picture) => colourJitter(picture, 0, random))).toBe(golden.input);
  // an even grey has no contrast and no colour, so only brightness moves it
  const levels = Array.from({ length: 200 }, (_, i) => {
    const grey = holding(2, 2, 3, new Uint8Array(12).fill(100));
    colourJitter(grey, 0.4, random.split(i));
    return grey.data[0];
  });
  expect(Math.min(...levels)).toBeGreaterThanOrEqual(59);
  expect(Math.max(...levels)).toBeLessThanOrEqual(140);
  expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(60);
});
