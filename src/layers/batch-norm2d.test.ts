import { expect, test } from 'vitest';
import { draw } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { BatchNorm2d } from './batch-norm2d.ts';
import { recalibrate } from './running-statistics.ts';

const backend = createReference();
const source = { backend, random: Random.fromSeed('norm') };
const channels = 3;

function batch(seed: string, n: number, shift: number) {
  return draw(seed, [n, 2, 2, channels], shift - 1, shift + 2);
}

function observe(layer: BatchNorm2d, batches: readonly ReturnType<typeof batch>[]) {
  for (const { data, shape } of batches) {
    const graph = new Graph(backend, { training: true, recording: false });
    layer.forward(graph.values(data, shape));
    graph.close();
  }
}

/** Mean and biased variance per channel over all batches together. */
function together(batches: readonly ReturnType<typeof batch>[]) {
  const values = batches.flatMap(({ data }) => Array.from(data));
  return Array.from({ length: channels }, (_, c) => {
    const own = values.filter((_value, i) => i % channels === c);
    const mean = own.reduce((a, b) => a + b) / own.length;
    return { mean, variance: own.reduce((a, v) => a + (v - mean) ** 2, 0) / own.length };
  });
}

async function kept(layer: BatchNorm2d) {
  const [mean, variance] = await Promise.all(layer.buffers().map(({ value }) => backend.read(value)));
  return Array.from({ length: channels }, (_, c) => ({ mean: mean[c], variance: variance[c] }));
}

test.each([
  ['equally large', [4, 4, 4]],
  ['unequal', [4, 1, 3]],
])('recalibrated statistics are those of all batches together, %s (means far apart)', async (_, sizes) => {
  const layer = new BatchNorm2d(source, 'norm', { channels });
  const batches = sizes.map((n, i) => batch(`batch${i}`, n, 10 * i - 300));
  observe(layer, [batch('before', 4, 99)]);
  for (let round = 0; round < 2; round++) {
    recalibrate([layer.statistics], () => observe(layer, batches));
    const expected = together(batches);
    (await kept(layer)).forEach(({ mean, variance }, c) => {
      expect(mean).toBeCloseTo(expected[c].mean, 3);
      expect(variance / expected[c].variance).toBeCloseTo(1, 4);
    });
  }
});

test('training follows with the momentum; 0 follows nothing', async () => {
  const layer = new BatchNorm2d(source, 'slow', { channels, momentum: 0.25 });
  const [first] = [batch('first', 4, 8)];
  observe(layer, [first]);
  const expected = together([first]);
  (await kept(layer)).forEach(({ mean, variance }, c) => {
    expect(mean).toBeCloseTo(0.25 * expected[c].mean, 4);
    expect(variance).toBeCloseTo(0.75 + 0.25 * expected[c].variance, 4);
  });
  const still = new BatchNorm2d(source, 'still', { channels, momentum: 0 });
  observe(still, [first]);
  expect(await kept(still)).toEqual(new Array(channels).fill({ mean: 0, variance: 1 }));
});

test('statistics that saw no batch stay, and an error on the way ends recalibration', async () => {
  const layer = new BatchNorm2d(source, 'unused', { channels, momentum: 1 });
  observe(layer, [batch('first', 4, 8)]);
  const before = await kept(layer);
  const fail = () => {
    throw new Error('stopped');
  };
  expect(() => recalibrate([layer.statistics], fail)).toThrow('stopped');
  expect(await kept(layer)).toEqual(before);
  const [next] = [batch('next', 4, 3)];
  observe(layer, [next]);
  expect((await kept(layer))[0].mean).toBeCloseTo(together([next])[0].mean, 4);
});

test('evaluation: gamma (x - mean) / deviation + beta, residual, ReLU', async () => {
  const layer = new BatchNorm2d(source, 'evaluation', { channels, activation: 'relu' });
  const batches = [batch('a', 4, 1), batch('b', 4, 2)];
  recalibrate([layer.statistics], () => observe(layer, batches));
  const statistics = together(batches);
  const graph = new Graph(backend, { training: false });
  const { data, shape } = batch('c', 2, 1);
  const residual = draw('residual', shape).data;
  const y = await graph.read(layer.forward(graph.values(data, shape), graph.values(residual, shape)));
  y.forEach((value, i) => {
    const { mean, variance } = statistics[i % channels];
    expect(value).toBeCloseTo(Math.max(0, (data[i] - mean) / Math.sqrt(variance + 1e-5) + residual[i]), 4);
  });
  graph.close();
});

test('a norm that closes a residual block starts as its shortcut (spec 3.4)', async () => {
  const layer = new BatchNorm2d(source, 'zero', { channels, zero: true });
  const graph = new Graph(backend, { training: true });
  const { data, shape } = batch('x', 2, 1);
  const residual = draw('residual', shape).data as Float32Array;
  const y = layer.forward(graph.values(data, shape), graph.values(residual, shape));
  expect(await graph.read(y)).toEqual(residual);
  graph.close();
});

test('statistics leave no memory behind', () => {
  const layer = new BatchNorm2d(source, 'memory', { channels });
  const before = backend.memory().used;
  observe(layer, [batch('a', 4, 1)]);
  recalibrate([layer.statistics], () => observe(layer, [batch('a', 4, 1), batch('b', 4, 2)]));
  expect(backend.memory().used).toBe(before);
});
