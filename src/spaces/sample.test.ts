import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { checkSpace } from './check.ts';
import { countSpace } from './count.ts';
import { enumerate } from './enumerate.ts';
import { decode, encode, validate } from './genotype.ts';
import { genotypeAt, genotypeNumber } from './number.ts';
import { hytra, tiny } from './presets.ts';
import { sample } from './sample.ts';
import type { Space } from './space.ts';
import { showLengths } from './stage-layers.ts';

/** 2 * 3 + 2^2 * 3 + 2 * 3^2 = 36 architectures in three tuples. */
const toy: Space = checkSpace({
  ...tiny(),
  name: 'toy',
  stages: [
    { channels: 32, scale: 2, operators: ['conv', 'shift'] },
    { channels: 64, scale: 4, operators: ['attention', 'conv', 'add'] },
  ],
  stageLengths: [
    [1, 1],
    [2, 1],
    [1, 2],
  ],
  reference: [1, 1],
});

/** 40 layers of four operators and more: about 4^40 networks, far beyond 2^53. */
const huge: Space = checkSpace({
  ...tiny(),
  name: 'huge',
  stageLengths: [
    [3, 40],
    [2, 39],
    [1, 2],
  ],
  reference: [3, 40],
});

function frequencies(draws: number, draw: () => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const key = draw();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

describe('sampling', () => {
  test('draws every architecture equally often (36 of them, 36,000 draws, five standard deviations)', () => {
    const random = Random.fromSeed(7);
    const counts = frequencies(36_000, () => encode(sample(toy, random)));
    expect(counts.size).toBe(36);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  test('by tuples, draws every tuple equally often', () => {
    const random = Random.fromSeed(8);
    const counts = frequencies(9000, () => showLengths(sample(toy, random, 'tuples').lengths));
    expect(counts.size).toBe(3);
    for (const count of counts.values()) expect(Math.abs(count - 3000)).toBeLessThan(5 * Math.sqrt(2000));
  });

  test('in the published space, three tuples take 37.5 % of the draws (spec 3.2)', () => {
    const random = Random.fromSeed(9);
    const counts = frequencies(8000, () => showLengths(sample(hytra(), random).lengths));
    const share =
      ['4-4-4-4', '1-5-5-5', '2-4-5-5'].reduce((sum, key) => sum + (counts.get(key) ?? 0), 0) / 8000;
    expect(share).toBeGreaterThan(0.345);
    expect(share).toBeLessThan(0.405);
  });

  test('gives the same network for the same seed', () => {
    const draw = () => encode(sample(hytra(), Random.fromSeed('same')));
    expect(draw()).toBe(draw());
  });
});

describe('spaces beyond 2^53', () => {
  test('are counted exactly', () => {
    expect(countSpace(huge)).toBe(27n * 4n ** 40n + 9n * 4n ** 39n + 3n * 16n);
  });

  test('are sampled, and every tuple turns up in proportion', () => {
    const random = Random.fromSeed(1);
    const counts = frequencies(2600, () => {
      const genotype = sample(huge, random);
      validate(huge, genotype);
      return showLengths(genotype.lengths);
    });
    // 27 * 4^40 to 9 * 4^39 is 12 to 1, and 48 networks of 10^25 never come.
    expect(counts.get('2-39')).toBeGreaterThan(130);
    expect(counts.get('2-39')).toBeLessThan(270);
    expect(counts.has('1-2')).toBe(false);
  });

  test('have numbers that name one architecture each', () => {
    const total = countSpace(huge);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: total - 1n }), (index) => {
        expect(genotypeNumber(huge, genotypeAt(huge, index))).toBe(index);
      }),
    );
    expect(() => genotypeAt(huge, total)).toThrow('numbers its architectures 0 to');
  });
});

describe('numbering', () => {
  test('runs through the space in order, each architecture once', () => {
    const all = [...enumerate(toy)];
    expect(all).toHaveLength(36);
    expect(new Set(all.map(encode)).size).toBe(36);
    all.forEach((genotype, i) => {
      expect(genotypeNumber(toy, genotype)).toBe(BigInt(i));
    });
  });

  test('encoding and decoding are each other’s inverse', () => {
    for (const space of [toy, huge, hytra()]) {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: countSpace(space) - 1n }), (index) => {
          const genotype = genotypeAt(space, index);
          expect(decode(space, encode(genotype))).toEqual(genotype);
        }),
      );
    }
  });
});
