import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { decode, encode } from '../spaces/genotype.ts';
import { mutate, PUBLISHED_RATES, releasedCrossover } from '../spaces/neighbours.ts';
import { cifar, hytra } from '../spaces/presets.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype } from '../spaces/space.ts';
import { runSearch } from './drive.ts';
import { evolution } from './evolution.ts';
import { spaceProblem } from './space-problem.ts';

test('evolution over an image space finds the best network under a limit on what it costs', async () => {
  // Made-up score: convolution is worth 2, attention 3, shift 1; made-up energy: as much and 1 a layer.
  const worth = { conv: 2, attention: 3, shift: 1, add: 0 } as const;
  const value = ({ operators }: Genotype) => operators.reduce((sum, name) => sum + worth[name], 0);
  const problem = spaceProblem(cifar(), (genotype) => ({
    energyMj: value(genotype) + genotype.operators.length,
    latencyMs: 1,
    params: genotype.operators.length,
    macs: 1,
  }));
  const config = { limits: { energyMj: 24, params: 8 } };
  const state = await runSearch(
    evolution,
    evolution.init<Genotype>(config, Random.fromSeed(1)),
    problem,
    (list) => list.map(({ genotype }) => ({ loss: 100 - value(genotype), accuracy: value(genotype) / 100 })),
  );
  expect(state.scored).toHaveLength(1000);
  for (const { genotype, key } of state.scored) expect(encode(decode(cifar(), key))).toBe(encode(genotype));
  // n layers with one convolution in the first stage are worth 3 (n - 1) + 2 at most, and 24 - n by the limit: the
  // smaller of the two is largest at 6 and at 7 layers, 17 both times.
  const bound = Math.max(...[5, 6, 7, 8].map((n) => Math.min(3 * (n - 1) + 2, 24 - n)));
  expect(bound).toBe(17);
  expect(Math.max(...state.scored.map(({ genotype }) => value(genotype)))).toBe(bound);
});

test('the released moves of an image space are those of the release, whatever its own rates (spec 6.2)', () => {
  const space = hytra();
  const price = () => ({ energyMj: 1, latencyMs: 1, params: 1, macs: 1 });
  const problem = spaceProblem(space, price, { rates: { replacement: 0, layer: 0, stageMutation: 0 } });
  const [a, b] = [1, 2].map((seed) => sample(space, Random.fromSeed(seed)));
  for (let seed = 0; seed < 20; seed++) {
    const random = () => Random.fromSeed(seed);
    expect(problem.mutate(a, random())).toEqual(a);
    expect(problem.released?.mutate(a, random())).toEqual(mutate(space, a, random(), PUBLISHED_RATES));
    expect(problem.released?.crossover(a, b, random())).toEqual(releasedCrossover(space, a, b, random()));
  }
});
