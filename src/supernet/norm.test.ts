/** Normalisation in its three modes, against plain numbers. */
import { describe, expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { constant } from '../layers/initialisers.ts';
import { declareStatistics, type NormMode, normalise } from './norm.ts';
import { WeightStore } from './store.ts';

const backend = createReference();
const C = 3;
const ROWS = 8;
const random = Random.fromSeed('norm');
/** Batches of unlike means and spreads. */
const BATCHES = Array.from({ length: 4 }, (_, b) =>
  Float32Array.from({ length: ROWS * C }, (_, i) => (i % C) + 3 * b + (1 + b) * random.normal()),
);

function makeStore(): WeightStore {
  const store = new WeightStore(backend, Random.fromSeed(0));
  const traits = { decay: false, rate: 1 };
  store.declare('n.gamma', [C], traits, constant(1.5));
  store.declare('n.beta', [C], traits, constant(-0.25));
  declareStatistics(store);
  return store;
}

async function run(store: WeightStore, batch: Float32Array, mode: NormMode): Promise<number[]> {
  const graph = new Graph(backend, { training: mode.kind !== 'evaluate', recording: false });
  const x = graph.values(batch, [2, 2, 2, C]);
  const y = Array.from(await graph.read(normalise(x, store, 'n', mode, 'none')));
  graph.close();
  return y;
}

function moments(values: ArrayLike<number>): { mean: number[]; variance: number[] } {
  const rows = values.length / C;
  const channel = (c: number) => Array.from({ length: rows }, (_, row) => values[row * C + c]);
  const mean = Array.from({ length: C }, (_, c) => channel(c).reduce((a, b) => a + b) / rows);
  const variance = mean.map((m, c) => channel(c).reduce((a, v) => a + (v - m) ** 2, 0) / rows);
  return { mean, variance };
}

const statistics = async (store: WeightStore) => ({
  mean: Array.from(await backend.read(store.statistic('n.mean'))),
  variance: Array.from(await backend.read(store.statistic('n.variance'))),
});

function expectClose(actual: readonly number[], expected: readonly number[]) {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected[i])));
  });
}

describe('calibrate', () => {
  test('statistics over equal batches are those of their union', async () => {
    const store = makeStore();
    for (const [batch, values] of BATCHES.entries()) await run(store, values, { kind: 'calibrate', batch });
    const union = moments(BATCHES.flatMap((batch) => Array.from(batch)));
    const found = await statistics(store);
    expectClose(found.mean, union.mean);
    expectClose(found.variance, union.variance);
    // not merely the mean of the batches' variances
    expect(union.variance[0]).toBeGreaterThan(
      1.5 * BATCHES.reduce((a, b) => a + moments(b).variance[0] / 4, 0),
    );
  });

  test('begins anew with batch 0, whatever was kept', async () => {
    const store = makeStore();
    for (const batch of [0, 1]) await run(store, BATCHES[batch], { kind: 'calibrate', batch });
    await run(store, BATCHES[3], { kind: 'calibrate', batch: 0 });
    const found = await statistics(store);
    const only = moments(BATCHES[3]);
    expectClose(found.mean, only.mean);
    expectClose(found.variance, only.variance);
  });

  test('computes with the batch at hand, as training does; training keeps nothing', async () => {
    const store = makeStore();
    const trained = await run(store, BATCHES[1], { kind: 'train' });
    expect(await statistics(store)).toEqual({ mean: [0, 0, 0], variance: [1, 1, 1] });
    expect(await run(store, BATCHES[1], { kind: 'calibrate', batch: 0 })).toEqual(trained);
    const { mean, variance } = moments(trained);
    expectClose(mean, new Array(C).fill(-0.25));
    expectClose(variance, new Array(C).fill(2.25));
  });
});

test('evaluate: gamma (x - mean) / sqrt(variance + 1e-5) + beta with what was kept, and keeps nothing', async () => {
  const store = makeStore();
  await run(store, BATCHES[0], { kind: 'calibrate', batch: 0 });
  const kept = await statistics(store);
  const y = await run(store, BATCHES[2], { kind: 'evaluate' });
  const expected = Array.from(
    BATCHES[2],
    (v, i) => 1.5 * ((v - kept.mean[i % C]) / Math.sqrt(kept.variance[i % C] + 1e-5)) - 0.25,
  );
  expectClose(y, expected);
  expect(await statistics(store)).toEqual(kept);
});
