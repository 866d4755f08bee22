import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { fitWeights } from './weight-fits.ts';

const random = Random.fromSeed('fits');
const SHAPE = [3, 3, 16, 64];
const COUNT = 9216;
const gaussian = Array.from({ length: COUNT }, () => random.normal());
const laplacian = Array.from({ length: COUNT }, () => {
  const u = random.uniform(-0.5, 0.5);
  return -Math.sign(u) * Math.log(1 - 2 * Math.abs(u));
});

test('draws from a Gaussian and a Laplacian are told apart, with the likelihoods of their entropies', () => {
  const fits = fitWeights([
    ['layer0.stage0.conv.conv2', SHAPE, gaussian],
    ['layer0.stage0.add.conv2', SHAPE, laplacian],
  ]);
  const [add, conv] = fits;
  expect([add.weights, add.tensors, add.laplacian]).toEqual(['add', 1, 1]);
  expect([conv.weights, conv.tensors, conv.laplacian]).toEqual(['conv', 1, 0]);
  // entropies: ln(2 pi e) / 2 = 1.4189 of N(0, 1), 1 + ln 2 = 1.6931 of Laplace(0, 1)
  expect(conv.gaussLogLikelihood).toBeCloseTo(-1.4189, 1);
  expect(add.laplaceLogLikelihood).toBeCloseTo(-1.6931, 1);
});

test('windows of blocks count, by who reads them; scales, norms, stems and small tensors do not', () => {
  const few = gaussian.slice(0, 16);
  const fits = fitWeights([
    ['layer0.stage0.conv2', SHAPE, gaussian],
    ['layer1.stage0.conv1', SHAPE, laplacian],
    ['layer0.stage0.add.conv2.scale', [1], [1]],
    ['stem.conv', SHAPE, gaussian],
    ['layer0.stage0.shift.conv2', [1, 1, 4, 4], few],
    ['layer0.stage0.attention.query', SHAPE, gaussian],
  ]);
  expect(fits.map(({ weights, tensors, laplacian: ahead }) => [weights, tensors, ahead])).toEqual([
    ['shared', 2, 1],
  ]);
});
