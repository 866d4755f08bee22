/** The monotone transformation: what it starts as, and that it stays monotone. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gradientError } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { gaussianToLaplace } from './laplace.ts';
import { MONOTONE_KNOTS, MONOTONE_PIECES, monotone, SLOPE_TRAITS, transportSlopes } from './monotone.ts';
import { distanceToLaplacian } from './wasserstein.ts';

const backend = createReference();

function initial(): Float32Array {
  const latents = new Float32Array(MONOTONE_PIECES);
  transportSlopes(latents, Random.fromSeed(0));
  return latents;
}

async function values(z: ArrayLike<number>, latents: ArrayLike<number>): Promise<number[]> {
  const graph = new Graph(backend, { training: false });
  const y = await graph.read(monotone(graph.values(z, [z.length]), graph.values(latents, [MONOTONE_PIECES])));
  const copy = Array.from(y);
  graph.close();
  return copy;
}

test('starts as the transport from Gaussian to Laplacian: exact quantiles at the knots, near them between', async () => {
  const z = [-4, ...MONOTONE_KNOTS, 4];
  const at = await values(z, initial());
  for (const [i, knot] of z.entries()) expect(at[i]).toBeCloseTo(gaussianToLaplace(knot), 5);
  const between = Array.from({ length: 161 }, (_, i) => (i - 80) / 20);
  const found = await values(between, initial());
  for (const [i, v] of between.entries()) {
    expect(Math.abs(found[i] - gaussianToLaplace(v))).toBeLessThan(0.03);
  }
});

test('makes normal numbers Laplacian: an eighth of the distance or less is left', async () => {
  const random = Random.fromSeed('normal');
  const z = Float32Array.from({ length: 20_000 }, () => random.normal());
  const distance = async (data: ArrayLike<number>) => {
    const graph = new Graph(backend, { training: false });
    const [value] = await graph.read(distanceToLaplacian(graph.values(data, [data.length])));
    graph.close();
    return value;
  };
  const before = await distance(z);
  expect(before).toBeGreaterThan(0.1);
  expect(await distance(await values(z, initial()))).toBeLessThan(before / 8);
});

test('rises everywhere for any slopes that its bounds allow', async () => {
  const [low, high] = SLOPE_TRAITS.bounds ?? [0, 0];
  const z = Array.from({ length: 121 }, (_, i) => (i - 60) / 10);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: low, max: high, noNaN: true }), {
        minLength: MONOTONE_PIECES,
        maxLength: MONOTONE_PIECES,
      }),
      async (latents) => {
        const y = await values(z, latents);
        return y.every((v, i) => i === 0 || v > y[i - 1]);
      },
    ),
    { numRuns: 30 },
  );
});

test('derivatives by values and slopes', async () => {
  const random = Random.fromSeed('z');
  // in the middle of pieces, where a finite difference sees one slope
  const z = Float32Array.from(
    { length: 40 },
    (_, i) => -4.75 + 0.5 * (i % 20) + 0.15 * (random.uniform() - 0.5),
  );
  const inputs = [
    { shape: [40], data: z },
    { shape: [MONOTONE_PIECES], data: initial() },
  ];
  expect(await gradientError(backend, inputs, ([x, a]) => monotone(x, a))).toBeLessThan(2e-3);
});
