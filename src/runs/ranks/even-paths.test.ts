/** Paths of ranks: even within a step, uniform over all, and a function of step and rank alone. */
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { EvenPaths } from './even-paths.ts';

const KINDS = 10;
const even = (ranks: number) =>
  new EvenPaths({
    ...{ random: Random.fromSeed('even'), ranks, cost: (path: number) => path },
    draw: (random) => random.integer(KINDS),
  });

test('every path is as likely on every rank, and those of a step are close', () => {
  const paths = even(2);
  const steps = 4000;
  const counts = [0, 1].map(() => new Array<number>(KINDS).fill(0));
  let apart = 0;
  for (let step = 0; step < steps; step++) {
    const [a, b] = [paths.at(step, 0), paths.at(step, 1)];
    counts[0][a]++;
    counts[1][b]++;
    apart += Math.abs(a - b) / steps;
  }
  // chi-squared with 9 degrees of freedom: above 27.9 once in a thousand (drawn apart they differ by 3.3)
  for (const of of counts) {
    const expected = steps / KINDS;
    expect(of.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)).toBeLessThan(27.9);
  }
  expect(apart).toBeLessThan(1);
});

test('a path does not depend on which were asked for before', () => {
  const [forwards, backwards] = [even(3), even(3)];
  const steps = Array.from({ length: 30 }, (_, i) => i);
  const there = steps.map((step) => forwards.at(step, 1));
  const back = steps.reverse().map((step) => backwards.at(step, 1));
  expect(back.reverse()).toEqual(there);
});
