import { expect, test } from 'vitest';
import type { Scored } from './problem.ts';
import { chooseWinners } from './winners.ts';

const scored = (key: string, loss: number, energyMj: number, id = 0): Scored<string> => ({
  id,
  key,
  genotype: key,
  loss,
  accuracy: 0,
  costs: { energyMj, latencyMs: 1, params: 1, macs: 1 },
});
const list = [
  scored('a', 0.5, 4),
  scored('b', 0.4, 6),
  scored('c', 0.6, 2),
  scored('d', 0.9, 1),
  scored('e', 0.1, 9),
];
const keys = (options: Parameters<typeof chooseWinners>[1], from = list) =>
  chooseWinners(from, options).map(({ candidate, chosenUnder }) => `${candidate.key} ${chosenUnder}`);

test('the best by loss under the limits win', () => {
  expect(keys({ count: 2, limits: { energyMj: 6 } })).toEqual(['b limits', 'a limits']);
  expect(keys({ count: 1 })).toEqual(['e limits']);
});

test('the best under a tighter budget join them', () => {
  expect(keys({ count: 1, limits: { energyMj: 6 }, tighter: { count: 1, limits: { energyMj: 3 } } })).toEqual(
    ['b limits', 'c tighter'],
  );
});

test('nobody is chosen twice, and fewer are chosen when there are no more', () => {
  expect(keys({ count: 4, limits: { energyMj: 6 }, tighter: { count: 3, limits: { energyMj: 3 } } })).toEqual(
    ['b limits', 'a limits', 'c limits', 'd limits'],
  );
});

test('equal losses go by energy, then by key, whatever the order of evaluation', () => {
  const ties = [scored('z', 1, 2), scored('y', 1, 2), scored('x', 1, 1)];
  const expected = ['x limits', 'y limits', 'z limits'];
  expect(keys({ count: 3 }, ties)).toEqual(expected);
  expect(keys({ count: 3 }, ties.reverse())).toEqual(expected);
});

test('a count of nothing is refused', () => {
  expect(() => keys({ count: 0 })).toThrow('winners: count must be a whole number of at least 1, got 0');
});
