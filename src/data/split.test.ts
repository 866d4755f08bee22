import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { stratified, subset } from './split.ts';

test('kept and held part the set, and every class gives its share within one image', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 80 }), fc.nat(1000), (labels, draw) => {
      const count = draw % (labels.length + 1);
      const { kept, held } = stratified(labels, count, Random.fromSeed(draw));
      expect(held.length).toBe(count);
      expect([...kept, ...held].sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
      for (const label of new Set(labels)) {
        const all = labels.filter((other) => other === label).length;
        const out = [...held].filter((i) => labels[i] === label).length;
        expect(Math.abs(out - (all * count) / labels.length)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test('the seed decides, and impossible numbers are refused', () => {
  const labels = Array.from({ length: 100 }, (_, i) => i % 3);
  const held = (seed: number) => [...stratified(labels, 20, Random.fromSeed(seed)).held];
  expect(held(1)).toEqual(held(1));
  expect(held(1)).not.toEqual(held(2));
  expect(() => stratified(labels, 101, Random.fromSeed(1))).toThrow(/cannot hold out 101 of 100/);
});

test('a subset copies images and labels in the order asked for', () => {
  const set = {
    count: 3,
    height: 1,
    width: 2,
    channels: 1,
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    labels: Uint16Array.of(300, 1, 2),
  };
  const part = subset(set, [2, 0]);
  expect([...part.pixels]).toEqual([5, 6, 1, 2]);
  expect([...part.labels]).toEqual([2, 300]);
});
