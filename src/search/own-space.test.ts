import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { runSearch } from './drive.ts';
import { nsga2 } from './nsga2.ts';
import type { SearchProblem } from './problem.ts';

test('a search over a space of one’s own with a score of one’s own takes 20 lines', async () => {
  // --- from here
  type Net = { width: number; depth: number };
  const problem: SearchProblem<Net> = {
    sample: (random) => ({ width: 8 * (1 + random.integer(16)), depth: 1 + random.integer(12) }),
    mutate: (net, random) =>
      random.boolean()
        ? { ...net, width: 8 * (1 + random.integer(16)) }
        : { ...net, depth: 1 + random.integer(12) },
    crossover: (a, b) => ({ width: a.width, depth: b.depth }),
    key: ({ width, depth }) => `${width}x${depth}`,
    price: ({ width, depth }) => {
      const params = width * width * depth;
      return { energyMj: params / 1e4, latencyMs: depth, params, macs: params };
    },
  };
  const score = ({ width, depth }: Net) => ({ loss: 1 / width + 1 / depth, accuracy: 0 });
  const start = nsga2.init<Net>(
    { limits: { latencyMs: 8 }, population: 16, generations: 8 },
    Random.fromSeed(1),
  );
  const { scored } = await runSearch(nsga2, start, problem, (list) =>
    list.map(({ genotype }) => score(genotype)),
  );
  // --- to here
  expect(scored.length).toBeGreaterThan(60);
  expect(Math.max(...scored.map(({ genotype }) => genotype.depth))).toBe(8);
  expect(scored.some(({ key }) => key === '128x8')).toBe(true);
});
