/** The released alignment term against a formula in plain numbers. */
import { expect, test } from 'vitest';
import { draw, gradientError } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { RELEASED_WEIGHT, releasedAlignment } from './alignment.ts';

const backend = createReference();
const INPUTS = [draw('a', [3, 3, 2, 2], -2, 2), draw('b', [1, 1, 4, 5], -2, 2)];

async function released(random: Random, inputs = INPUTS, weight?: number): Promise<number> {
  const graph = new Graph(backend, { training: false });
  const tensors = inputs.map(({ data, shape }) => graph.values(data, shape));
  const loss = releasedAlignment(tensors, random, weight)!;
  expect(sizeOf(loss.shape)).toBe(1);
  const [value] = await graph.read(loss);
  graph.close();
  return value;
}

function softmax(values: readonly number[]): number[] {
  const powers = values.map(Math.exp);
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

/** n draws of the noise that term i compares with. */
async function noise(random: Random, i: number, n: number): Promise<number[]> {
  const buffer = backend.allocate(n);
  backend.random('uniform', buffer, random.split(i).state().key);
  const uniform = Array.from(await backend.read(buffer), (u) => u - 0.5);
  backend.free(buffer);
  return uniform.map((u) => -2 * Math.sign(u) * Math.log(Math.max(1 - 2 * Math.abs(u), 1e-7)));
}

test('10 times the sum over tensors of mean q (log q - log p), p = softmax(v), q = softmax(z) (spec 5.4)', async () => {
  const random = Random.fromSeed('alignment');
  let expected = 0;
  for (const [i, { data }] of INPUTS.entries()) {
    const p = softmax(Array.from(data));
    const q = softmax(await noise(random, i, data.length));
    expected +=
      (10 * q.reduce((total, mass, j) => total + mass * (Math.log(mass) - Math.log(p[j])), 0)) / data.length;
  }
  expect(RELEASED_WEIGHT).toBe(10);
  expect(expected).toBeGreaterThan(0.1);
  expect(await released(random)).toBeCloseTo(expected, 4);
  expect(await released(random, INPUTS, 1)).toBeCloseTo(expected / 10, 5);
});

test('the noise is Laplace(0, 2): mean 0, mean magnitude 2, deviation 2 sqrt 2', async () => {
  const z = await noise(Random.fromSeed('z'), 0, 20_000);
  const average = (f: (v: number) => number) => z.reduce((a, v) => a + f(v), 0) / z.length;
  expect(Math.abs(average((v) => v))).toBeLessThan(0.06);
  expect(Math.abs(average(Math.abs) - 2)).toBeLessThan(0.06);
  expect(Math.abs(Math.sqrt(average((v) => v * v)) - 2 * Math.SQRT2)).toBeLessThan(0.1);
});

test('its gradient by the weights', async () => {
  const build = (tensors: Parameters<typeof releasedAlignment>[0]) =>
    releasedAlignment(tensors, Random.fromSeed(1))!;
  expect(await gradientError(backend, INPUTS, build)).toBeLessThan(5e-3);
});

test('is drawn anew for another stream, alike for the same, and absent without add blocks', async () => {
  const value = await released(Random.fromSeed(1));
  expect(await released(Random.fromSeed(1))).toBe(value);
  expect(await released(Random.fromSeed(2))).not.toBe(value);
  expect(releasedAlignment([], Random.fromSeed(1))).toBeUndefined();
});
