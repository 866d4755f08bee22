import { describe, expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { accumulates } from '../hardware/workload.ts';
import { Adder2d } from './adder2d.ts';
import { SelfAttention2d } from './attention.ts';
import { BatchNorm2d } from './batch-norm2d.ts';
import { Conv2d } from './conv2d.ts';
import type { Layer } from './layer.ts';
import { disposeLayers } from './layer.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import { GlobalAveragePool, Pool2d } from './pools.ts';
import { Shift2d } from './shift2d.ts';
import { convWorkload, linearWorkload } from './workloads.ts';

const backend = createReference();
const source = { backend, random: Random.fromSeed('layers') };
const image = [2, 7, 6, 8];

interface Case {
  readonly layer: Layer;
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Accumulates of its workloads. */
  readonly steps: number;
  readonly parameters: readonly string[];
}

const cases: Case[] = [
  {
    layer: new Conv2d(source, 'conv', { inputs: 8, outputs: 5, kernel: 3, stride: 2 }),
    input: image,
    output: [2, 4, 3, 5],
    steps: 2 * 4 * 3 * 5 * 9 * 8,
    parameters: ['conv.weight'],
  },
  {
    layer: new Conv2d(source, 'depthwise', { inputs: 8, outputs: 8, kernel: 3, groups: 8 }),
    input: image,
    output: image,
    steps: 2 * 7 * 6 * 8 * 9,
    parameters: ['depthwise.weight'],
  },
  {
    layer: new Adder2d(source, 'add', {
      inputs: 8,
      outputs: 4,
      kernel: 1,
      scale: { kind: 'free', initial: 2 },
      offset: { kind: 'free', initial: 0 },
    }),
    input: image,
    output: [2, 7, 6, 4],
    steps: 2 * 7 * 6 * 4 * 8,
    parameters: ['add.weight', 'add.scale', 'add.offset'],
  },
  {
    layer: new Shift2d(source, 'shift', { inputs: 8, outputs: 4, kernel: 3, parameterisation: 'PS' }),
    input: image,
    output: [2, 7, 6, 4],
    steps: 2 * 7 * 6 * 4 * 9 * 8,
    parameters: ['shift.exponent', 'shift.sign'],
  },
  {
    layer: new Shift2d(source, 'shiftQ', { inputs: 8, outputs: 4, kernel: 2, stride: 2, pad: 0 }),
    input: image,
    output: [2, 3, 3, 4],
    steps: 2 * 3 * 3 * 4 * 4 * 8,
    parameters: ['shiftQ.weight'],
  },
  {
    layer: new Linear(source, 'head', { inputs: 8, outputs: 10 }),
    input: [5, 8],
    output: [5, 10],
    steps: 400,
    parameters: ['head.weight', 'head.bias'],
  },
  {
    layer: new SelfAttention2d(source, 'attention', { channels: 8, headWidth: 4 }),
    input: image,
    output: image,
    // projection, then both products: 2 images, 2 heads, 42 positions
    steps: 2 * 42 * 8 * 24 + 2 * (2 * 2 * 42 * 42 * 4),
    parameters: ['attention.qkv.weight'],
  },
  {
    layer: new BatchNorm2d(source, 'bn', { channels: 8, activation: 'relu' }),
    input: image,
    output: image,
    steps: 0,
    parameters: ['bn.gamma', 'bn.beta'],
  },
  {
    layer: new LayerNorm(source, 'ln', 8),
    input: [5, 3, 8],
    output: [5, 3, 8],
    steps: 0,
    parameters: ['ln.gamma', 'ln.beta'],
  },
  {
    layer: new Pool2d('pool', 'max', { kernel: 3, stride: 2, pad: 1 }),
    input: image,
    output: [2, 4, 3, 8],
    steps: 0,
    parameters: [],
  },
  {
    layer: new Pool2d('mean', 'average', { kernel: 2 }),
    input: image,
    output: [2, 3, 3, 8],
    steps: 0,
    parameters: [],
  },
  { layer: new GlobalAveragePool('all'), input: image, output: [2, 8], steps: 0, parameters: [] },
];

describe.each(cases)('$layer.name', ({ layer, input, output, steps, parameters }) => {
  test('says its output shape without running, and keeps to it', async () => {
    expect(layer.outputShape(input)).toEqual(output);
    const graph = new Graph(backend, { training: true });
    const x = graph.values(new Float32Array(sizeOf(input)).fill(0.5), input);
    const y = layer.forward(x);
    expect(y.shape).toEqual(output);
    expect((await graph.read(y)).every(Number.isFinite)).toBe(true);
    graph.close();
  });

  test('counts its accumulates and weights, and names its parameters', () => {
    const loads = layer.workloads(input);
    expect(loads.reduce((total, load) => total + accumulates(load), 0)).toBe(steps);
    expect(layer.parameters().map(({ name }) => name)).toEqual(parameters);
    const last = loads[loads.length - 1];
    if (layer.name !== 'attention') expect(last.n * last.e * last.f * last.m).toBe(sizeOf(output));
    // scale and offset of an adder and a second latent tensor of a shift are not weights of the datapath
    const weights = layer.name === 'add' ? 32 : layer.name === 'shift' ? 288 : undefined;
    const held = layer.parameters().reduce((total, { shape }) => total + sizeOf(shape), 0);
    expect(loads.reduce((total, load) => total + load.weights, 0)).toBe(weights ?? held);
  });
});

test('kinds: windows by operator, attention as one window, two matrix products and a softmax', () => {
  const kinds = (name: string) => cases.find(({ layer }) => layer.name === name)?.layer.workloads(image);
  expect(kinds('conv')?.[0].kind).toBe('conv');
  expect(kinds('add')?.[0].kind).toBe('add');
  expect(kinds('shift')?.[0].kind).toBe('shift');
  expect(kinds('attention')?.map(({ kind, n, c, m }) => [kind, n, c, m])).toEqual([
    ['conv', 2, 8, 24],
    ['matmul', 2 * 2 * 42, 4, 42],
    ['vector', 2 * 2 * 42, 42, 42],
    ['matmul', 2 * 2 * 42, 42, 4],
  ]);
});

test('pure functions: the 14x14x256 3x3 layer and the classifier', () => {
  const load = convWorkload({ name: 'a', family: 'conv', h: 14, w: 14, c: 256, m: 256, kernel: 3, pad: 1 });
  expect([load.e, load.f, load.weights, accumulates(load)]).toEqual([14, 14, 589_824, 115_605_504]);
  const head = linearWorkload('head', 'head', 1, 64, 10, true);
  expect([head.kind, head.n, head.h, head.r, head.weights]).toEqual(['linear', 1, 1, 1, 650]);
});

test('groups that do not divide are named', () => {
  expect(() => new Conv2d(source, 'odd', { inputs: 6, outputs: 4, kernel: 1, groups: 4 })).toThrow('odd');
});

test('disposed layers give their memory back', () => {
  const before = backend.memory().used;
  const shared = new Conv2d(source, 'shared', { inputs: 4, outputs: 4, kernel: 3 });
  const reader = new Conv2d(source, 'reader', { inputs: 4, outputs: 4, kernel: 3 }, shared.weight);
  const norm = new BatchNorm2d(source, 'norm', { channels: 4 });
  disposeLayers(backend, [shared, reader, norm]);
  expect(backend.memory().used).toBe(before);
});
