/** A first generation that is spread over prices. */
import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { cifar } from '../spaces/presets.ts';
import { Collector } from './collector.ts';
import type { Limits, SearchProblem } from './problem.ts';
import { farthestFirst, offerSpread } from './spread.ts';
import { tabulatedProblem } from './testing/tabulated.ts';

test('farthest first from 0, away from 1: by hand, on one axis and on two', () => {
  expect(farthestFirst([[0.9, 0, 0.5, 0.25, 1]], 5)).toEqual([1, 2, 3, 0, 4]);
  const axes = [
    [0, 1, 0, 1, 0.5],
    [0, 0, 1, 1, 0.5],
  ];
  // the cheapest, the two corners that are dear in one axis, the middle, and last what is dearest in both
  expect(farthestFirst(axes, 9)).toEqual([0, 1, 2, 4, 3]);
  expect(farthestFirst([[], []], 3)).toEqual([]);
});

const problem = tabulatedProblem(cifar());

function energies(
  limits: Limits,
  objectives: Parameters<typeof offerSpread>[2],
  of = problem as SearchProblem<never>,
) {
  const collector = new Collector(of, limits, Random.fromSeed(1), []);
  offerSpread(of, collector, objectives, { count: 20, draws: 400 });
  return collector.candidates.map(({ costs }) => costs.energyMj);
}

test('twenty of 400 draws reach from the cheapest to the dearest, with no gap wider than twice an even one', () => {
  const found = energies({}, ['loss', 'energyMj']);
  expect(found).toHaveLength(20);
  expect(Math.min(...found)).toBe(found[0]);
  const sorted = [...found].sort((a, b) => a - b);
  const even = (sorted[19] - sorted[0]) / 19;
  for (let i = 1; i < 20; i++) expect(sorted[i] - sorted[i - 1]).toBeLessThan(2.5 * even);
  const blind = Random.fromSeed(1);
  const draws = Array.from({ length: 20 }, () => problem.price(problem.sample(blind)).energyMj);
  expect(sorted[19] - sorted[0]).toBeGreaterThan(1.2 * (Math.max(...draws) - Math.min(...draws)));
});

test('keeps to limits, and leaves the generation to others where no objective is a cost', () => {
  for (const energy of energies({ energyMj: 0.3 }, ['loss', 'energyMj']))
    expect(energy).toBeLessThanOrEqual(0.3);
  expect(energies({}, ['loss', 'error'])).toEqual([]);
});

test('a cost of 0 among the draws is a price like any other', () => {
  const free = {
    ...problem,
    price: (g: never) => ({ ...problem.price(g), energyMj: problem.key(g).includes('c') ? 1 : 0 }),
  };
  const found = energies({}, ['energyMj'], free as unknown as SearchProblem<never>);
  expect(new Set(found)).toEqual(new Set([0, 1]));
});
