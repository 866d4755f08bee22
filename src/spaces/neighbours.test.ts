import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { allowsLengths } from './count.ts';
import { decode, encode, validate } from './genotype.ts';
import {
  crossover,
  moveStages,
  mutate,
  neighbours,
  PUBLISHED_RATES,
  releasedCrossover,
} from './neighbours.ts';
import { cifar, hytra, tiny } from './presets.ts';
import { sample } from './sample.ts';
import type { Space } from './space.ts';
import { layerStages } from './stage-layers.ts';
import { stageTuples } from './stage-lengths.ts';

/** Networks of 5 to 8 layers. */
const uneven: Space = {
  ...cifar(),
  stageLengths: stageTuples({ low: [1, 1, 1], high: [4, 4, 4], total: [5, 8] }),
  reference: [2, 3, 2],
};
const spaces = [hytra(), cifar(), tiny(), uneven];
const anySpace = fc.constantFrom(...spaces);
const anySeed = fc.integer({ min: 0, max: 1e6 });

describe('mutation', () => {
  test('stays in the space', () => {
    fc.assert(
      fc.property(anySpace, anySeed, (space, seed) => {
        const random = Random.fromSeed(seed);
        validate(space, mutate(space, sample(space, random), random));
      }),
    );
  });

  test('as published keeps the stage lengths unless it replaces the network (spec 6.2)', () => {
    const random = Random.fromSeed(3);
    const parent = sample(cifar(), random);
    for (let i = 0; i < 200; i++) {
      const child = mutate(cifar(), parent, random, { ...PUBLISHED_RATES, replacement: 0 });
      expect(child.lengths).toEqual(parent.lengths);
    }
  });

  test('redraws about one layer in five, of which one in three by chance stays (spec 6.2)', () => {
    const random = Random.fromSeed(4);
    const parent = decode(hytra(), '2-4-5-5:cc|cccc|ccccc|ccccc');
    let changed = 0;
    for (let i = 0; i < 2000; i++) {
      const child = mutate(hytra(), parent, random, { replacement: 0, layer: 0.2, stageMutation: 0 });
      changed += child.operators.slice(0, 6).filter((name) => name !== 'conv').length;
    }
    // 6 layers of three operators, 2000 children: 12,000 * 0.2 * 2/3 = 1600, standard deviation 37.
    expect(changed).toBeGreaterThan(1400);
    expect(changed).toBeLessThan(1800);
  });

  test('of the stages moves to a nearest tuple and keeps what both have', () => {
    const random = Random.fromSeed(5);
    const parent = decode(uneven, '2-3-2:ds|asc|cd');
    for (let i = 0; i < 50; i++) {
      const child = moveStages(uneven, parent, random);
      validate(uneven, child);
      const moved = child.lengths.reduce((sum, n, stage) => sum + Math.abs(n - parent.lengths[stage]), 0);
      expect(moved).toBe(1);
      expect(child.operators[0]).toBe('add');
    }
  });

  test('of the stages of a space with one tuple changes nothing', () => {
    const one: Space = { ...cifar(), stageLengths: [[2, 3, 2]] };
    const parent = decode(one, '2-3-2:ds|asc|cd');
    expect(moveStages(one, parent, Random.fromSeed(0))).toEqual(parent);
  });
});

describe('neighbours', () => {
  test('are other networks of the space, each once', () => {
    fc.assert(
      fc.property(anySpace, anySeed, (space, seed) => {
        const random = Random.fromSeed(seed);
        const parent = sample(space, random);
        const words = neighbours(space, parent, random).map((near) => {
          validate(space, near);
          return encode(near);
        });
        expect(new Set([...words, encode(parent)]).size).toBe(words.length + 1);
      }),
    );
  });

  test('change one operator, take the last layer of a stage, or add one', () => {
    const words = neighbours(tiny(), decode(tiny(), '1-3:c|ccc'), Random.fromSeed(0)).map(encode);
    const changed = [
      'd|ccc',
      's|ccc',
      ...['acc', 'dcc', 'scc', 'cac', 'cdc', 'csc', 'cca', 'ccd', 'ccs'].map((w) => `c|${w}`),
    ];
    const moved = ['1-2:c|cc', '2-3:cc|ccc', '2-3:cd|ccc', '2-3:cs|ccc'];
    expect(words.sort()).toEqual([...changed.map((w) => `1-3:${w}`), ...moved].sort());
  });
});

describe('crossover', () => {
  test('stays in the space', () => {
    fc.assert(
      fc.property(anySpace, anySeed, (space, seed) => {
        const random = Random.fromSeed(seed);
        validate(space, crossover(space, sample(space, random), sample(space, random), random));
      }),
    );
  });

  test('of a network with itself is that network', () => {
    fc.assert(
      fc.property(anySpace, anySeed, (space, seed) => {
        const random = Random.fromSeed(seed);
        const parent = sample(space, random);
        expect(encode(crossover(space, parent, parent, random))).toBe(encode(parent));
      }),
    );
  });

  test('as released tries one coin only, and gives the first parent where the tuples have no such child (spec 6.2)', () => {
    const space = hytra();
    const random = Random.fromSeed(8);
    let left = 0;
    for (let i = 0; i < 400; i++) {
      const [a, b] = [sample(space, random), sample(space, random)];
      const [stagesA, stagesB] = [layerStages(a.lengths), layerStages(b.lengths)];
      const coins = [Math.max, Math.min].map((pick) => stagesA.map((stage, l) => pick(stage, stagesB[l])));
      const lengthsOf = (stages: readonly number[]) =>
        space.stages.map((_, s) => stages.filter((stage) => stage === s).length);
      const allowed = coins.filter((stages) => allowsLengths(space, lengthsOf(stages)));
      const child = releasedCrossover(space, a, b, random);
      validate(space, child);
      if (child === a) {
        expect(allowed.length).toBeLessThan(2);
        left++;
      } else {
        expect(allowed).toContainEqual(layerStages(child.lengths));
      }
    }
    expect(left).toBeGreaterThan(20);
  });

  test('takes always the deeper or always the shallower layer where stages differ (spec 6.2)', () => {
    // Layer:   0 1 2 3 4 5 6 7 8 9 ...; deeper of 2-4-5-5 and 3-4-4-5 is 2-4-5-5, shallower is 3-4-4-5.
    const space = hytra();
    const a = decode(space, '2-4-5-5:cc|cccc|ccccc|ccccc');
    const b = decode(space, '3-4-4-5:ddd|dddd|dddd|aaaaa');
    const random = Random.fromSeed(6);
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const child = crossover(space, a, b, random);
      seen.add(child.lengths.join('-'));
      const stages = layerStages(child.lengths);
      const expected = child.lengths[0] === 2 ? a : b;
      layerStages(a.lengths).forEach((stageA, layer) => {
        if (stageA !== layerStages(b.lengths)[layer])
          expect(child.operators[layer]).toBe(expected.operators[layer]);
        else expect([a.operators[layer], b.operators[layer]]).toContain(child.operators[layer]);
      });
      expect(stages).toEqual([...stages].sort((x, y) => x - y));
    }
    expect([...seen].sort()).toEqual(['2-4-5-5', '3-4-4-5']);
  });

  test('of networks of unequal depth mixes stage by stage', () => {
    const space = uneven;
    const a = decode(space, '1-3-1:c|ccc|c');
    const b = decode(space, '3-2-3:ddd|dd|ddd');
    const random = Random.fromSeed(2);
    for (let i = 0; i < 100; i++) {
      const child = crossover(space, a, b, random);
      validate(space, child);
      child.lengths.forEach((length, stage) => {
        expect([a.lengths[stage], b.lengths[stage]]).toContain(length);
      });
    }
  });
});
