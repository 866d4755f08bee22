/** Quantised layers against loops over whole numbers, and ranges through the three modes. */
import { describe, expect, test } from 'vitest';
import { adder2d } from '../autograd/adder.ts';
import { conv2d } from '../autograd/convolution.ts';
import { draw, tapeGradients } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { Network } from './network.ts';
import type { NormMode } from './norm.ts';
import type { Quantisation, QuantisedLayer } from './quantisation.ts';
import { declareRanges, keptRange, operands, product } from './quantised.ts';
import { DEFAULT_SHARING } from './sharing.ts';
import { WeightStore } from './store.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const EIGHT: Quantisation = { weightBits: 8, activationBits: 8, weightScales: 'channel', exceptions: [] };
const TRAIN: NormMode = { kind: 'train' };

function rangeStore(quantisation = EIGHT): WeightStore {
  const store = new WeightStore(backend, Random.fromSeed(0));
  declareRanges(store, quantisation, [{ name: 'layer', family: 'conv' }]);
  return store;
}

const round = (v: number) => Math.sign(v) * Math.floor(Math.abs(v) + 0.5);
/** [n, h, w, c] = 2, 4, 4, 3 and [r, s, c, m] = 3, 3, 3, 5, no padding: [2, 2, 2, 5]. */
const X = draw('x', [2, 4, 4, 3], -0.5, 2);
const W = draw('w', [3, 3, 3, 5], -0.4, 0.3);

/** Steps and whole numbers of both tensors, from their values alone. */
function whole(family: 'conv' | 'add') {
  const x = Array.from(X.data);
  const w = Array.from(W.data);
  const [low, high] = [Math.min(...x), Math.max(...x)];
  const largest = (c: number) =>
    Math.max(...w.filter((_, i) => family === 'add' || i % 5 === c).map(Math.abs));
  let input = (high - low) / 255;
  let steps = Array.from({ length: 5 }, (_, c) => largest(c) / 127);
  if (family === 'add') {
    input = Math.max(input, steps[0]);
    steps = steps.map(() => input);
  }
  const zero = round(low / input);
  return {
    input,
    steps,
    x: x.map((v) => Math.min(zero + 255, Math.max(zero, round(v / input)))),
    w: w.map((v, i) => round(v / steps[i % 5])),
  };
}

/** The layer in whole numbers, brought back to real ones by its steps at the end. */
function wholeWindows(family: 'conv' | 'add'): number[] {
  const { x, w, input, steps } = whole(family);
  const out: number[] = [];
  for (let at = 0; at < 8; at++) {
    const [n, e, f] = [at >> 2, (at >> 1) & 1, at & 1];
    for (let m = 0; m < 5; m++) {
      let sum = 0;
      for (let tap = 0; tap < 27; tap++) {
        const [r, s, c] = [Math.floor(tap / 9), Math.floor(tap / 3) % 3, tap % 3];
        const a = x[((n * 4 + e + r) * 4 + f + s) * 3 + c];
        const b = w[tap * 5 + m];
        sum += family === 'add' ? -Math.abs(a - b) : a * b;
      }
      out.push(family === 'add' ? sum * input : sum * input * steps[m]);
    }
  }
  return out;
}

describe.each([
  ['conv', conv2d],
  ['add', adder2d],
] as const)('%s', (family, window) => {
  test('a layer of 8 bits is a loop over whole numbers', async () => {
    const graph = new Graph(backend, { training: true, recording: false });
    const [x, w] = [graph.values(X.data, X.shape), graph.values(W.data, W.shape)];
    const use = { layer: 'layer', family, mode: TRAIN };
    const pair = operands(x, w, rangeStore(), EIGHT, use);
    const y = await graph.read(window(...pair, { stride: 1, pad: 0, groups: 1 }));
    const real = await graph.read(window(x, w, { stride: 1, pad: 0, groups: 1 }));
    const expected = wholeWindows(family);
    expect(expected.length).toBe(y.length);
    for (const [i, value] of y.entries()) expect(value).toBeCloseTo(expected[i], 4);
    expect(Array.from(y)).not.toEqual(Array.from(real));
    graph.close();
  });

  test('gradients pass straight through both', async () => {
    const { gradients } = await tapeGradients(backend, [X, W], ([x, w]) => {
      const use = { layer: 'layer', family, mode: TRAIN };
      return window(...operands(x, w, rangeStore(), EIGHT, use), { stride: 1, pad: 0, groups: 1 });
    });
    const rounded = whole(family);
    const inputs = [
      { shape: X.shape, data: rounded.x.map((q) => q * rounded.input) },
      { shape: W.shape, data: rounded.w.map((q, i) => q * rounded.steps[i % 5]) },
    ];
    const real = await tapeGradients(backend, inputs, ([x, w]) =>
      window(x, w, { stride: 1, pad: 0, groups: 1 }),
    );
    for (const [i, gradient] of gradients.entries()) {
      const expected = real.gradients[i]!;
      for (const [j, value] of gradient!.entries()) expect(value).toBeCloseTo(expected[j], 4);
    }
  });
});

test('a shift weight stays the powers of two that it is; what it reads is rounded', async () => {
  const graph = new Graph(backend, { training: true, recording: false });
  const [x, w] = [graph.values(X.data, X.shape), graph.values([0.5, -0.25, 2 ** -15], [1, 1, 3, 1])];
  const use = { layer: 'layer', family: 'shift', mode: TRAIN } as const;
  const [input, weight] = operands(x, w, rangeStore(), EIGHT, use);
  expect(weight).toBe(w);
  expect(new Set(await graph.read(input)).size).toBeLessThanOrEqual(256);
  expect(await graph.read(input)).not.toEqual(Float32Array.from(X.data));
  graph.close();
});

test('32 bits are real numbers: the same tensors, and no room for ranges', () => {
  const graph = new Graph(backend, { training: true, recording: false });
  const [x, w] = [graph.values(X.data, X.shape), graph.values(W.data, W.shape)];
  const off: Quantisation = { ...EIGHT, weightBits: 32, activationBits: 32 };
  for (const quantisation of [undefined, off]) {
    const store = new WeightStore(backend, Random.fromSeed(0));
    declareRanges(store, quantisation, [{ name: 'layer', family: 'conv' }]);
    expect([...store.tensors()]).toEqual([]);
    const use = { layer: 'layer', family: 'conv', mode: TRAIN } as const;
    expect(operands(x, w, store, quantisation, use)).toEqual([x, w]);
    expect(operands(x, w, store, quantisation, use)[0]).toBe(x);
    expect(product(x, store, quantisation, use)).toBe(x);
  }
  graph.close();
});

test('calibration keeps the mean over batches of smallest and largest values; evaluation uses it, training neither', async () => {
  const store = rangeStore();
  const BATCHES = [
    [0.5, 2],
    [-1, 4],
    [-5, 0],
  ];
  const kept = async () => {
    const { low, high } = keptRange(store, 'layer');
    return [(await backend.read(low))[0], (await backend.read(high))[0]];
  };
  const run = async (values: readonly number[], mode: NormMode) => {
    const graph = new Graph(backend, { training: mode.kind !== 'evaluate', recording: false });
    const use = { layer: 'layer', family: 'attention', mode } as const;
    const y = await graph.read(product(graph.values(values, [values.length]), store, EIGHT, use));
    graph.close();
    return Array.from(y);
  };
  for (const [batch, values] of BATCHES.entries()) await run(values, { kind: 'calibrate', batch });
  expect((await kept())[0]).toBeCloseTo((0 - 1 - 5) / 3, 6); // 0 is always in a range
  expect((await kept())[1]).toBeCloseTo((2 + 4 + 0) / 3, 6);
  await run([-9, 9], TRAIN);
  expect((await kept())[1]).toBeCloseTo(2, 6);
  const [below, above] = await run([-9, 9], { kind: 'evaluate' });
  expect(below).toBeCloseTo(-2, 1);
  expect(above).toBeCloseTo(2, 1);
  await run([1], { kind: 'calibrate', batch: 0 });
  expect(await kept()).toEqual([0, 1]);
});

const { images, count } = toyImages(12, Random.fromSeed('images'));
const PATH = toyPath('conv', 'add', 'attention');

function toy(quantisation?: Quantisation): Network {
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING, genotype: PATH, quantisation };
  const network = new Network(backend, config, Random.fromSeed(1));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.7);
  }
  return network;
}

async function logits(network: Network, mode: NormMode): Promise<Float32Array> {
  const graph = new Graph(backend, { training: mode.kind !== 'evaluate', recording: false });
  const found = await graph.read(network.forward(graph.values(images, [count, 7, 7, 1]), PATH, { mode }));
  graph.close();
  return found;
}

async function calibrated(quantisation?: Quantisation): Promise<Float32Array> {
  const network = toy(quantisation);
  await logits(network, { kind: 'calibrate', batch: 0 });
  const found = await logits(network, { kind: 'evaluate' });
  network.dispose();
  return found;
}

test('a network of 16 bits is nearly that of real numbers, of 8 bits less so, of 3 bits another', async () => {
  const real = await calibrated();
  const spread = Math.sqrt(real.reduce((sum, v) => sum + v * v, 0) / real.length);
  const error = async (bits: number, exceptions: Quantisation['exceptions'] = []) => {
    const found = await calibrated({ ...EIGHT, weightBits: bits, activationBits: bits, exceptions });
    return Math.sqrt(found.reduce((sum, v, i) => sum + (v - real[i]) ** 2, 0) / real.length) / spread;
  };
  const [sixteen, eight, three] = [await error(16), await error(8), await error(3)];
  expect(sixteen).toBeGreaterThan(0);
  expect(sixteen).toBeLessThan(2e-3);
  expect(eight).toBeGreaterThan(3 * sixteen);
  expect(eight).toBeLessThan(0.2);
  expect(three).toBeGreaterThan(2 * eight);
  expect(await error(8, [{ layers: '*', weightBits: 32, activationBits: 32 }])).toBe(0);
});

test('every layer of the path has a range, products of attention as well, and nothing else was added', async () => {
  const names = (network: Network) => [...network.store.tensors()].map(({ name }) => name);
  const [plain, quantised] = [toy(), toy(EIGHT)];
  const added = names(quantised).filter((name) => !names(plain).includes(name));
  const layers = new Set(added.map((name) => name.replace(/\.(low|high)$/, '')));
  expect(added.length).toBe(2 * layers.size);
  const expected: QuantisedLayer['name'][] = [
    ...['stem', 'head', 'layer0.stage0.conv.conv2', 'layer1.stage0.add.peg'],
    ...['layer2.stage1.attention.qkv', 'layer2.stage1.attention.q', 'layer2.stage1.attention.scores'],
  ];
  for (const layer of expected) expect(layers).toContain(layer);
  // and every one of them is measured
  await logits(quantised, { kind: 'calibrate', batch: 0 });
  for (const layer of layers) {
    const { low, high } = keptRange(quantised.store, layer);
    const ends = [(await backend.read(low))[0], (await backend.read(high))[0]];
    expect(ends, layer).not.toEqual([-1, 1]);
  }
  plain.dispose();
  quantised.dispose();
});
