/** A path computes the same inside the supernet and alone, and first values depend on names only. */
import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { cifar } from '../spaces/presets.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { baseline } from '../spaces/stage-layers.ts';
import { Network } from './network.ts';
import { DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { WeightStore } from './store.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const { images, count } = toyImages(4, Random.fromSeed('images'));
const UNSHARED: SharingConfig = { ...DEFAULT_SHARING, families: [] };

/** A supernet whose blocks are more than their shortcuts. */
function supernet(sharing = DEFAULT_SHARING, seed = 1): Network {
  const network = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing }, Random.fromSeed(seed));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.7);
  }
  return network;
}

async function logits(network: Network, genotype: Genotype, training = true): Promise<number[]> {
  const graph = new Graph(backend, { training, recording: false });
  const x = graph.values(images, [count, 7, 7, 1]);
  const y = network.forward(x, genotype, { mode: { kind: training ? 'train' : 'evaluate' } });
  const found = Array.from(await graph.read(y));
  graph.close();
  return found;
}

async function valuesOf(
  store: WeightStore,
): Promise<Map<string, { shape: readonly number[]; data: number[] }>> {
  const found = new Map<string, { shape: readonly number[]; data: number[] }>();
  for (const { name, shape, buffer } of store.tensors()) {
    found.set(name, { shape, data: Array.from(await backend.read(buffer)) });
  }
  return found;
}

const random = Random.fromSeed('paths');
const PATHS = [
  toyPath('conv', 'conv'),
  toyPath('add', 'shift'),
  toyPath('shift', 'add', 'attention'),
  ...Array.from({ length: 4 }, () => sample(TOY_SPACE, random)),
];

test.each(PATHS)(
  'a path computes the same logits inside the supernet and alone: $lengths $operators',
  async (genotype) => {
    const whole = supernet();
    const alone = new Network(
      backend,
      { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING, genotype },
      Random.fromSeed('other'),
    );
    const inside = await logits(whole, genotype);
    expect(new Set(inside).size).toBeGreaterThan(3);
    expect(await logits(alone, genotype)).not.toEqual(inside);
    const weights = await valuesOf(whole.store);
    alone.store.load((name) => weights.get(name));
    expect(await logits(alone, genotype)).toEqual(inside);
    expect(await logits(alone, genotype, false)).toEqual(await logits(whole, genotype, false));
  },
);

test('retrained without sharing, a network still computes with the weights that it shared before', async () => {
  const whole = supernet();
  const genotype = toyPath('add', 'shift');
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing: UNSHARED, genotype };
  const alone = new Network(backend, config, Random.fromSeed(9));
  const weights = await valuesOf(whole.store);
  alone.store.load((name) => weights.get(name) ?? weights.get(name.replace(/\.(add|shift)\./, '.')));
  expect(await logits(alone, genotype)).toEqual(await logits(whole, genotype));
});

test('the first value of a tensor depends on seed and name, not on what else is declared or in which order', async () => {
  const seed = Random.fromSeed('first');
  const sharing = DEFAULT_SHARING;
  const whole = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing }, seed);
  const genotype = toyPath('shift', 'add', 'attention');
  const alone = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing, genotype }, seed);
  const reversed: Space = { ...TOY_SPACE, stageLengths: [...TOY_SPACE.stageLengths].reverse() };
  const backwards = new Network(backend, { space: reversed, task: TOY_TASK, sharing }, seed);
  const [all, some, other] = [
    await valuesOf(whole.store),
    await valuesOf(alone.store),
    await valuesOf(backwards.store),
  ];
  expect(some.size).toBeLessThan(all.size);
  for (const [name, value] of some) expect(all.get(name), name).toEqual(value);
  expect([...other.keys()]).not.toEqual([...all.keys()]);
  expect(new Map([...other].sort())).toEqual(new Map([...all].sort()));
  const another = new Network(
    backend,
    { space: TOY_SPACE, task: TOY_TASK, sharing },
    Random.fromSeed('second'),
  );
  expect((await valuesOf(another.store)).get('stem.conv')).not.toEqual(all.get('stem.conv'));
});

test('starts with the last gamma of every block at 0 and every other at 1 (spec 3.4)', async () => {
  const sharing = DEFAULT_SHARING;
  const network = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing }, Random.fromSeed(0));
  for (const [name, { data }] of await valuesOf(network.store)) {
    if (!name.endsWith('.gamma')) continue;
    const expected = name.endsWith('.norm3.gamma') ? 0 : 1;
    expect(new Set(data), name).toEqual(new Set([expected]));
  }
});

test('reports every block to the probe, and every effective weight to its listener', () => {
  const network = supernet();
  const graph = new Graph(backend, { training: true, recording: false });
  const places: string[] = [];
  const families: string[] = [];
  network.forward(graph.values(images, [count, 7, 7, 1]), toyPath('add', 'attention'), {
    mode: { kind: 'train' },
    probe: (place) => places.push(place),
    onWeight: (family) => families.push(family),
  });
  graph.close();
  expect(places).toEqual(['stem', 'layer0.stage0 (add)', 'layer1.stage1 (attention)', 'head']);
  expect(families).toEqual([...new Array(5).fill('add'), ...new Array(5).fill('attention')]);
});

test('a step trains the tensors of its path and no others, and says who read the shared ones', () => {
  const network = supernet();
  const graph = new Graph(backend, { training: true });
  const x = graph.values(images, [count, 7, 7, 1]);
  const path = toyPath('add', 'shift');
  network.forward(x, path, { mode: { kind: 'train' } });
  const readers = new Map([...graph.readers].map(([{ name }, family]) => [name, family]));
  graph.close();
  expect(readers.get('layer0.stage0.conv2')).toBe('add');
  expect(readers.get('layer1.stage1.conv1.down')).toBe('shift');
  expect([...readers.keys()].every((name) => /^layer[01]/.test(name))).toBe(true);
});

test.each([
  [28, 31],
  [31, 28],
  [9, 9],
])('images of %d x %d pass through every pool and shortcut', async (h, w) => {
  const space = cifar();
  const task = { image: { h, w, c: 1 }, classes: 2 };
  const genotype = {
    ...baseline(space, 'conv'),
    lengths: [1, 1, 1],
    operators: ['conv', 'conv', 'conv'],
  } as const;
  const network = new Network(
    backend,
    { space, task, sharing: DEFAULT_SHARING, genotype },
    Random.fromSeed(0),
  );
  const graph = new Graph(backend, { training: true, recording: false });
  const x = graph.values(new Float32Array(h * w).fill(0.5), [1, h, w, 1]);
  const y = network.forward(x, genotype, { mode: { kind: 'train' } });
  expect(y.shape).toEqual([1, 2]);
  expect((await graph.read(y)).every(Number.isFinite)).toBe(true);
  graph.close();
  network.dispose();
});

test('without a tape, what a block made is free once the next one has read it', () => {
  const peak = (recording: boolean, probed: boolean) => {
    const own = createReference();
    const network = new Network(
      own,
      { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING },
      Random.fromSeed(0),
    );
    const before = own.memory().peak;
    const graph = new Graph(own, { training: true, recording });
    const x = graph.values(images, [count, 7, 7, 1]);
    const outputs: Tensor[] = [];
    network.forward(x, toyPath('conv', 'add', 'attention'), {
      mode: { kind: 'calibrate', batch: 0 },
      ...(probed ? { probe: (_, y) => outputs.push(y) } : {}),
    });
    for (const { buffer } of outputs) own.share(buffer); // a freed one throws
    graph.close();
    network.dispose();
    expect(own.memory().used).toBe(0);
    return own.memory().peak - before;
  };
  expect(peak(false, false)).toBeLessThan(0.6 * peak(true, false));
  expect(peak(false, true)).toBeGreaterThan(peak(false, false));
});

describe('a store', () => {
  const traits = { decay: true, rate: 1 };

  test('makes a tensor once, and frees all it holds', () => {
    const own = createReference();
    const store = new WeightStore(own, Random.fromSeed(0));
    const before = own.memory().used;
    let made = 0;
    for (let i = 0; i < 2; i++) store.declare('a', [100], traits, () => made++);
    store.declareStatistic('s', [50], 1);
    expect(made).toBe(1);
    expect(own.memory().used).toBeGreaterThan(before);
    store.dispose();
    expect(own.memory().used).toBe(before);
    expect(() => store.parameter('a')).toThrow('internal: no parameter a');
    expect(() => store.statistic('s')).toThrow('internal: no statistic s');
  });

  test('refuses weights that are missing or of another size, in one sentence', () => {
    const store = new WeightStore(backend, Random.fromSeed(0));
    store.declare('a', [2, 3], traits, () => undefined);
    expect(() => store.load(() => undefined)).toThrow(ShiftAddError);
    expect(() => store.load(() => undefined)).toThrow(/a should have shape \[2, 3\], but is missing/);
    expect(() => store.load(() => ({ shape: [3], data: [1, 2, 3] }))).toThrow(/but has \[3\]/);
  });
});
