import { describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { runSearch } from './drive.ts';
import { type EvolutionConfig, evolution } from './evolution.ts';
import { front } from './front.ts';
import { nsga2 } from './nsga2.ts';
import { objectivePoint } from './objectives.ts';
import type { Score, Scored, SearchProblem } from './problem.ts';
import { randomSearch } from './random-search.ts';
import type { SearchState } from './sampler.ts';
import { type Digits, LIMITS, toyProblem, toyScore, toyWords } from './toy.ts';

/** 65,536 words of 16 bits: loss counts bits unlike a target, and energy counts ones. */
const TARGET = [...'1011001110001011'].map(Number);
const bits: SearchProblem<Digits> = {
  sample: (random) => TARGET.map(() => random.integer(2)),
  mutate: (word, random) => word.map((bit) => (random.boolean(0.2) ? random.integer(2) : bit)),
  crossover: (a, b, random) => a.map((bit, i) => (random.boolean() ? bit : b[i])),
  key: (word) => word.join(''),
  price: (word) => {
    const ones = word.reduce((sum, bit) => sum + bit, 0);
    return { energyMj: ones + 1, latencyMs: 1, params: ones, macs: ones };
  },
};
const unlike = (word: Digits): Score => ({
  loss: word.filter((bit, i) => bit !== TARGET[i]).length,
  accuracy: 0,
});
const best = (scored: readonly Scored<Digits>[]) => Math.min(...scored.map(({ loss }) => loss));

describe('the published evolution', () => {
  test('finds the optimum of 65,536 words in 1000 evaluations, where random search does not (spec 14.7)', async () => {
    const found = { evolution: 0, random: 0 };
    for (const seed of [1, 2, 3, 4, 5]) {
      const score = (list: readonly { genotype: Digits }[]) => list.map(({ genotype }) => unlike(genotype));
      const evolved = await runSearch(
        evolution,
        evolution.init<Digits>({}, Random.fromSeed(seed)),
        bits,
        score,
      );
      const drawn = await runSearch(
        randomSearch,
        randomSearch.init<Digits>({}, Random.fromSeed(seed)),
        bits,
        score,
      );
      expect(evolved.scored).toHaveLength(1000);
      expect(drawn.scored).toHaveLength(1000);
      if (best(evolved.scored) === 0) found.evolution++;
      if (best(drawn.scored) === 0) found.random++;
    }
    expect(found).toEqual({ evolution: 5, random: 0 });
  });

  test('looks at every size alike where scores are unfair between sizes, unless the release is asked for', async () => {
    const unfair = (word: Digits) => ({
      ...unlike(word),
      loss: unlike(word).loss + (word[0] === 0 ? 100 : 0),
    });
    const sized = { ...bits, size: (word: Digits) => String(word[0]) };
    const run = (problem: SearchProblem<Digits>, codeExact: boolean) =>
      runSearch(
        evolution,
        evolution.init<Digits>({ codeExact }, Random.fromSeed(1)),
        problem,
        (list: readonly { genotype: Digits }[]) => list.map(({ genotype }) => unfair(genotype)),
      );
    const share = async (problem: SearchProblem<Digits>, codeExact: boolean) => {
      const { scored } = await run(problem, codeExact);
      const wide = scored.filter(({ genotype }) => genotype[0] === 0);
      return { share: wide.length / scored.length, best: best(wide) - 100 };
    };
    const fair = await share(sized, false);
    expect(fair.share).toBeGreaterThan(0.4);
    expect(fair.best).toBeLessThanOrEqual(1); // the first bit of its own optimum is unlike the target's
    expect((await share(bits, false)).share).toBeLessThan(0.3);
    expect(await share(sized, true)).toEqual(await share(bits, true));
  });

  test('first proposes random words, then 25 mutants and 25 children of the ten best (spec 6.2)', () => {
    const calls = { sample: 0, mutate: 0, crossover: 0 };
    const parents = new Set<string>();
    const counted: SearchProblem<Digits> = {
      ...bits,
      sample: (random) => {
        calls.sample++;
        return bits.sample(random);
      },
      mutate: (word, random) => {
        calls.mutate++;
        parents.add(bits.key(word));
        return bits.mutate(word, random);
      },
      crossover: (a, b, random) => {
        calls.crossover++;
        parents.add(bits.key(a)).add(bits.key(b));
        return bits.crossover(a, b, random);
      },
    };
    let state: SearchState<Digits, EvolutionConfig> = evolution.init({}, Random.fromSeed(1));
    state = evolution.propose(state, counted);
    expect(state.pending).toHaveLength(50);
    expect([calls.mutate, calls.crossover]).toEqual([0, 0]);
    const scores = state.pending.map(({ candidate }) => [candidate.key, unlike(candidate.genotype)]);
    state = evolution.absorb(state, Object.fromEntries(scores));
    expect(state.population).toHaveLength(50);
    state = evolution.propose(state, counted);
    expect(state.pending).toHaveLength(50);
    expect(calls.mutate).toBeGreaterThanOrEqual(25);
    expect(calls.crossover).toBeGreaterThanOrEqual(25);
    const ten = new Set(state.population.slice(0, 10).map((id) => state.scored[id].key));
    for (const parent of parents) expect(ten.has(parent)).toBe(true);
  });

  test('refuses a config out of range', () => {
    const begin = (config: Partial<EvolutionConfig>) => () => evolution.init(config, Random.fromSeed(0));
    expect(begin({ population: 0 })).toThrow(
      'evolution: population must be a whole number of at least 1, got 0',
    );
    expect(begin({ mutations: 40 })).toThrow('must fit the population of 50');
    expect(begin({ limits: { energyMj: -1 } })).toThrow('a limit on energy must be above 0 mJ, got -1');
  });

  test('does not continue the state of another algorithm', () => {
    const state = randomSearch.init<Digits>({}, Random.fromSeed(0));
    expect(() => evolution.propose(state as never, bits)).toThrow("belongs to the search algorithm 'random'");
  });
});

describe('limits', () => {
  const give = (limits: object, problem = toyProblem, attempts = 10_000) =>
    randomSearch.propose(randomSearch.init<Digits>({ limits, attempts }, Random.fromSeed(1)), problem);

  test('that nothing meets end with what was asked, tried and nearest', () => {
    expect(() => give({ energyMj: 0.25 })).toThrow(
      'no architecture of 243 met energy <= 0.25 mJ; best seen 1 mJ, genotype 00000; raise the limit',
    );
  });

  test('count each architecture once, as many as there are draws where none comes twice', () => {
    const endless = {
      ...toyProblem,
      sample: (random: Random) => Array.from({ length: 60 }, () => random.integer(3)),
      price: () => ({ energyMj: 1, latencyMs: 7.2, params: 1, macs: 1 }),
    };
    expect(() => give({ latencyMs: 5 }, endless)).toThrow(
      /^no architecture of 10,000 met latency <= 5 ms; best seen 7\.2 ms, genotype [012]{60}; raise/,
    );
  });

  test('of several, the one that binds is named, with the lowest there is', () => {
    expect(() => give({ energyMj: 0.25, params: 300 })).toThrow(
      'no architecture of 243 met energy <= 0.25 mJ and parameters <= 300; best seen energy 1 mJ, parameters 100, genotype 00000; energy binds, as even the lowest seen is energy 1 mJ (genotype 00000); raise',
    );
    expect(() => give({ energyMj: 0.25, params: 50 })).toThrow(
      'energy and parameters bind, as even the lowest seen is energy 1 mJ (genotype 00000) and parameters 100 (genotype 00000)',
    );
  });

  test('that only contradict each other say what each alone could be', () => {
    const contrary = {
      ...toyProblem,
      price: (w: Digits) => ({ ...toyProblem.price(w), latencyMs: 20 - toyProblem.price(w).energyMj }),
    };
    expect(() => give({ energyMj: 3, latencyMs: 12 }, contrary)).toThrow(
      /met energy <= 3 mJ and latency <= 12 ms; best seen energy .*, latency .*, genotype [012]{5}; each alone is met \(energy by 8\.6 %, latency by 21 %\), but not together; lowest seen energy 1 mJ \(genotype 00000\), latency 9 ms \(genotype 22222\)/,
    );
  });

  test('that one word in a million meets are still met, by moving on from the nearest miss', () => {
    const long: SearchProblem<Digits> = {
      ...bits,
      sample: (random) => Array.from({ length: 24 }, () => random.integer(2)),
      price: (word) => ({ ...bits.price(word), params: 1 + word.reduce((sum, bit) => sum + bit, 0) }),
    };
    const config = { limits: { params: 2 }, evaluations: 3, batch: 3 };
    const state = randomSearch.propose(randomSearch.init<Digits>(config, Random.fromSeed(1)), long);
    expect(state.pending.length).toBeGreaterThan(0);
    for (const { candidate } of state.pending) expect(candidate.costs.params).toBeLessThanOrEqual(2);
  });

  test('a price that is no number is named', () => {
    const broken = { ...toyProblem, price: (w: Digits) => ({ ...toyProblem.price(w), macs: Number.NaN }) };
    expect(() => give({}, broken)).toThrow(
      /the price of genotype \d+ gives no number for multiply-accumulates/,
    );
  });
});

test('NSGA-II finds the whole true front of loss and energy of the toy problem, which is known by walking it', async () => {
  const words = toyWords().filter((word) => toyProblem.price(word).energyMj <= (LIMITS.energyMj ?? 0));
  const points = words.map((word) => [toyScore(word).loss, toyProblem.price(word).energyMj]);
  const truth = front(points).map((i) => toyProblem.key(words[i]));
  const config = { population: 20, generations: 5, limits: LIMITS };
  const state = await runSearch(nsga2, nsga2.init<Digits>(config, Random.fromSeed(2)), toyProblem, (list) =>
    list.map(({ genotype }) => toyScore(genotype)),
  );
  expect(state.scored.length).toBeLessThanOrEqual(100);
  const found = front(state.scored.map((s) => objectivePoint(s, ['loss', 'energyMj'])));
  expect(found.map((i) => state.scored[i].key).sort()).toEqual(truth.sort());
});
