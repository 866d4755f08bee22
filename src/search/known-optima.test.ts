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
import { dominates, front } from './front.ts';
import type { AlgorithmName } from './names.ts';
import { type Objective, objectivePoint } from './objectives.ts';
import { type Costs, type Limits, meets, type Scored } from './problem.ts';
import { waiting } from './sampler.ts';
import { tabulatedProblem, tabulatedScore } from './testing/tabulated.ts';

/** Thousands of candidates, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000 });

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

function tableOf(space: Space, accelerator?: string) {
  const problem = tabulatedProblem(space, accelerator);
  const all = [...enumerate(space)].map((genotype, id): Scored<Genotype> => {
    const key = problem.key(genotype);
    return { id, key, genotype, costs: problem.price(genotype), ...tabulatedScore(genotype) };
  });
  return { problem, all };
}

type Table = ReturnType<typeof tableOf>;

/** The keys that nothing within the limits dominates, each held against every other. */
function trueFront({ all }: Table, objectives: readonly Objective[], limits: Limits = {}): string[] {
  const within = all.filter(({ costs }) => meets(costs, limits));
  const points = within.map((one) => objectivePoint(one, objectives));
  const stays = within.filter((_, i) => !points.some((other) => dominates(other, points[i])));
  return stays.map(({ key }) => key).sort();
}

interface Run {
  readonly seed: number;
  readonly limits?: Limits;
  readonly population?: number;
  readonly generations?: number;
  readonly objectives?: readonly Objective[];
}

async function search(
  { problem }: Table,
  name: AlgorithmName,
  run: Run,
): Promise<readonly Scored<Genotype>[]> {
  const { seed, limits = {}, population = 50, generations = 20, objectives = ['loss', 'energyMj'] } = run;
  const settings = { limits, population, parents: 10, generations, objectives };
  const { sampler, config } = planSearch(name, settings);
  const start = sampler.init<Genotype>(config, Random.fromSeed(seed));
  const score = (list: readonly { genotype: Genotype }[]) =>
    list.map(({ genotype }) => tabulatedScore(genotype));
  return (await runSearch(sampler, start, problem, score)).scored;
}

/** The keys of the front of what was scored, found by the rule and not by the search. */
function foundFront(scored: readonly Scored<Genotype>[], objectives: readonly Objective[]): string[] {
  const points = scored.map((one) => objectivePoint(one, objectives));
  return front(points)
    .map((i) => scored[i].key)
    .sort();
}

function pointOf({ loss, costs }: Scored<Genotype>): Point {
  return [loss, costs.energyMj];
}
const lowest = (scored: readonly { loss: number }[]) => Math.min(...scored.map(({ loss }) => loss));

/** A limit that so large a part of the architectures keep to. */
function limitOf({ all }: Table, cost: keyof Costs, part: number): Limits {
  const values = all.map(({ costs }) => costs[cost] ?? Number.NaN).sort((a, b) => a - b);
  return { [cost]: values[Math.floor(part * values.length)] };
}

const micros = tableOf(micro());
const tinies = tableOf(tiny());
/** Priced by an accelerator that states areas. */
const stated = tableOf(tiny(), 'rowstationary-45nm');

describe('NSGA-II has scored every network of the true front', () => {
  test.each([
    ['loss,energyMj', 'no limit', 1536, 42, 900, tinies, {}],
    ['loss,energyMj,params', 'no limit', 1536, 153, 1100, tinies, {}],
    ['loss,energyMj,areaMm2', 'no limit', 1536, 65, 700, stated, {}],
    ['loss,areaMm2,params', 'no limit', 1536, 7, 200, stated, {}],
    ['loss,energyMj', 'half the energies', 769, 29, 500, tinies, limitOf(tinies, 'energyMj', 1 / 2)],
    ['loss,energyMj', 'a quarter of them', 386, 23, 300, tinies, limitOf(tinies, 'energyMj', 1 / 4)],
    ['loss,energyMj', 'a tenth of them', 155, 19, 150, tinies, limitOf(tinies, 'energyMj', 1 / 10)],
    ['loss,energyMj', 'a quarter of the sizes', 405, 31, 350, tinies, limitOf(tinies, 'params', 1 / 4)],
    [
      ...(['loss,energyMj,params', 'a quarter of the energies', 386, 68, 350, tinies] as const),
      limitOf(tinies, 'energyMj', 1 / 4),
    ],
    [
      ...(['loss,energyMj,areaMm2', 'a quarter of the areas', 616, 39, 350, stated] as const),
      limitOf(stated, 'areaMm2', 1 / 4),
    ],
  ] as const)('%s within %s: of %i all %i, by %i', async (...row) => {
    const [names, , within, size, evaluations, table, limits] = row;
    const objectives = names.split(',') as Objective[];
    expect(table.all.filter(({ costs }) => meets(costs, limits))).toHaveLength(within);
    const truth = trueFront(table, objectives, limits);
    expect(truth).toHaveLength(size);
    for (const seed of SEEDS.slice(0, objectives.length > 2 ? 4 : 10)) {
      const scored = await search(table, 'nsga2', {
        seed,
        limits,
        objectives,
        generations: evaluations / 50,
      });
      expect(scored.length).toBeLessThanOrEqual(evaluations);
      expect(scored.every(({ costs }) => meets(costs, limits))).toBe(true);
      expect(foundFront(scored, objectives), `seed ${seed}`).toEqual(truth);
    }
  });
});

/** Evaluations until a network is scored: the search stops there. Infinity where it ends without it. */
function reached({ problem }: Table, name: AlgorithmName, key: string, run: Run): number {
  const { seed, limits = {}, population = 50, generations = 20 } = run;
  const settings = { limits, population, parents: 10, generations, objectives: ['loss'] as const };
  const { sampler, config } = planSearch(name, settings);
  let state = sampler.init<Genotype>(config, Random.fromSeed(seed));
  while (!sampler.finished(state)) {
    state = sampler.propose(state, problem);
    const scores = waiting(state).map((one) => [one.key, tabulatedScore(one.genotype)]);
    state = sampler.absorb(state, Object.fromEntries(scores));
    const at = state.scored.findIndex((one) => one.key === key);
    if (at >= 0) return at + 1;
  }
  return Number.POSITIVE_INFINITY;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

describe('under each cost of the true front, the limited search finds the very network that stands there', () => {
  /** Evaluations that every network of the front of loss and a cost takes, with every seed. */
  const effort = (
    table: Table,
    cost: 'energyMj' | 'params',
    name: AlgorithmName,
    { seeds, ...run }: Omit<Run, 'seed'> & { readonly seeds: number },
  ) => {
    const keys = new Set(trueFront(table, ['loss', cost]));
    const best = table.all.filter(({ key }) => keys.has(key));
    expect(best.length).toBeGreaterThan(2);
    return best.flatMap(({ key, costs }) =>
      SEEDS.slice(0, seeds).map((seed) =>
        reached(table, name, key, { ...run, seed, limits: { [cost]: costs[cost] } }),
      ),
    );
  };

  test.each(['energyMj', 'params'] as const)('of 96, by %s, with each of three seeds', (cost) => {
    for (const name of ['evolution', 'aging', 'predictor', 'nsga2'] as const) {
      const taken = effort(micros, cost, name, { seeds: 3, population: 10, generations: 9 });
      expect(Math.max(...taken), name).toBeLessThanOrEqual(90);
    }
  });

  test.each([
    ['evolution', 'energyMj', 2, 1000, 100],
    ['evolution', 'params', 3, 300, 100],
    ['predictor', 'energyMj', 1, 400, 100],
  ] as const)('of 1536, %s, by %s, %i seeds: every one by %i, half of them by %i', (...row) => {
    const [name, cost, seeds, most, half] = row;
    const taken = effort(tinies, cost, name, { seeds, population: 50, generations: most / 50 });
    expect(Math.max(...taken)).toBeLessThanOrEqual(most);
    expect(median(taken)).toBeLessThanOrEqual(half);
  });
});

describe('on the 84,048 architectures of cifar, ten seeds, 1000 evaluations', () => {
  const table = tableOf(cifar());
  const corner: Point = [2.3, Math.max(...table.all.map(({ costs }) => costs.energyMj))];
  const truth = hypervolume2d(table.all.map(pointOf), corner);
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
      // 1.2 % of the architectures, and what the front lacks is less than 1 % of what there is.
      expect(ours[ours.length - 1] / truth, `seed ${seed}`).toBeGreaterThan(0.99);
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
