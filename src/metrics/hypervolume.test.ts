import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  front2d,
  hypervolume,
  hypervolume2d,
  hypervolumeGain,
  hypervolumeShare,
  type Point,
} from './hypervolume.ts';

test('three steps: by hand 6', () => {
  expect(
    hypervolume2d(
      [
        [1, 3],
        [2, 2],
        [3, 1],
        [3, 3],
        [9, 0],
      ],
      [4, 4],
    ),
  ).toBe(6);
  expect(hypervolume2d([], [1, 1])).toBe(0);
});

const points = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 20 });

test('equals the number of unit cells that some point dominates', () => {
  fc.assert(
    fc.property(points, (list: Point[]) => {
      let cells = 0;
      for (let x = 0; x < 10; x++) {
        for (let y = 0; y < 10; y++) if (list.some((p) => p[0] <= x && p[1] <= y)) cells++;
      }
      expect(hypervolume2d(list, [10, 10])).toBe(cells);
    }),
  );
});

test('in three dimensions equals the number of unit cubes that some point dominates', () => {
  const cloud = fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)), { maxLength: 8 });
  fc.assert(
    fc.property(cloud, (list) => {
      let cubes = 0;
      for (let x = 0; x < 5; x++)
        for (let y = 0; y < 5; y++)
          for (let z = 0; z < 5; z++) if (list.some((p) => p[0] <= x && p[1] <= y && p[2] <= z)) cubes++;
      expect(hypervolume(list, [5, 5, 5])).toBe(cubes);
    }),
  );
});

test('in four dimensions equals the number of unit cells, and what a point adds is the difference', () => {
  const coordinate = fc.nat(4);
  const cloud = fc.array(fc.tuple(coordinate, coordinate, coordinate, coordinate), {
    minLength: 1,
    maxLength: 8,
  });
  const cells = Array.from({ length: 4 ** 4 }, (_, i) => [i % 4, (i >> 2) % 4, (i >> 4) % 4, i >> 6]);
  const reference = [4, 4, 4, 4];
  fc.assert(
    fc.property(cloud, ([point, ...others]) => {
      const all = [point, ...others];
      const dominated = cells.filter((cell) => all.some((p) => p.every((value, k) => value <= cell[k])));
      expect(hypervolume(all, reference)).toBe(dominated.length);
      const gain = hypervolume(all, reference) - hypervolume(others, reference);
      expect(hypervolumeGain(point, others, reference)).toBe(gain);
    }),
  );
});

test('as a part of the box; of a flat box nothing', () => {
  expect(hypervolumeShare([[1, 3]], [2, 4])).toBe(1 / 8);
  expect(hypervolumeShare([[0, 0]], [2, 0])).toBe(0);
});

test('in one dimension is the distance of the best, in two the area', () => {
  expect(hypervolume([[3], [1], [9]], [4])).toBe(3);
  fc.assert(
    fc.property(points, (list) => {
      expect(hypervolume(list, [10, 10])).toBe(hypervolume2d(list, [10, 10]));
    }),
  );
});

test('no point of a front dominates another, and every point is dominated by one', () => {
  fc.assert(
    fc.property(points, (list: Point[]) => {
      const front = front2d(list);
      for (const p of front) {
        expect(front.filter((q) => q[0] <= p[0] && q[1] <= p[1])).toEqual([p]);
      }
      for (const p of list) expect(front.some((q) => q[0] <= p[0] && q[1] <= p[1])).toBe(true);
    }),
  );
  expect(front2d([[Number.NaN, 1]])).toEqual([]);
});
