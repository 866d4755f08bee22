/** The quick price of an architecture is the sum of its layers' prices, whatever was priced before. */
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { released, rowstationary45 } from '../hardware/accelerators/index.ts';
import { Pricer } from '../hardware/pricer.ts';
import { accumulates } from '../hardware/workload.ts';
import { networkWorkloads, planNetwork } from './layout.ts';
import { cifar } from './presets.ts';
import { ArchitecturePricer } from './pricing.ts';
import { sample } from './sample.ts';
import { baseline } from './stage-layers.ts';

const space = cifar();
const uniform = (name: 'conv' | 'shift' | 'add') => baseline(space, name);
const task = { image: { h: 28, w: 28, c: 1 }, classes: 10 };

describe.each([
  ['released at 32 bits', released, 32],
  ['rowstationary45 at 8 bits', rowstationary45, 8],
] as const)('%s', (_, accelerator, bits) => {
  const pricer = new ArchitecturePricer(space, task, new Pricer(accelerator, bits));
  const random = Random.fromSeed('pricing');
  const genotypes = Array.from({ length: 50 }, (_, i) => sample(space, random.split(i)));

  test('price equals the sums of detail for 50 random architectures, to 1e-9', () => {
    for (const genotype of genotypes) {
      const price = pricer.price(genotype);
      const { layers } = pricer.detail(genotype);
      const energy = layers.reduce((sum, layer) => sum + layer.energyMj, 0);
      const latency = layers.reduce((sum, layer) => sum + layer.latencyMs, 0);
      expect(energy).toBeGreaterThan(0);
      expect(Math.abs(price.energyMj / energy - 1)).toBeLessThan(1e-9);
      expect(Math.abs(price.latencyMs / latency - 1)).toBeLessThan(1e-9);
    }
  });

  test('operations and area are those of detail', () => {
    for (const genotype of [...genotypes, ...(['conv', 'shift', 'add'] as const).map(uniform)]) {
      const { multiplications, additions, shifts, areaMm2 } = pricer.price(genotype);
      const detail = pricer.detail(genotype);
      expect({ multiplications, additions, shifts }).toEqual(detail.operations);
      expect(areaMm2).toBe(detail.areaMm2);
    }
    const areas = new Set(genotypes.map((genotype) => pricer.price(genotype).areaMm2));
    expect(areas.size > 1).toBe(accelerator.areas !== undefined);
  });

  test('a remembered price is the first one, and that of a pricer that saw nothing else', () => {
    for (const genotype of genotypes.slice(0, 8)) {
      const alone = new ArchitecturePricer(space, task, new Pricer(accelerator, bits));
      expect(pricer.price(genotype)).toEqual(alone.price(genotype));
      expect(pricer.price(genotype)).toEqual(pricer.price(genotype));
    }
  });

  test('multiply-accumulates and weights are those of the workloads', () => {
    for (const genotype of genotypes) {
      const loads = networkWorkloads(planNetwork(space, genotype, task));
      const { macs, params } = pricer.price(genotype);
      expect(macs).toBe(loads.reduce((sum, load) => sum + accumulates(load), 0));
      // the head's biases are parameters, but no work of their own
      expect(params).toBe(loads.reduce((sum, load) => sum + load.weights, 0) + task.classes);
    }
  });
});

test('a hand count: 3x3 stem of 16, one conv block 16 -> 64 with projection', () => {
  const pricer = new ArchitecturePricer(space, task, new Pricer(released));
  const [less, more] = [1, 2].map((layers) =>
    pricer.price({
      space: space.name,
      lengths: [layers, 1, 1],
      operators: new Array(layers + 2).fill('conv'),
    }),
  );
  // another block of 64 at 14x14: 1x1 64 -> 16, depthwise 3x3, 3x3 16 -> 16, 1x1 16 -> 64; norms of 16, 16 and 64
  const weights = 64 * 16 + 9 * 16 + 9 * 16 * 16 + 16 * 64;
  expect(more.params - less.params).toBe(weights + 2 * (16 + 16 + 64));
  expect(more.macs - less.macs).toBe(14 * 14 * weights);
});

test('at 32 bits under the released model shift costs less than add, and add less than convolution', () => {
  const pricer = new ArchitecturePricer(space, task, new Pricer(released));
  const energy = (['shift', 'add', 'conv'] as const).map(
    (name) => pricer.price(baseline(space, name)).energyMj,
  );
  expect(energy).toEqual([...energy].sort((a, b) => a - b));
  expect(energy[0] / energy[2]).toBeLessThan(0.7);
});
