/** Recalibration and scoring of paths, against what they are defined to be. */
import { describe, expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { argmax } from '../metrics/accuracy.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, type ToyImages, toyImages, toyPath } from '../supernet/toy.ts';
import { calibrate, HeldBatches, score } from './score.ts';

const backend = createReference();
const SOURCE = { shape: [7, 7, 1] as const, classes: 3 };
const PATH = toyPath('add', 'shift');

function makeNetwork(): Network {
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING };
  const network = new Network(backend, config, Random.fromSeed('score'));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.8);
  }
  return network;
}

function union(batches: readonly ToyImages[]): ToyImages {
  return {
    images: Float32Array.from(batches.flatMap(({ images }) => [...images])),
    targets: Float32Array.from(batches.flatMap(({ targets }) => [...targets])),
    count: batches.reduce((sum, { count }) => sum + count, 0),
  };
}

// Batches of unlike brightness, so that their statistics differ.
const BATCHES = Array.from({ length: 3 }, (_, i) => {
  const batch = toyImages(6, Random.fromSeed(i));
  return { ...batch, images: batch.images.map((v) => v * (1 + i) + i) };
});

async function statistics(network: Network): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const { name, buffer } of network.store.tensors()) {
    if (/\.(mean|variance)$/.test(name)) found.set(name, Array.from(await backend.read(buffer)));
  }
  return found;
}

describe('calibrate', () => {
  test('over several equal batches measures, before anything is normalised, the statistics of their union', async () => {
    const network = makeNetwork();
    calibrate(network, PATH, new HeldBatches(backend, SOURCE, BATCHES));
    const several = await statistics(network);
    calibrate(network, PATH, new HeldBatches(backend, SOURCE, [union(BATCHES)]));
    const one = await statistics(network);
    for (const name of ['stem.norm.mean', 'stem.norm.variance']) {
      one.get(name)!.forEach((value, i) => {
        expect(several.get(name)![i]).toBeCloseTo(value, 3);
      });
    }
  });

  test('equal batches leave the statistics of one, in every norm of the path and in no other', async () => {
    const network = makeNetwork();
    const before = await statistics(network);
    calibrate(network, PATH, new HeldBatches(backend, SOURCE, [BATCHES[0]]));
    const one = await statistics(network);
    calibrate(network, PATH, new HeldBatches(backend, SOURCE, [BATCHES[0], BATCHES[0], BATCHES[0]]));
    const three = await statistics(network);
    let touched = 0;
    for (const [name, values] of one) {
      values.forEach((value, i) => {
        expect(three.get(name)![i]).toBeCloseTo(value, 4);
      });
      const onPath = /^(stem|layer0\.stage0\.add|layer1\.stage1\.shift)\./.test(name);
      const used =
        onPath &&
        (name.includes('shortcut-norm.down') || !/stage1.*shortcut-norm\.(mean|variance)/.test(name));
      if (used) touched++;
      expect(
        values.every((value, i) => value === before.get(name)![i]),
        name,
      ).toBe(!used);
    }
    expect(touched).toBe(2 * (1 + 5 + 4));
  });
});

describe('score', () => {
  test('is the mean cross-entropy and accuracy over all images, however they are batched', async () => {
    const network = makeNetwork();
    calibrate(network, PATH, new HeldBatches(backend, SOURCE, BATCHES));
    const uneven = [BATCHES[0], toyImages(5, Random.fromSeed('five'))];
    const several = await score(network, PATH, new HeldBatches(backend, SOURCE, uneven));
    const all = union(uneven);
    const one = await score(network, PATH, new HeldBatches(backend, SOURCE, [all]));
    expect(several.loss).toBeCloseTo(one.loss, 5);
    expect(several.accuracy).toBe(one.accuracy);

    const graph = new Graph(backend, { training: false });
    const x = graph.values(all.images, [all.count, 7, 7, 1]);
    const logits = await graph.read(network.forward(x, PATH, { mode: { kind: 'evaluate' } }));
    let [loss, right] = [0, 0];
    for (let i = 0; i < all.count; i++) {
      const row = Array.from(logits.slice(3 * i, 3 * i + 3));
      const label = Array.from(all.targets.slice(3 * i, 3 * i + 3)).indexOf(1);
      loss += Math.log(row.reduce((a, v) => a + Math.exp(v), 0)) - row[label];
      if (row.indexOf(Math.max(...row)) === label) right++;
    }
    graph.close();
    expect(several.loss).toBeCloseTo(loss / all.count, 4);
    expect(several.accuracy).toBe(right / all.count);
  });

  test('scoring changes no tensor and leaves no memory behind', async () => {
    const network = makeNetwork();
    const held = new HeldBatches(backend, SOURCE, BATCHES);
    const before = await statistics(network);
    const { used } = backend.memory();
    await score(network, PATH, held);
    expect(await statistics(network)).toEqual(before);
    expect(backend.memory().used).toBe(used);
    held.dispose();
    expect(backend.memory().used).toBeLessThan(used);
  });
});

test('held batches copy a view that the next batch overwrites', async () => {
  const images = new Float32Array(49);
  const targets = new Float32Array([1, 0, 0]);
  function* views() {
    for (const value of [1, 2]) yield { images: images.fill(value), targets, count: 1 };
  }
  const held = new HeldBatches(backend, SOURCE, views());
  expect(held.count).toBe(2);
  const first = await Promise.all(held.batches.map(async (batch) => (await backend.read(batch.images))[0]));
  expect(first).toEqual([1, 2]);
});

test('argmax: the first of the largest, within its row', () => {
  expect([argmax([9, 1, 3, 3, 2], 1, 4), argmax([1, 2], 0, 2), argmax([5, 5], 0, 2)]).toEqual([1, 1, 0]);
});
