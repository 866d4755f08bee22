import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rowstationary45 } from '../../hardware/accelerators/index.ts';
import { Pricer } from '../../hardware/pricer.ts';
import { elements, linear, NORM, pooling, RELU, residual, window } from '../describe.ts';
import { modelWorkloads, onnxWorkloads } from './index.ts';
import { message, type Part } from './message.ts';
import { readOnnx } from './model.ts';

type Sizes = readonly (number | string)[];
const info = (name: string, sizes: Sizes) =>
  message(
    [1, name],
    [2, message([1, message([1, 1], [2, message(...sizes.map((size): Part => [1, dimension(size)]))])])],
  );
const dimension = (size: number | string) => message(typeof size === 'number' ? [1, size] : [2, size]);
const weight = (name: string, ...dims: number[]) => message([1, dims], [2, 1], [8, name]);
const integers = (name: string, ...values: number[]) =>
  message([1, [values.length]], [2, 7], [7, values], [8, name]);
const attribute = (name: string, value: number | string | readonly number[]) =>
  typeof value === 'number'
    ? message([1, name], [3, value], [20, 2])
    : typeof value === 'string'
      ? message([1, name], [4, value], [20, 3])
      : message([1, name], [8, value], [20, 7]);
const node = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Record<string, number | string | readonly number[]> = {},
) =>
  message(
    ...inputs.map((name): Part => [1, name]),
    ...[[2, output] as Part, [3, output] as Part, [4, operator] as Part],
    ...Object.entries(attributes).map(([name, value]): Part => [5, attribute(name, value)]),
  );
const model = (inputs: readonly Uint8Array[], weights: readonly Uint8Array[], nodes: readonly Uint8Array[]) =>
  message(
    [1, 8],
    [
      7,
      message(
        ...nodes.map((bytes): Part => [1, bytes]),
        ...weights.map((bytes): Part => [5, bytes]),
        ...inputs.map((bytes): Part => [11, bytes]),
      ),
    ],
  );

const SAME = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };

/** Stem, one residual block with a strided shortcut, a depthwise layer, and the head of a small ResNet. */
const resnet = model(
  [info('image', ['N', 3, 'H', 'W'])],
  [
    ...[weight('w0', 16, 3, 3, 3), weight('w1', 32, 16, 3, 3), weight('w2', 32, 32, 3, 3)],
    ...[weight('ws', 32, 16, 1, 1), weight('wd', 32, 1, 3, 3), weight('wf', 10, 32), weight('bf', 10)],
    ...['g', 'b', 'm', 'v'].map((name) => weight(name, 32)),
    integers('flat', 0, -1),
  ],
  [
    node('Conv', ['image', 'w0'], 'stem', SAME),
    node('Relu', ['stem'], 'a0'),
    node('Conv', ['a0', 'w1'], 'c1', { ...SAME, strides: [2, 2] }),
    node('BatchNormalization', ['c1', 'g', 'b', 'm', 'v'], 'n1'),
    node('Relu', ['n1'], 'a1'),
    node('Conv', ['a1', 'w2'], 'c2', { auto_pad: 'SAME_UPPER' }),
    node('Conv', ['a0', 'ws'], 'short', { strides: [2, 2] }),
    node('Add', ['c2', 'short'], 'sum'),
    node('Conv', ['sum', 'wd'], 'deep', { ...SAME, group: 32 }),
    node('GlobalAveragePool', ['deep'], 'pool'),
    node('Reshape', ['pool', 'flat'], 'features'),
    node('Gemm', ['features', 'wf', 'bf'], 'logits', { transB: 1 }),
  ],
);

const conv = { family: 'conv', kind: 'conv' } as const;
/** The same network in the zoo's own words. */
const same = [
  window({ name: 'stem', ...conv, size: 32, inputs: 3, outputs: 16, kernel: 3 }),
  elements('a0', 'activation', 32, 16, RELU),
  window({ name: 'c1', ...conv, size: 32, inputs: 16, outputs: 32, kernel: 3, stride: 2 }),
  elements('n1', 'norm', 16, 32, NORM),
  elements('a1', 'activation', 16, 32, RELU),
  window({ name: 'c2', ...conv, size: 16, inputs: 32, outputs: 32, kernel: 3 }),
  window({ name: 'short', ...conv, size: 32, inputs: 16, outputs: 32, kernel: 1, stride: 2 }),
  elements('sum', 'residual', 16, 32, residual({ multiplications: 0, additions: 0 })),
  window({
    name: 'deep',
    family: 'depthwise',
    kind: 'conv',
    size: 16,
    inputs: 32,
    outputs: 32,
    kernel: 3,
    groups: 32,
  }),
  { ...pooling('pool', 'pool', 16, 32, 0, 1), vector: { multiplications: 1, additions: 256 } },
  linear('logits', 'linear', 1, 32, 10),
];

test('a residual network is the same workloads as the network described by hand, and costs the same', () => {
  const { loads, notes } = modelWorkloads(readOnnx(resnet), { resolution: 32 });
  expect(notes).toEqual([]);
  expect(loads).toEqual(same);
  const pricer = new Pricer(rowstationary45);
  expect(pricer.totals(loads)).toEqual(pricer.totals(same));
});

test('attention: products of activations, softmax, sizes computed from Shape', () => {
  const bytes = model(
    [info('x', [1, 'T', 64])],
    [weight('wq', 64, 64), integers('two', 2), integers('head', 32), integers('zero', 0), integers('one', 1)],
    [
      node('MatMul', ['x', 'wq'], 'q'),
      node('Shape', ['q'], 'sizes'),
      node('Gather', ['sizes', 'one'], 'length'),
      node('Concat', ['one', 'length', 'two', 'head'], 'split', { axis: 0 }),
      node('Reshape', ['q', 'split'], 'parts'),
      node('Transpose', ['parts'], 'heads', { perm: [0, 2, 1, 3] }),
      node('Transpose', ['parts'], 'keys', { perm: [0, 2, 3, 1] }),
      node('MatMul', ['heads', 'keys'], 'scores'),
      node('Softmax', ['scores'], 'weights'),
      node('MatMul', ['weights', 'heads'], 'mixed'),
    ],
  );
  const { loads } = modelWorkloads(readOnnx(bytes), { tokens: 30 });
  expect(loads.map(({ kind, n, c, m }) => [kind, n, c, m])).toEqual([
    ['linear', 30, 64, 64],
    ['matmul', 60, 32, 30],
    ['vector', 60, 30, 30],
    ['matmul', 60, 30, 32],
  ]);
});

/** A tensor of 32-bit floats as it stands in a file: dimensions, type 1, raw bytes. */
const floats = (name: string, ...values: number[]) =>
  message([1, [values.length]], [2, 1], [8, name], [9, new Uint8Array(Float32Array.from(values).buffer)]);

test('older and larger graphs: weights of ConstantOfShape, Sum, LRN, Resize and Upsample by scales', () => {
  const bytes = model(
    [info('x', [1, 4, 8, 8])],
    [integers('sizes', 6, 4, 3, 3), floats('scales', 1, 1, 2, 2)],
    [
      node('ConstantOfShape', ['sizes'], 'w'),
      node('Conv', ['x', 'w'], 'c', SAME),
      node('LRN', ['c'], 'l', { size: 5 }),
      node('Sum', ['l', 'c', 'c'], 's'),
      node('Upsample', ['s', 'scales'], 'u', { mode: 'nearest' }),
      node('Resize', ['u', '', 'scales'], 'r', { mode: 'linear' }),
      node('Elu', ['r'], 'e'),
    ],
  );
  const { loads, notes } = modelWorkloads(readOnnx(bytes));
  expect(notes).toEqual([]);
  expect(loads.map(({ name, kind, e, m, vector }) => [name, kind, e, m, vector?.operands ?? 0])).toEqual([
    ['c', 'conv', 8, 6, 0],
    ['l', 'vector', 8, 6, 0],
    ['s', 'vector', 8, 6, 2],
    ['r', 'vector', 32, 6, 0],
    ['e', 'vector', 32, 6, 0],
  ]);
  expect(loads[0].weights).toBe(6 * 4 * 9);
});

test('unknown operators are named; heavy ones, open sizes and files without a network are errors', () => {
  const bytes = (operator: string, sizes: Sizes = [1, 4, 8, 8]) =>
    readOnnx(
      model(
        [info('x', sizes)],
        [weight('w', 4, 4, 3, 3)],
        [node('Conv', ['x', 'w'], 'y', SAME), node(operator, ['y', 'w'], 'z')],
      ),
    );
  expect(modelWorkloads(bytes('Sparkle')).notes).toEqual([
    '1 node of the unknown operator Sparkle cost nothing here',
  ]);
  expect(() => modelWorkloads(bytes('ConvTranspose'))).toThrow(/"z" \(ConvTranspose\).*not known/);
  expect(() => modelWorkloads(bytes('Relu', [1, 4, 'H', 'W']))).toThrow(
    /sizes \[1, 4, \?, \?\].*give --resolution/,
  );
  expect(() => modelWorkloads(bytes('Relu', [1, 5, 8, 8]))).toThrow(/1 groups of 4 channels.*5 channels/);
  const empty = model([info('x', [1, 4])], [], [node('Flatten', ['x'], 'y')]);
  expect(() => modelWorkloads(readOnnx(empty))).toThrow(/nothing that can be priced: it holds Flatten/);
  const behind = model([info('x', [1, 4])], [], [node('Sparkle', ['x'], 'y'), node('Relu', ['y'], 'z')]);
  expect(() => modelWorkloads(readOnnx(behind))).toThrow(/lost behind the unknown operator Sparkle/);
});

test('files: missing, no model, cut off, good', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
  try {
    expect(() => onnxWorkloads(join(folder, 'none.onnx'))).toThrow(/cannot be read/);
    const write = (name: string, bytes: Uint8Array) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    expect(() => onnxWorkloads(write('text.onnx', new TextEncoder().encode('hello')))).toThrow(
      /not an ONNX model/,
    );
    expect(() => onnxWorkloads(write('cut.onnx', resnet.slice(0, 100)))).toThrow(/ends in the middle/);
    const path = write('good.onnx', resnet);
    expect(onnxWorkloads(path, { resolution: 32 }).loads).toEqual(same);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
