/** Limits and bounds: constraint domination, repair, and objectives by name. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { Collector } from './collector.ts';
import { constrainedRanks, ranks } from './crowding.ts';
import { runSearch } from './drive.ts';
import { type EvolutionConfig, evolution } from './evolution.ts';
import { dominates, front, type Point } from './front.ts';
import { type Nsga2Config, nsga2 } from './nsga2.ts';
import { objectivePoint, violation } from './objectives.ts';
import { excess, limitedCosts, meets, type Scored, type SearchProblem } from './problem.ts';
import type { SearchState } from './sampler.ts';
import { type Digits, toyProblem, toyScore, toyWords } from './toy.ts';

const scored = (extra: Partial<Scored<string>> = {}): Scored<string> => ({
  id: 0,
  key: 'k',
  genotype: 'k',
  loss: 0.5,
  accuracy: 0.75,
  costs: { energyMj: 4, latencyMs: 2, params: 10, macs: 100 },
  ...extra,
});

describe('constraint domination (Deb et al. 2002, section VI.A)', () => {
  /** The definition: a feasible point dominates an infeasible one, a lesser violation a greater one. */
  const constrainedDominates = (a: Point, va: number, b: Point, vb: number) =>
    va === 0 && vb === 0 ? dominates(a, b) : va < vb;

  test('ranks are those of the definition', () => {
    const cloud = fc.array(fc.tuple(fc.tuple(fc.nat(4), fc.nat(4)), fc.nat(3)), { maxLength: 25 });
    fc.assert(
      fc.property(cloud, (list) => {
        const points = list.map(([point]) => point);
        const violations = list.map(([, amount]) => amount);
        let left = list.map((_, i) => i);
        const expected: number[][] = [];
        while (left.length > 0) {
          const best = left.filter(
            (i) =>
              !left.some((j) => constrainedDominates(points[j], violations[j], points[i], violations[i])),
          );
          expected.push(best);
          left = left.filter((i) => !best.includes(i));
        }
        expect(constrainedRanks(points, violations)).toEqual(expected);
        const none = violations.map(() => 0);
        expect(constrainedRanks(points, none)).toEqual(ranks(points));
      }),
    );
  });

  test('NSGA-II with a bound scores networks beyond it and ends with the front within it', async () => {
    const config = { population: 20, generations: 6, bounds: { energyMj: 6 } };
    const state = await runSearch(nsga2, nsga2.init<Digits>(config, Random.fromSeed(1)), toyProblem, (list) =>
      list.map(({ genotype }) => toyScore(genotype)),
    );
    expect(state.scored.some(({ costs }) => costs.energyMj > 6)).toBe(true);
    const within = toyWords().filter((word) => toyProblem.price(word).energyMj <= 6);
    const points = within.map((word) => [toyScore(word).loss, toyProblem.price(word).energyMj]);
    const truth = front(points).map((i) => toyProblem.key(within[i]));
    const population = state.population.map((id) => state.scored[id]);
    expect(population.map(({ key }) => key)).toEqual(expect.arrayContaining(truth));
  });

  test('a bound on the error, which only a score can tell, pulls the population over', async () => {
    const easy = (word: Digits) => toyScore(word).accuracy;
    const accuracies = toyWords()
      .map(easy)
      .sort((a, b) => b - a);
    const error = 1 - accuracies[20];
    const state = await runSearch(
      nsga2,
      nsga2.init<Digits>({ population: 12, generations: 10, bounds: { error } }, Random.fromSeed(4)),
      toyProblem,
      (list) => list.map(({ genotype }) => toyScore(genotype)),
    );
    const first = state.scored.slice(0, 12).filter((one) => 1 - one.accuracy <= error);
    const last = state.population.filter((id) => 1 - state.scored[id].accuracy <= error);
    expect(first.length).toBeLessThan(4);
    expect(last.length).toBeGreaterThan(8);
  });
});

describe('objectives', () => {
  test('are loss, error, BLEU or any cost, all to be made small', () => {
    const one = scored({ bleu: 27.5, costs: { ...scored().costs, areaMm2: 12, shifts: 7 } });
    expect(
      objectivePoint(one, [
        'loss',
        'error',
        'bleu',
        'energyMj',
        'latencyMs',
        'areaMm2',
        'params',
        'macs',
        'shifts',
      ]),
    ).toEqual([0.5, 0.25, 72.5, 4, 2, 12, 10, 100, 7]);
  });

  test('that a candidate has no value for are named', () => {
    expect(() => objectivePoint(scored(), ['areaMm2'])).toThrow(
      "genotype k has no value for the objective 'areaMm2'",
    );
    expect(() => nsga2.init({ objectives: ['energy' as never] }, Random.fromSeed(0))).toThrow(
      "an objective is one of loss, error, bleu, energyMj, latencyMs, params, macs, areaMm2, multiplications, additions, shifts, got 'energy'",
    );
  });

  test('violations add up, relative to their bounds', () => {
    expect(violation(scored(), { energyMj: 2, loss: 0.4, params: 20 })).toBeCloseTo(1 + 0.25, 12);
    expect(violation(scored(), {})).toBe(0);
  });

  test('BLEU reaches the state with the score', () => {
    let state: SearchState<Digits, Nsga2Config> = nsga2.init(
      { objectives: ['bleu', 'energyMj'], population: 2, generations: 1 },
      Random.fromSeed(1),
    );
    state = nsga2.propose(state, toyProblem);
    const scores = state.pending.map(({ candidate }, i) => [
      candidate.key,
      { loss: 1, accuracy: 0, bleu: 20 + i },
    ]);
    state = nsga2.absorb(state, Object.fromEntries(scores));
    expect(state.scored.map(({ bleu }) => bleu)).toEqual([20, 21]);
  });
});

describe('limits', () => {
  test('on a cost that the price does not give are refused', () => {
    const state = nsga2.init<Digits>({ limits: { areaMm2: 3 } }, Random.fromSeed(1));
    expect(() => nsga2.propose(state, toyProblem)).toThrow(/gives no number for area, got undefined/);
    expect(meets(scored().costs, { areaMm2: 3 })).toBe(false);
  });

  test('of 0 are allowed on what networks can do without, and meet or miss like others', () => {
    expect(limitedCosts({ multiplications: 0, additions: 0, shifts: 0 })).toEqual([
      ...['multiplications', 'additions', 'shifts'],
    ]);
    for (const cost of ['energyMj', 'latencyMs', 'params', 'macs', 'areaMm2'] as const)
      expect(() => limitedCosts({ [cost]: 0 })).toThrow(/must be above 0/);
    expect(() => limitedCosts({ shifts: -1 })).toThrow('a limit on shifts must be at least 0, got -1');
    expect(() => limitedCosts({ shifts: Number.NaN })).toThrow('must be at least 0, got NaN');
    const costs = { ...scored().costs, multiplications: 0, shifts: 7 };
    expect(excess(costs, { multiplications: 0 })).toBe(0);
    expect(excess(costs, { shifts: 0 })).toBe(7);
    expect(excess(costs, { multiplications: 0, energyMj: 2 })).toBe(1);
    expect(excess(scored().costs, { shifts: 0 })).toBe(Number.POSITIVE_INFINITY);
  });

  /** Digits 0 cost no multiplication, others do. */
  const multiplying = (least: number): SearchProblem<Digits> => ({
    ...toyProblem,
    price: (word) => ({
      ...toyProblem.price(word),
      multiplications: least + word.filter((digit) => digit > 0).length,
    }),
  });

  test('of 0 end a search with what meets them, or with the nearest that does not', () => {
    const begin = () => nsga2.init<Digits>({ limits: { multiplications: 0 } }, Random.fromSeed(1));
    const { pending } = nsga2.propose(begin(), multiplying(0));
    expect(pending.map(({ candidate }) => candidate.key)).toEqual(['00000']);
    expect(() => nsga2.propose(begin(), multiplying(3))).toThrow(
      'no architecture of 243 met multiplications <= 0; best seen 3, genotype 00000; raise the limit or choose another space',
    );
  });

  test('repair moves a genotype beyond them within, in a few moves', () => {
    const long: SearchProblem<Digits> = {
      ...toyProblem,
      sample: (random) => Array.from({ length: 30 }, () => random.integer(3)),
      mutate: (word, random) => {
        const at = random.integer(word.length);
        return word.map((digit, i) => (i === at ? random.integer(3) : digit));
      },
    };
    const limits = { energyMj: 24 };
    const counts = { repaired: 0, drawn: 0 };
    for (let seed = 0; seed < 50; seed++) {
      const random = Random.fromSeed(seed);
      const collector = new Collector(long, limits, random, []);
      const start = long.sample(random);
      if (collector.consider(start) !== undefined) counts.drawn++;
      const found = collector.considerRepaired(start, 40);
      if (found !== undefined) {
        counts.repaired++;
        expect(meets(found.costs, limits)).toBe(true);
        expect(found.costs).toEqual(long.price(found.genotype));
      }
    }
    expect(counts.drawn).toBeLessThan(10);
    expect(counts.repaired).toBeGreaterThan(40);
  });
});

test('evolution as released ranks by accuracy, otherwise by loss (spec 6.2)', () => {
  const survivors = (codeExact: boolean) => {
    let state: SearchState<Digits, EvolutionConfig> = evolution.init(
      { population: 4, parents: 2, mutations: 2, crossovers: 2, codeExact },
      Random.fromSeed(1),
    );
    state = evolution.propose(state, toyProblem);
    // The later a candidate, the lower its loss and its accuracy.
    const scores = state.pending.map(({ candidate }, i) => [
      candidate.key,
      { loss: 1 - i / 10, accuracy: 0.9 - i / 10 },
    ]);
    return evolution.absorb(state, Object.fromEntries(scores)).population;
  };
  expect(survivors(true)).toEqual([0, 1, 2, 3]);
  expect(survivors(false)).toEqual([3, 2, 1, 0]);
});

test('evolution as released moves as the problem says its release does, where it says so (spec 6.2)', () => {
  const moves = (codeExact: boolean, problem: SearchProblem<Digits>) => {
    const asked: string[] = [];
    const noted = (name: string, from: Pick<SearchProblem<Digits>, 'mutate' | 'crossover'>) => ({
      mutate: (word: Digits, random: Random) => {
        asked.push(`${name} mutate`);
        return from.mutate(word, random);
      },
      crossover: (a: Digits, b: Digits, random: Random) => {
        asked.push(`${name} crossover`);
        return from.crossover(a, b, random);
      },
    });
    const { released } = problem;
    const watched = {
      ...problem,
      ...noted('own', problem),
      ...(released && { released: noted('released', released) }),
    };
    const config = { population: 8, parents: 4, mutations: 4, crossovers: 4, codeExact };
    let state = evolution.init<Digits>(config, Random.fromSeed(1));
    state = evolution.propose(state, watched);
    const scores = state.pending.map(({ candidate }) => [candidate.key, toyScore(candidate.genotype)]);
    state = evolution.absorb(state, Object.fromEntries(scores));
    evolution.propose(state, watched);
    return [...new Set(asked)].sort();
  };
  const { mutate, crossover } = toyProblem;
  const both = { ...toyProblem, released: { mutate, crossover } };
  expect(moves(true, both)).toEqual(['released crossover', 'released mutate']);
  expect(moves(false, both)).toEqual(['own crossover', 'own mutate']);
  expect(moves(true, toyProblem)).toEqual(['own crossover', 'own mutate']);
});
