/** The divergence against W1 as sorting and integrating give it. */
import { describe, expect, test } from 'vitest';
import { draw, gradientError } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { alignmentLoss, wassersteinAlignment } from './alignment.ts';
import { LAPLACE_B } from './laplace.ts';
import { distanceToLaplacian } from './wasserstein.ts';

const backend = createReference();

async function distance(data: ArrayLike<number>): Promise<number> {
  const graph = new Graph(backend, { training: false });
  const [value] = await graph.read(distanceToLaplacian(graph.values(data, [data.length])));
  graph.close();
  return value;
}

function standardised(data: ArrayLike<number>): number[] {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1));
  return values.map((v) => (v - mean) / deviation);
}

/** Integral of |F_u - F_L| with a fine rule, u standardised. */
function exact(data: ArrayLike<number>): number {
  const n = data.length;
  const u = standardised(data).sort((a, b) => a - b);
  const step = 1e-3;
  let [total, below] = [0, 0];
  for (let t = -12 + step / 2; t < 12; t += step) {
    while (below < n && u[below] < t) below++;
    const laplace = t < 0 ? 0.5 * Math.exp(t / LAPLACE_B) : 1 - 0.5 * Math.exp(-t / LAPLACE_B);
    total += step * Math.abs(below / n - laplace);
  }
  return total;
}

const random = Random.fromSeed('weights');
const normal = Float32Array.from({ length: 4000 }, () => random.normal());
const uniform = Float32Array.from({ length: 4000 }, () => random.uniform(-1, 3));
const laplacian = Float32Array.from({ length: 4000 }, () => {
  const u = random.uniform() - 0.5;
  return -Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
});
const skewed = Float32Array.from({ length: 4000 }, () => Math.exp(0.7 * random.normal()));

describe('distance to the fitted Laplacian', () => {
  test.each([
    ['normal', normal],
    ['uniform', uniform],
    ['skewed', skewed],
  ])('%s weights: W1, and at most a fiftieth less', async (_, data) => {
    const [found, expected] = [await distance(data), exact(data)];
    expect(found).toBeLessThan(expected * 1.001);
    expect(found).toBeGreaterThan(expected * 0.98);
  });

  test('is smallest for Laplacian weights, by a factor of four', async () => {
    const own = await distance(laplacian);
    for (const data of [normal, uniform, skewed]) expect(await distance(data)).toBeGreaterThan(4 * own);
  });

  test('does not see scale and mean', async () => {
    const moved = normal.map((v) => 5 * v - 3);
    expect(await distance(moved)).toBeCloseTo(await distance(normal), 4);
  });

  test('its gradient by the weights, away from the borders of its pieces', async () => {
    const build = ([w]: Parameters<typeof distanceToLaplacian>[0][]) => distanceToLaplacian(w);
    let checked = 0;
    for (let seed = 0; checked < 4; seed++) {
      const weights = draw(`w${seed}`, [2, 2, 1, 2], -1, 1);
      const u = standardised(weights.data);
      // a finite difference must not carry any of them over a border
      if (u.some((v) => Math.abs(v * 4 - Math.round(v * 4)) < 0.08)) continue;
      checked++;
      expect(await gradientError(backend, [weights], build, 2e-3)).toBeLessThan(5e-3);
    }
  });

  test('steps against the gradient bring weights closer to it', async () => {
    let data = normal.slice(0, 400);
    const before = await distance(data);
    for (let step = 0; step < 100; step++) {
      const graph = new Graph(backend, { training: true });
      const value = backend.allocate(data.length);
      backend.write(value, data);
      const parameter = { name: 'w', shape: [data.length], value, traits: { decay: false, rate: 1 } };
      graph.backward(distanceToLaplacian(graph.parameter(parameter)));
      const gradient = (await backend.read(graph.gradient(parameter)!)) as Float32Array;
      data = data.map((v, i) => v - 2 * gradient[i]);
      graph.close();
    }
    expect(await distance(data)).toBeLessThan(before / 2);
  });
});

test('the alignment loss sums distances over the add tensors of a path, and is absent without any', async () => {
  const graph = new Graph(backend, { training: false });
  const tensors = [normal, uniform].map((data) => graph.values(data, [data.length]));
  const [total] = await graph.read(wassersteinAlignment(tensors)!);
  const [chosen] = await graph.read(alignmentLoss('wasserstein', tensors, random)!);
  expect(total).toBeCloseTo((await distance(normal)) + (await distance(uniform)), 5);
  expect(chosen).toBe(total);
  expect(alignmentLoss('wasserstein', [], random)).toBeUndefined();
  expect(alignmentLoss('none', tensors, random)).toBeUndefined();
  graph.close();
});
