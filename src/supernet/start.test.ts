/**
 * How well one tensor serves several operators at the start, layer by layer, as the weight-sharing evidence measured
 * it (sections 2 and 6, item 10): the operator is swapped, its input and all behind it are not.
 *
 *   x -> operator(effective weight of W) -> norm, relu -> twice: 3x3 convolution, norm, relu -> mean over positions -> loss
 */
import { describe, expect, test } from 'vitest';
import { adder2d } from '../autograd/adder.ts';
import { batchNorm } from '../autograd/batch-norm.ts';
import { conv2d } from '../autograd/convolution.ts';
import { Graph, type Parameter, PLAIN, type Tensor } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { globalAveragePool } from '../autograd/pool.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { constant, kaimingNormal } from '../layers/initialisers.ts';
import type { OperatorName } from '../operators/names.ts';
import { effectiveWeight } from './effective.ts';
import { DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { WeightStore } from './store.ts';

const backend = createReference();
const C = 16;
const SIDE = 6;
const IMAGES = 8;
const DECLARATION = { role: 'conv2', shape: [3, 3, C, C], shared: true };
const FAMILIES = ['conv', 'add', 'shift'] as const;

function storeFor(seed: number): WeightStore {
  const store = new WeightStore(backend, Random.fromSeed(seed));
  store.declare('p.conv2', DECLARATION.shape, { ...PLAIN, shared: true }, kaimingNormal(9 * C));
  store.declare('p.add.conv2.scale', [1], PLAIN, constant(Math.log(DEFAULT_SHARING.adder.initial)));
  store.declare('p.add.conv2.offset', [1], PLAIN, constant(DEFAULT_SHARING.adder.offset));
  store.declare('behind1', DECLARATION.shape, PLAIN, kaimingNormal(9 * C));
  store.declare('behind2', DECLARATION.shape, PLAIN, kaimingNormal(9 * C));
  store.declare('gamma', [C], PLAIN, constant(1));
  store.declare('beta', [C], PLAIN, constant(0));
  return store;
}

/** relu of a normal: what comes out of a normalisation. */
function inputs(random: Random): Float32Array {
  return Float32Array.from({ length: IMAGES * SIDE * SIDE * C }, () => Math.max(0, random.normal()));
}

function layer(x: Tensor, w: Tensor, family: OperatorName): Tensor {
  return family === 'add' ? adder2d(x, w, { pad: 1 }) : conv2d(x, w, { pad: 1 });
}

/** Gradient of the loss by W for every family, for the same batch. */
async function gradients(sharing: SharingConfig, seed: number): Promise<Record<string, Float32Array>> {
  const store = storeFor(seed);
  const random = Random.fromSeed(`images ${seed}`);
  const x = inputs(random);
  const targets = new Float32Array(IMAGES * C);
  for (let i = 0; i < IMAGES; i++) targets[i * C + random.integer(C)] = 1;
  const found: Record<string, Float32Array> = {};
  for (const family of FAMILIES) {
    const graph = new Graph(backend, { training: true });
    const leaf = (name: string) => graph.parameter(store.parameter(name));
    const w = effectiveWeight(graph, store, sharing, 'p', family, DECLARATION);
    const norm = (y: Tensor) => batchNorm(y, leaf('gamma'), leaf('beta'), { activation: 'relu' });
    let y = norm(layer(graph.values(x, [IMAGES, SIDE, SIDE, C]), w, family));
    for (const behind of ['behind1', 'behind2']) y = norm(conv2d(y, leaf(behind), { pad: 1 }));
    graph.backward(meanCrossEntropy(globalAveragePool(y), graph.values(targets, [IMAGES, C])));
    const parameter: Parameter = store.parameter('p.conv2');
    const gradient = await backend.read(graph.gradient(parameter)!);
    found[family] = (gradient as Float32Array).slice(0, sizeOf(parameter.shape));
    graph.close();
  }
  store.dispose();
  return found;
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return dot / Math.sqrt(aa * bb);
}

const SEEDS = [0, 1, 2, 3, 4];
const NAIVE: SharingConfig = { ...DEFAULT_SHARING, transformation: 'none' };

describe('gradients that meet at W', () => {
  test.each(SEEDS)('standardised, scale 4: cosines above 0.2; seed %d', async (seed) => {
    const { conv, add, shift } = await gradients(DEFAULT_SHARING, seed);
    expect(cosine(conv, add)).toBeGreaterThan(0.2);
    expect(cosine(add, shift)).toBeGreaterThan(0.2);
    expect(cosine(conv, shift)).toBeGreaterThan(0.7);
  });

  test('naive sharing: cos(conv, add) about 0, and the add gradient an order of magnitude smaller', async () => {
    const found: Record<string, Float32Array>[] = [];
    for (const seed of SEEDS) found.push(await gradients(NAIVE, seed));
    const cosines = found.map(({ conv, add }) => cosine(conv, add));
    expect(Math.abs(cosines.reduce((a, b) => a + b) / SEEDS.length)).toBeLessThan(0.15);
    for (const value of cosines) expect(Math.abs(value)).toBeLessThan(0.2);
    for (const { conv, add } of found) expect(Math.hypot(...conv) / Math.hypot(...add)).toBeGreaterThan(8);
  });
});

describe('outputs of the adder', () => {
  /** Mean absolute correlation between output channels over interior positions. */
  async function correlation(sharing: SharingConfig): Promise<number> {
    const store = storeFor(5);
    const graph = new Graph(backend, { training: false });
    const x = graph.values(inputs(Random.fromSeed('x')), [IMAGES, SIDE, SIDE, C]);
    const y = adder2d(x, effectiveWeight(graph, store, sharing, 'p', 'add', DECLARATION));
    const values = Float32Array.from(await graph.read(y));
    graph.close();
    store.dispose();
    const rows = values.length / C;
    const channels = Array.from({ length: C }, (_, c) => {
      const column = Array.from({ length: rows }, (_, row) => values[row * C + c]);
      const mean = column.reduce((a, b) => a + b) / rows;
      return column.map((v) => v - mean);
    });
    let [total, pairs] = [0, 0];
    for (let a = 0; a < C; a++) {
      for (let b = 0; b < a; b++) {
        total += Math.abs(cosine(channels[a], channels[b]));
        pairs++;
      }
    }
    return total / pairs;
  }

  test('hardly correlate at scale 4 (below 0.2), and are nearly one channel under naive sharing (above 0.8)', async () => {
    expect(await correlation(DEFAULT_SHARING)).toBeLessThan(0.2);
    expect(await correlation(NAIVE)).toBeGreaterThan(0.8);
  });
});
