/**
 * Spaces with every architecture priced and scored: what the searches find is held against what there is. Budgets
 * and seeds are fixed, so each of these is one deterministic run.
 */
import { describe, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { hypervolume2d, type Point } from '../metrics/hypervolume.ts';
import { enumerate } from '../spaces/enumerate.ts';
import { cifar, micro, tiny } from '../spaces/presets.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { planSearch } from './algorithms.ts';
import { runSearch } from './drive.ts';
import { front } from './front.ts';
import type { AlgorithmName } from './names.ts';
import type { Limits, Scored } from './problem.ts';
import { tabulatedProblem, tabulatedScore } from './testing/tabulated.ts';

/** Thousands of candidates, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000 });

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function tableOf(space: Space) {
  const problem = tabulatedProblem(space);
  const all = [...enumerate(space)].map((genotype) => ({
    key: problem.key(genotype),
    loss: tabulatedScore(genotype).loss,
    energyMj: problem.price(genotype).energyMj,
  }));
  const best = front(all.map(({ loss, energyMj }) => [loss, energyMj])).map((i) => all[i]);
  return { problem, all, best };
}

type Table = ReturnType<typeof tableOf>;

interface Run {
  readonly seed: number;
  readonly limits?: Limits;
  readonly population?: number;
  readonly generations?: number;
}

async function search(
  { problem }: Table,
  name: AlgorithmName,
  run: Run,
): Promise<readonly Scored<Genotype>[]> {
  const { seed, limits = {}, population = 50, generations = 20 } = run;
  const settings = {
    limits,
    population,
    parents: 10,
    generations,
    objectives: ['loss', 'energyMj'] as const,
  };
  const { sampler, config } = planSearch(name, settings);
  const start = sampler.init<Genotype>(config, Random.fromSeed(seed));
  const score = (list: readonly { genotype: Genotype }[]) =>
    list.map(({ genotype }) => tabulatedScore(genotype));
  return (await runSearch(sampler, start, problem, score)).scored;
}

const pointOf = ({ loss, costs }: Scored<Genotype>): Point => [loss, costs.energyMj];
const lowest = (scored: readonly { loss: number }[]) => Math.min(...scored.map(({ loss }) => loss));

describe('under each energy of the true front, the limited search finds the very network that stands there', () => {
  const micros = tableOf(micro());
  const tinies = tableOf(tiny());
  /** Every seventh network of the front: the searches take their time. */
  const some = tinies.best.filter((_, i) => i % 7 === 0);

  test.each(['evolution', 'aging', 'predictor'] as const)('%s, on 96 architectures', async (name) => {
    expect(micros.best.length).toBeGreaterThan(10);
    for (const { energyMj, loss } of micros.best.filter((_, i) => i % 2 === 0)) {
      const found = await search(micros, name, {
        seed: 1,
        limits: { energyMj },
        population: 20,
        generations: 4,
      });
      expect(lowest(found)).toBe(loss);
    }
  });

  test('predictor, on 1536 architectures by 400 evaluations', async () => {
    for (const { energyMj, loss } of some) {
      const found = await search(tinies, 'predictor', { seed: 1, limits: { energyMj }, population: 20 });
      expect(lowest(found)).toBe(loss);
    }
  });

  test('evolution, on 1536 architectures by 1000 evaluations', async () => {
    for (const { energyMj, loss } of some) {
      const found = await search(tinies, 'evolution', { seed: 1, limits: { energyMj } });
      expect(lowest(found)).toBe(loss);
    }
  });

  test('NSGA-II finds the whole true front at once, by 1000 of 1536', async () => {
    const truth = tinies.best.map(({ key }) => key).sort();
    expect(truth).toHaveLength(42);
    for (const seed of SEEDS) {
      const scored = await search(tinies, 'nsga2', { seed });
      expect(scored).toHaveLength(1000);
      const found = front(scored.map(pointOf)).map((i) => scored[i].key);
      expect(found.sort()).toEqual(truth);
    }
  });
});

describe('on the 84,048 architectures of cifar, ten seeds, 1000 evaluations', () => {
  const table = tableOf(cifar());
  const corner: Point = [2.3, Math.max(...table.all.map(({ energyMj }) => energyMj))];
  /** After every evaluation while there are few, then after every ten. */
  const AT = [
    ...Array.from({ length: 100 }, (_, i) => i + 1),
    ...Array.from({ length: 90 }, (_, i) => 110 + 10 * i),
  ];
  const areas = (scored: readonly Scored<Genotype>[]) =>
    AT.map((count) => hypervolume2d(scored.slice(0, count).map(pointOf), corner));

  test('NSGA-II is never below random search, whenever one stops, and is where that ends by a quarter of its evaluations', async () => {
    for (const seed of SEEDS) {
      const ours = areas(await search(table, 'nsga2', { seed }));
      const theirs = areas(await search(table, 'random', { seed }));
      const below = AT.filter((_, i) => ours[i] < theirs[i]);
      expect(below, `seed ${seed}`).toEqual([]);
      const end = theirs[theirs.length - 1];
      expect(AT[ours.findIndex((area) => area >= end)], `seed ${seed}`).toBeLessThanOrEqual(250);
    }
  });

  test('under a limit the predictor finds by 300 a better network than random search by 1000', async () => {
    const limits = { energyMj: 0.45 };
    for (const seed of [4, 5, 6]) {
      const ours = await search(table, 'predictor', { seed, limits, generations: 6 });
      const theirs = await search(table, 'random', { seed, limits });
      expect(lowest(ours)).toBeLessThan(lowest(theirs));
    }
  });
});
