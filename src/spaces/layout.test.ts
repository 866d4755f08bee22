/** Where blocks stand and how large they are, for the image sizes of the data sets the package names. */
import { describe, expect, test } from 'vitest';
import { accumulates } from '../hardware/workload.ts';
import { networkWorkloads, planNetwork, planStem, type Task } from './layout.ts';
import { cifar, hytra, micro, tiny } from './presets.ts';
import type { Space } from './space.ts';
import { baseline, layerCount } from './stage-layers.ts';

const task = (h: number, w: number, c = 3): Task => ({ image: { h, w, c }, classes: 10 });

/** Map sides after the stem and after every stage. */
function sides(space: Space, h: number, w = h): (readonly [number, number])[] {
  const { stem, blocks } = planNetwork(space, baseline(space, 'conv'), task(h, w));
  const last = space.reference.map((_, stage) => blocks.filter((block) => block.stage === stage).at(-1)!);
  return [stem.output, ...last.map(({ plan }) => plan.output)].map((map) => [map.h, map.w] as const);
}

describe('map sizes', () => {
  test.each([
    ['cifar at 28 (Fashion-MNIST)', cifar(), 28, [14, 14, 7, 4]],
    ['cifar at 32', cifar(), 32, [16, 16, 8, 4]],
    ['tiny at 28', tiny(), 28, [14, 14, 7]],
    ['micro at 28', micro(), 28, [7, 7, 4]],
    ['hytra at 224: 56, 28, 14 and 7 (spec 3.1)', hytra(), 224, [56, 56, 28, 14, 7]],
  ])('%s', (_, space, size, expected) => {
    expect(sides(space, size)).toEqual(expected.map((side) => [side, side]));
  });

  test('sides of different parity are rounded up each by itself', () => {
    expect(sides(cifar(), 28, 30)).toEqual([
      [14, 15],
      [14, 15],
      [7, 8],
      [4, 4],
    ]);
  });

  test('the stem of hytra: 7x7 stride 2, then 3x3 maximum', () => {
    expect(planStem(hytra(), { h: 224, w: 224, c: 3 })).toMatchObject({
      kernel: 7,
      stride: 2,
      pad: 3,
      map: { h: 112, w: 112, c: 64 },
      output: { h: 56, w: 56, c: 64 },
    });
  });
});

describe('blocks', () => {
  const genotype = {
    space: 'cifar',
    lengths: [2, 1, 2],
    operators: ['conv', 'add', 'shift', 'attention', 'conv'],
  } as const;
  const { blocks, features } = planNetwork(cifar(), genotype, task(32, 32));

  test('stand where the stage lengths put them, with the operators in order', () => {
    expect(blocks.map(({ layer, stage, operator }) => [layer, stage, operator])).toEqual([
      [0, 0, 'conv'],
      [1, 0, 'add'],
      [2, 1, 'shift'],
      [3, 2, 'attention'],
      [4, 2, 'conv'],
    ]);
    expect(blocks.map(({ plan }) => plan.name)).toEqual([
      'layer0.stage0',
      'layer1.stage0',
      'layer2.stage1',
      'layer3.stage2',
      'layer4.stage2',
    ]);
  });

  test('read what the block before wrote; only the first of a later stage has stride 2', () => {
    for (let i = 1; i < blocks.length; i++) expect(blocks[i].plan.input).toEqual(blocks[i - 1].plan.output);
    expect(blocks.map(({ plan }) => plan.stride)).toEqual([1, 1, 2, 2, 1]);
    expect(blocks.map(({ plan }) => plan.shortcut)).toEqual([
      'project',
      'identity',
      'average-down',
      'average-down',
      'identity',
    ]);
    expect(blocks.map(({ plan }) => plan.inner)).toEqual([16, 16, 32, 64, 64]);
    expect(features).toEqual({ h: 4, w: 4, c: 256 });
  });

  test('a space may ask for the strided 3x3 shortcut', () => {
    const plan = planNetwork(hytra(), baseline(hytra(), 'conv'), task(224, 224));
    expect(plan.blocks.filter(({ plan: { shortcut } }) => shortcut === 'conv3x3')).toHaveLength(3);
  });
});

test('the workloads of a network are stem, blocks in order, head; multiply-accumulates of stem and head by hand', () => {
  const loads = networkWorkloads(planNetwork(cifar(), baseline(cifar(), 'conv'), task(32, 32)));
  expect(loads[0].name).toBe('stem.conv');
  expect(accumulates(loads[0])).toBe(32 * 32 * 16 * 3 * 9);
  expect(loads.at(-1)).toMatchObject({ name: 'head.linear', weights: 256 * 10 });
  expect(accumulates(loads.at(-1)!)).toBe(256 * 10);
  expect(new Set(loads.map(({ name }) => name)).size).toBe(loads.length);
  expect(loads.filter(({ name }) => name.endsWith('.conv2'))).toHaveLength(layerCount(cifar().reference));
});
