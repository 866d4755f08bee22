import { expect, test } from 'vitest';
import { PLAIN } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { constant, fanIn, fanOut, kaimingNormal, normal, uniform } from './initialisers.ts';
import { makeParameter } from './layer.ts';

const deviation = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length);
};

test('fans of dense, grouped and linear weights', () => {
  expect(fanIn([3, 3, 16, 32])).toBe(144);
  expect(fanIn([3, 3, 1, 32])).toBe(9);
  expect(fanIn([64, 10])).toBe(64);
  expect(fanOut([3, 3, 16, 32])).toBe(288);
  expect(fanOut([3, 3, 1, 32], 32)).toBe(9);
});

test('draws have the spread they say', () => {
  const values = new Float32Array(20_000);
  kaimingNormal(50)(values, Random.fromSeed(1));
  expect(deviation(values)).toBeCloseTo(0.2, 2);
  normal(3, 5)(values, Random.fromSeed(2));
  expect(values.reduce((a, b) => a + b) / values.length).toBeCloseTo(5, 0);
  uniform(-14, 0)(values, Random.fromSeed(3));
  expect(values.every((v) => v >= -14 && v <= 0)).toBe(true);
  expect(deviation(values)).toBeCloseTo(14 / Math.sqrt(12), 1);
  constant(7)(values, Random.fromSeed(4));
  expect(values.every((v) => v === 7)).toBe(true);
});

test('a parameter starts the same whatever was made before it', async () => {
  const backend = createReference();
  const make = (names: string[]) => {
    const source = { backend, random: Random.fromSeed(5) };
    return names.map((name) => makeParameter(source, name, [8], PLAIN, normal(1)));
  };
  const [a] = make(['a']);
  const [, again] = make(['b', 'a']);
  expect(await backend.read(again.value)).toEqual(await backend.read(a.value));
  const [b] = make(['b']);
  expect(await backend.read(b.value)).not.toEqual(await backend.read(a.value));
});
