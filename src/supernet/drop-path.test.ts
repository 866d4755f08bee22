/** Stochastic depth against its formula in plain numbers, and what it must leave alone. */
import { expect, test } from 'vitest';
import { draw, gradientError } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { constant } from '../layers/initialisers.ts';
import { type DropPath, dropRate, normaliseAndDrop } from './drop-path.ts';
import { type ForwardOptions, Network } from './network.ts';
import { declareStatistics, normalise } from './norm.ts';
import { DEFAULT_SHARING } from './sharing.ts';
import { WeightStore } from './store.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const SHAPE = [6, 2, 2, 3];
const EACH = 12;
const x = draw('x', SHAPE);
const shortcut = draw('shortcut', SHAPE);
const LAST = { layer: 3, depth: 4 };

function normStore(): WeightStore {
  const store = new WeightStore(backend, Random.fromSeed(0));
  const traits = { decay: false, rate: 1 };
  store.declare('n.gamma', [3], traits, constant(1.5));
  store.declare('n.beta', [3], traits, constant(0.25));
  declareStatistics(store);
  return store;
}

/** The factors of the images of a batch, as the stream of a layer draws them. */
async function factors({ rate, random }: DropPath, layer: number, count: number): Promise<number[]> {
  const draws = backend.allocate(count);
  backend.random('uniform', draws, random.split(layer).state().key);
  const uniform = await backend.read(draws);
  backend.free(draws);
  return Array.from(uniform, (u) => (u > rate ? 1 / (1 - rate) : 0));
}

test('the rate grows linearly to that of the last layer (Huang et al. 2016, equation 4)', () => {
  const rates = [0, 1, 2, 3].map((layer) => dropRate(0.4, { layer, depth: 4 }));
  expect(rates.map((rate) => Math.round(rate * 1e9) / 1e9)).toEqual([0.1, 0.2, 0.3, 0.4]);
});

test.each(['none', 'relu'] as const)(
  'act(shortcut + m * norm(x)), one m an image, activation %s',
  async (activation) => {
    const store = normStore();
    const dropPath = { rate: 0.5, random: Random.fromSeed('step') };
    const m = await factors(dropPath, LAST.layer, SHAPE[0]);
    expect(new Set(m)).toEqual(new Set([0, 2]));
    const graph = new Graph(backend, { training: true });
    const branch = graph.values(x.data, SHAPE);
    const residual = graph.values(shortcut.data, SHAPE);
    const y = await graph.read(normaliseAndDrop(branch, store, 'n', activation, residual, dropPath, LAST));
    const normed = await graph.read(normalise(branch, store, 'n', { kind: 'train' }, 'none'));
    for (let i = 0; i < y.length; i++) {
      const sum = shortcut.data[i] + m[Math.floor(i / EACH)] * normed[i];
      expect(y[i]).toBeCloseTo(activation === 'relu' ? Math.max(0, sum) : sum, 5);
    }
    graph.close();
  },
);

test('its gradients by the branch and by the shortcut', async () => {
  const store = normStore();
  const dropPath = { rate: 0.4, random: Random.fromSeed('gradient') };
  expect(new Set(await factors(dropPath, 3, SHAPE[0])).size).toBe(2);
  const error = await gradientError(backend, [x, shortcut], ([branch, residual]) =>
    normaliseAndDrop(branch, store, 'n', 'none', residual, dropPath, LAST),
  );
  expect(error).toBeLessThan(5e-3);
});

const PATH = toyPath('conv', 'add', 'shift');
const { images, count } = toyImages(12, Random.fromSeed('images'));

function toy(): Network {
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING };
  const network = new Network(backend, config, Random.fromSeed(1));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.7);
  }
  return network;
}

async function logits(network: Network, options: ForwardOptions): Promise<number[]> {
  const graph = new Graph(backend, { training: options.mode.kind !== 'evaluate', recording: false });
  const found = await graph.read(network.forward(graph.values(images, [count, 7, 7, 1]), PATH, options));
  graph.close();
  return Array.from(found);
}

test('a network drops while it trains, alike for the same stream; not in evaluation, not when norms are calibrated', async () => {
  const network = toy();
  const dropped = (seed: number) => ({ dropPath: { rate: 0.5, random: Random.fromSeed(seed) } });
  const train = { mode: { kind: 'train' } } as const;
  const [plain, first] = [await logits(network, train), await logits(network, { ...train, ...dropped(1) })];
  expect(first).not.toEqual(plain);
  expect(await logits(network, { ...train, ...dropped(1) })).toEqual(first);
  expect(await logits(network, { ...train, ...dropped(2) })).not.toEqual(first);
  const calibrate = { mode: { kind: 'calibrate', batch: 0 } } as const;
  expect(await logits(network, { ...calibrate, ...dropped(1) })).toEqual(plain);
  const evaluate = { mode: { kind: 'evaluate' } } as const;
  expect(await logits(network, { ...evaluate, ...dropped(1) })).toEqual(await logits(network, evaluate));
  network.dispose();
});
