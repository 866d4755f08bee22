import { expect, test } from 'vitest';
import type { Scored } from './problem.ts';
import { spreadFront } from './spread-front.ts';

const scored = (key: string, error: number, areaMm2: number): Scored<string> => ({
  ...{ id: 0, key, genotype: key, loss: 1, accuracy: 1 - error },
  costs: { energyMj: 1, latencyMs: 1, params: 1, macs: 1, areaMm2 },
});
const keys = (list: readonly Scored<string>[], count: number, objectives = ['error', 'areaMm2'] as const) =>
  spreadFront(list, count, { objectives, choices: 10 }).map(({ key }) => key);

/** A front of five, two that it dominates, and one that is cheap and worse than guessing. */
const list = [
  scored('worse than guessing', 0.95, 0.5),
  scored('small', 0.8, 1),
  scored('near small', 0.79, 1.1),
  scored('behind', 0.5, 3.5),
  scored('middle', 0.4, 3),
  scored('near best', 0.21, 8.9),
  scored('far behind', 0.85, 8),
  scored('best', 0.2, 9),
];

test('the best by the score first, then the other end, then what is farthest from both', () => {
  expect(keys(list, 1)).toEqual(['best']);
  expect(keys(list, 3)).toEqual(['best', 'small', 'middle']);
  expect(keys(list, 3, ['areaMm2', 'error'] as never)).toEqual(['best', 'small', 'middle']);
});

test('when the front is used up the next ones follow, and last what is worse than guessing', () => {
  expect(keys(list, 5).slice(3).sort()).toEqual(['near best', 'near small']);
  expect(keys(list, 9).slice(5)).toEqual(['behind', 'far behind', 'worse than guessing']);
  expect(keys([], 2)).toEqual([]);
});

test('units say nothing: areas in other ones choose the same', () => {
  const larger = list.map((one) => ({
    ...one,
    costs: { ...one.costs, areaMm2: 1e6 * (one.costs.areaMm2 ?? 0) },
  }));
  expect(keys(larger, 4)).toEqual(keys(list, 4));
});
