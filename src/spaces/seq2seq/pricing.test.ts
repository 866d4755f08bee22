/** The quick price of a translation network is the sum of its layers' prices. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { releasedTranslation, rowstationary45 } from '../../hardware/accelerators/index.ts';
import { Pricer } from '../../hardware/pricer.ts';
import { accumulates } from '../../hardware/workload.ts';
import { multi30k, seq2seq } from './presets.ts';
import { TranslationPricer } from './pricing.ts';
import { sampleTranslation } from './sample.ts';
import { networkOf, referenceGenotype } from './space.ts';
import { translationWorkloads } from './workloads.ts';

const relative = (a: number, b: number) => Math.abs(a / b - 1);

describe.each([
  ['as released at 32 bits', releasedTranslation, 32, seq2seq(), {}],
  ['honest at 8 bits, with a vocabulary', rowstationary45, 8, multi30k(), { tokens: 14, vocabulary: 8000 }],
] as const)('%s', (_, accelerator, bits, space, task) => {
  const pricer = new TranslationPricer(space, task, new Pricer(accelerator, bits));
  const random = Random.fromSeed('pricing');
  const genotypes = Array.from({ length: 40 }, (_, i) => sampleTranslation(space, random.split(i), 'tuples'));

  test('price equals the sums of detail for 40 random networks, to 1e-9', () => {
    for (const genotype of [...genotypes, referenceGenotype(space, 'S')]) {
      const price = pricer.price(genotype);
      const { layers, operations, areaMm2 } = pricer.detail(genotype);
      const total = (key: 'energyMj' | 'latencyMs') => layers.reduce((sum, layer) => sum + layer[key], 0);
      expect(total('energyMj')).toBeGreaterThan(0);
      expect(relative(price.energyMj, total('energyMj'))).toBeLessThan(1e-9);
      expect(relative(price.latencyMs, total('latencyMs'))).toBeLessThan(1e-9);
      const { multiplications, additions, shifts } = price;
      expect({ multiplications, additions, shifts }).toEqual(operations);
      expect(price.areaMm2).toBe(areaMm2);
    }
  });

  test('multiply-accumulates and parameters are those of the workloads', () => {
    for (const genotype of genotypes) {
      const loads = translationWorkloads(networkOf(space, genotype), pricer.tokens, pricer.vocabulary);
      const { macs, params } = pricer.price(genotype);
      expect(macs).toBe(loads.reduce((sum, load) => sum + accumulates(load), 0));
      expect(params).toBe(loads.reduce((sum, load) => sum + load.weights, 0));
    }
  });

  test('a remembered price is that of a pricer that saw nothing else', () => {
    for (const genotype of genotypes.slice(0, 5)) {
      const alone = new TranslationPricer(space, task, new Pricer(accelerator, bits));
      expect(pricer.price(genotype)).toEqual(alone.price(genotype));
    }
  });
});

test('words: one table as wide as the wider side, which the projection reads too', () => {
  const pricer = (vocabulary?: number) =>
    new TranslationPricer(multi30k(), { tokens: 10, vocabulary }, new Pricer(rowstationary45, 32));
  const same = referenceGenotype(multi30k(), 'A');
  const narrow = { ...same, decoder: 128 };
  const more = (genotype: typeof same, key: 'params' | 'macs') =>
    pricer(1000).price(genotype)[key] - pricer().price(genotype)[key];
  expect(more(same, 'params')).toBe(1000 * 256);
  expect(more(narrow, 'params')).toBe(1000 * 256);
  expect(more(narrow, 'macs')).toBe(10 * 128 * 1000);
  expect(() => pricer(0.5).price(same)).toThrow(/vocabulary must be a whole number/);
});
