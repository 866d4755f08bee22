import { expect, test } from 'vitest';
import { findAccelerator, Pricer } from '../hardware/index.ts';
import { encode } from '../spaces/genotype.ts';
import { loadSpace } from '../spaces/load.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import type { Genotype } from '../spaces/space.ts';
import { randomPaths, rankedPaths } from './paths.ts';

const space = loadSpace('cifar');
const task = { image: { h: 32, w: 32, c: 3 }, classes: 10 };
const pricer = new ArchitecturePricer(space, task, new Pricer(findAccelerator('shiftaddnas-released'), 32));
const energy = (genotype: Genotype) => pricer.price(genotype).energyMj;

test('random paths are different ones, the same each time', () => {
  const words = randomPaths(space, 24).map(encode);
  expect(new Set(words).size).toBe(24);
  expect(randomPaths(space, 24).map(encode)).toEqual(words);
});

test('ranked paths are different ones and rise in steps that are about equal over the range of energy', () => {
  const paths = rankedPaths(space, 16, energy);
  expect(new Set(paths.map(encode)).size).toBe(16);
  const energies = paths.map(energy);
  const [low, high] = [energies[0], energies[15]];
  const random = randomPaths(space, 500).map(energy);
  // Middles of the first and the last sixteenth: most of the range of what can be drawn.
  expect(high - low).toBeGreaterThan(0.85 * (Math.max(...random) - Math.min(...random)));
  for (const [i, one] of energies.entries()) {
    expect(Math.abs(one - (low + ((high - low) * i) / 15))).toBeLessThan(0.05 * (high - low));
  }
});

test('a space that holds fewer paths gives all of them', () => {
  const single = { ...loadSpace('micro'), stageLengths: [[1, 1]] };
  const all = randomPaths(single, 1000);
  expect(all).toHaveLength(12); // 3 operators, then 4
  expect(rankedPaths(single, 50, () => 1)).toHaveLength(12);
});
