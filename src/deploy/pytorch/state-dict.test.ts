import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import type { TensorData } from '../../core/safetensors.ts';
import { compareLogits } from '../compare.ts';
import { logitsOf, type TestNetwork, toyNetwork, zooNetwork } from '../testing/networks.ts';
import { traceNetwork } from '../trace.ts';
import { loadStateDict, PLAIN_WEIGHTS, stateDict } from './state-dict.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

const dictOf = async ({ network, path, image }: TestNetwork, base?: string) =>
  stateDict(await traceNetwork(network, path, image), base);

describe('what is exported comes back', () => {
  test.each([
    'adder-resnet-20@0.125',
    'shift-ps-resnet-20@0.125',
    'shiftadd-vgg-small@0.03',
    'vit-tiny-cifar@0.1',
  ])('%s', async (name) => {
    const made = zooNetwork(backend, name, 16);
    const plain = zooNetwork(backend, name.replace('-ps', '-q'), 16, PLAIN_WEIGHTS);
    const [base] = name.replace(/^(adder|shift-ps|shiftadd)-/, '').split('@');
    const file = { path: 'file', tensors: await dictOf(made, base) };
    loadStateDict(plain.network, null, plain.image, file, base);
    // the same values in the same kernels
    expect(compareLogits(await logitsOf(made, 4), await logitsOf(plain, 4)).maxDifference).toBe(0);
    for (const { network } of [made, plain]) network.dispose();
  });

  test('a path of a space', async () => {
    const made = toyNetwork(backend, ['add', 'shift', 'attention']);
    const plain = toyNetwork(backend, ['add', 'shift', 'attention'], PLAIN_WEIGHTS);
    const tensors = await dictOf(made);
    loadStateDict(plain.network, plain.path, plain.image, { path: 'file', tensors });
    expect(compareLogits(await logitsOf(made, 4), await logitsOf(plain, 4)).maxDifference).toBe(0);
    expect([...tensors.keys()]).toContain('layer1.stage0.conv2.weight');
    for (const { network } of [made, plain]) network.dispose();
  });
});

test('names and shapes of torchvision (models/resnet.py, models/mobilenetv2.py)', async () => {
  const resnet = zooNetwork(backend, 'resnet-18@0.0625', 32);
  const shapes = new Map([...(await dictOf(resnet, 'resnet-18'))].map(([name, { shape }]) => [name, shape]));
  expect(shapes.get('conv1.weight')).toEqual([4, 3, 7, 7]);
  expect(shapes.get('bn1.running_var')).toEqual([4]);
  expect(shapes.get('layer2.0.downsample.0.weight')).toEqual([8, 4, 1, 1]);
  expect(shapes.get('layer2.0.downsample.1.bias')).toEqual([8]);
  expect(shapes.get('layer4.1.bn2.running_mean')).toEqual([32]);
  expect(shapes.get('fc.weight')).toEqual([5, 32]);
  // 122 entries of torchvision's resnet18, 20 of which count batches
  expect(shapes.size).toBe(102);
  const mobile = zooNetwork(backend, 'mobilenet-v2@0.125', 32);
  const names = new Map(
    [...(await dictOf(mobile, 'mobilenet-v2'))].map(([name, { shape }]) => [name, shape]),
  );
  expect(names.get('features.1.conv.0.0.weight')).toEqual([4, 1, 3, 3]);
  expect(names.get('features.2.conv.1.0.weight')).toEqual([12, 1, 3, 3]);
  expect(names.get('features.17.conv.3.running_var')).toEqual([40]);
  expect(names.get('features.18.0.weight')).toEqual([160, 40, 1, 1]);
  expect(names.get('classifier.1.bias')).toEqual([5]);
  // 314 entries of torchvision's mobilenet_v2, 52 of which count batches
  expect(names.size).toBe(262);
  for (const { network } of [resnet, mobile]) network.dispose();
});

describe('a file that does not fit is refused', () => {
  const load = async (change: (tensors: Map<string, TensorData>) => void, name = 'resnet-20@0.125') => {
    const made = zooNetwork(backend, 'resnet-20@0.125', 8, PLAIN_WEIGHTS);
    const target = zooNetwork(backend, name, 8);
    try {
      const tensors = new Map(await dictOf(made, 'resnet-20'));
      change(tensors);
      loadStateDict(target.network, null, target.image, { path: 'x.safetensors', tensors }, 'resnet-20');
    } finally {
      for (const { network } of [made, target]) network.dispose();
    }
  };
  const one: TensorData = { shape: [1], data: new Float32Array(1) };

  test('a missing name, with the nearest', async () => {
    const rename = (tensors: Map<string, TensorData>) => {
      tensors.set('linear.weight', tensors.get('fc.weight')!);
      tensors.set('layer1.0.convl.weight', tensors.get('layer1.0.conv1.weight')!);
      tensors.delete('layer1.0.conv1.weight');
    };
    await expect(load(rename)).rejects.toThrow(
      /x\.safetensors does not fit.*no layer1\.0\.conv1\.weight; the nearest name is layer1\.0\.convl\.weight/,
    );
  });

  test('a name too many, with the nearest; counters of batches do not count', async () => {
    await load((tensors) => void tensors.set('bn1.num_batches_tracked', one));
    await expect(load((tensors) => void tensors.set('fc.wait', one))).rejects.toThrow(
      /the network has no fc\.wait; the nearest name is fc\.weight/,
    );
  });

  test('another shape', async () => {
    await expect(load((tensors) => void tensors.set('fc.bias', one))).rejects.toThrow(
      /fc\.bias has shape \[1\] where the network has \[5\]/,
    );
  });

  test('a network that transforms its adder weights', async () => {
    await expect(load(() => undefined, 'adder-resnet-20@0.125')).rejects.toThrow(/--transformation none/);
  });
});
