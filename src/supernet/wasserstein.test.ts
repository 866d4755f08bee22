/** The divergence against W1 as sorting and integrating give it. */
import { describe, expect, test } from 'vitest';
import { draw, gradientError } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { alignmentLoss } from './alignment.ts';
import { gaussianTail, LAPLACE_B } from './laplace.ts';
import { distanceToGaussian, distanceToLaplacian } from './wasserstein.ts';

const backend = createReference();

async function distance(data: ArrayLike<number>, to = distanceToLaplacian): Promise<number> {
  const graph = new Graph(backend, { training: false });
  const [value] = await graph.read(to(graph.values(data, [data.length])));
  graph.close();
  return value;
}

function standardised(data: ArrayLike<number>): number[] {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1));
  return values.map((v) => (v - mean) / deviation);
}

const laplace = (t: number) => (t < 0 ? 0.5 * Math.exp(t / LAPLACE_B) : 1 - 0.5 * Math.exp(-t / LAPLACE_B));
const gauss = (t: number) => (t < 0 ? gaussianTail(-t) : 1 - gaussianTail(t));

/** Integral of |F_u - F| with a fine rule, u standardised. */
function exact(data: ArrayLike<number>, distribution = laplace): number {
  const n = data.length;
  const u = standardised(data).sort((a, b) => a - b);
  const step = 1e-3;
  let [total, below] = [0, 0];
  for (let t = -12 + step / 2; t < 12; t += step) {
    while (below < n && u[below] < t) below++;
    total += step * Math.abs(below / n - distribution(t));
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

describe('distance to the fitted Gaussian', () => {
  test.each([
    ['laplacian', laplacian],
    ['uniform', uniform],
    ['skewed', skewed],
  ])('%s weights: W1, and at most a fiftieth less', async (_, data) => {
    const [found, expected] = [await distance(data, distanceToGaussian), exact(data, gauss)];
    expect(found).toBeLessThan(expected * 1.001);
    expect(found).toBeGreaterThan(expected * 0.98);
  });

  test('is smallest for Gaussian weights, by a factor of four', async () => {
    const own = await distance(normal, distanceToGaussian);
    for (const data of [laplacian, uniform, skewed]) {
      expect(await distance(data, distanceToGaussian)).toBeGreaterThan(4 * own);
    }
  });
});

test('the alignment loss: add weights to the Laplacian, convolution weights to the Gaussian; absent without any', async () => {
  const graph = new Graph(backend, { training: false });
  const tensor = (data: Float32Array) => graph.values(data, [data.length]);
  const weights = { add: [normal, uniform].map(tensor), conv: [skewed, laplacian].map(tensor) };
  const value = async (kind: Parameters<typeof alignmentLoss>[0]) => {
    const [found] = await graph.read(alignmentLoss(kind, weights, random)!);
    return found;
  };
  const added = (await distance(normal)) + (await distance(uniform));
  const convolved =
    (await distance(skewed, distanceToGaussian)) + (await distance(laplacian, distanceToGaussian));
  expect(await value('wasserstein-add')).toBeCloseTo(added, 5);
  expect(await value('wasserstein')).toBeCloseTo(added + convolved, 5);
  const none = { add: [], conv: [] };
  expect(alignmentLoss('wasserstein', none, random)).toBeUndefined();
  expect(alignmentLoss('wasserstein-add', { ...none, conv: weights.conv }, random)).toBeUndefined();
  expect(alignmentLoss('released', { ...none, conv: weights.conv }, random)).toBeUndefined();
  expect(alignmentLoss('none', weights, random)).toBeUndefined();
  graph.close();
});
