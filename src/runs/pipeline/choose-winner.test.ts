import { expect, test } from 'vitest';
import type { Genotype } from '../../spaces/space.ts';
import { type Contender, chooseWinner } from './choose-winner.ts';

/** A network that is known by its costs. */
function network(role: Contender['role'], accuracy: number, ...costs: readonly number[]): Contender {
  const genotype: Genotype = { space: costs.join(','), lengths: [], operators: [] };
  return { role, genotype, validation: { loss: 1, accuracy } };
}

const choose = (networks: readonly Contender[], held = 10_000) =>
  chooseWinner(networks, held, ({ space }) => space.split(',').map(Number));

test('the most accurate wins when held-out images tell it from the others', () => {
  const best = network('candidate', 0.95, 9);
  expect(choose([network('candidate', 0.9, 1), best, network('baseline', 0.99, 10)])).toBe(best);
});

test('of those within one standard error, the one that beats more baselines at no more energy', () => {
  // standard error of 0.9 on 10,000 images: 0.003
  const cheap = network('candidate', 0.899, 2);
  const even = network('candidate', 0.8985, 1);
  const networks = [
    network('candidate', 0.9, 9),
    cheap,
    even,
    network('baseline', 0.8988, 2),
    network('baseline', 0.8, 8),
  ];
  expect(choose(networks)).toBe(cheap);
});

test('among equals the cheapest, and a baseline never wins', () => {
  const cheapest = network('candidate', 0.9, 3);
  expect(choose([network('candidate', 0.9, 4), cheapest, network('baseline', 0.99, 1)])).toBe(cheapest);
});

test('of several costs none may be more than a baseline has, and the first decides which is cheaper', () => {
  const beats = network('candidate', 0.9, 4, 2);
  const dearer = network('candidate', 0.9, 1, 9);
  const baseline = network('baseline', 0.8, 5, 3);
  expect(choose([dearer, beats, baseline])).toBe(beats);
  expect(choose([beats, dearer])).toBe(dearer);
});
