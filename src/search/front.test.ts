import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { crowding, ranks } from './crowding.ts';
import { dominates, type FrontEntry, front, insert, type Point } from './front.ts';

/** Few different values, so that ties and equal points are common. */
const points = (objectives: number) =>
  fc.array(
    fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(-0, -Infinity, Infinity)), {
      minLength: objectives,
      maxLength: objectives,
    }),
    {
      maxLength: 40,
    },
  );
const clouds = fc.integer({ min: 1, max: 4 }).chain(points);

const bruteForce = (cloud: readonly Point[]) =>
  cloud.flatMap((point, i) => (cloud.some((other) => dominates(other, point)) ? [] : [i]));

describe('the front', () => {
  test('is what brute force finds, in one to four objectives', () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        expect(front(cloud)).toEqual(bruteForce(cloud));
      }),
      { numRuns: 500 },
    );
  });

  test('holds no point that another dominates, and dominates all the rest', () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const kept = front(cloud);
        for (const i of kept) for (const j of kept) expect(dominates(cloud[i], cloud[j])).toBe(false);
        const inside = new Set(kept);
        cloud.forEach((point, i) => {
          if (!inside.has(i)) expect(kept.some((k) => dominates(cloud[k], point))).toBe(true);
        });
      }),
    );
  });

  test('grown point by point is the front of all, in any order', () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const grown: FrontEntry<number>[] = [];
        cloud.forEach((values, item) => {
          insert(grown, { values, item });
        });
        expect(grown.map(({ item }) => item).sort((a, b) => a - b)).toEqual(bruteForce(cloud));
      }),
      { numRuns: 500 },
    );
  });

  test('says whether a point joined', () => {
    const grown: FrontEntry<string>[] = [];
    expect(insert(grown, { values: [2, 2], item: 'a' })).toBe(true);
    expect(insert(grown, { values: [3, 2], item: 'b' })).toBe(false);
    expect(insert(grown, { values: [2, 2], item: 'c' })).toBe(true);
    expect(insert(grown, { values: [1, 1], item: 'd' })).toBe(true);
    expect(grown.map(({ item }) => item)).toEqual(['d']);
  });

  test('of 100,000 random points is that of brute force over the survivors', () => {
    const random = Random.fromSeed(1);
    const cloud = Array.from({ length: 100_000 }, () => [random.uniform(), random.uniform()]);
    const kept = front(cloud);
    const survivors = kept.map((i) => cloud[i]);
    expect(bruteForce(survivors)).toHaveLength(survivors.length);
    expect(cloud.every((p, i) => kept.includes(i) || survivors.some((s) => dominates(s, p)))).toBe(true);
  });

  test('refuses NaN and points of different lengths', () => {
    expect(() => front([[1, Number.NaN]])).toThrow('must have 2 numbers each');
    expect(() => front([[1, 2], [1]])).toThrow('must have 2 numbers each, got [1]');
    expect(front([])).toEqual([]);
  });
});

describe('ranks and crowding (Deb et al. 2002)', () => {
  test('ranks part all points; each is the front of what is left', () => {
    fc.assert(
      fc.property(clouds, (cloud) => {
        const layers = ranks(cloud);
        expect(layers.flat().sort((a, b) => a - b)).toEqual(cloud.map((_, i) => i));
        layers.forEach((layer, r) => {
          const left = layers.slice(r).flat();
          expect(layer.every((i) => !left.some((j) => dominates(cloud[j], cloud[i])))).toBe(true);
        });
      }),
    );
  });

  test('crowding is the relative gap between neighbours, infinite at the ends', () => {
    const distances = crowding([
      [0, 10],
      [1, 5],
      [4, 2],
      [10, 0],
    ]);
    expect(distances[0]).toBe(Number.POSITIVE_INFINITY);
    expect(distances[3]).toBe(Number.POSITIVE_INFINITY);
    expect(distances[1]).toBeCloseTo(4 / 10 + 8 / 10, 12);
    expect(distances[2]).toBeCloseTo(9 / 10 + 5 / 10, 12);
  });
});
