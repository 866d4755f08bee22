/** What is said about the scales a network's adders end with. */
import { expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { adderScales, describeScales, scaleRange } from './adder-scales.ts';
import { Network } from './network.ts';
import { DEFAULT_ADDER, DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from './toy.ts';

const backend = createReference();

function network(sharing: SharingConfig, ...path: Parameters<typeof toyPath>) {
  const genotype = path.length === 0 ? {} : { genotype: toyPath(...path) };
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing, ...genotype };
  return new Network(backend, config, Random.fromSeed('scales'));
}

test('the smallest and the largest, over layers and over channels', async () => {
  const held = network({ ...DEFAULT_SHARING, adder: { ...DEFAULT_ADDER, per: 'channel' } });
  expect(await adderScales(held)).toEqual({ low: expect.closeTo(4, 5), high: expect.closeTo(4, 5) });
  const { value } = held.store.parameter('layer0.stage0.add.conv2.scale');
  backend.write(value, [Math.log(1.5), Math.log(7)]);
  expect(await adderScales(held)).toEqual({ low: expect.closeTo(1.5, 5), high: expect.closeTo(7, 5) });
  held.dispose();
});

test('a fixed scale is the number it was given; without adders, or without a scale, there is none', async () => {
  const fixed: SharingConfig = { ...DEFAULT_SHARING, adder: { ...DEFAULT_ADDER, kind: 'fixed', initial: 3 } };
  const cases: [Network, unknown][] = [
    [network(fixed, 'add', 'conv'), { low: 3, high: 3 }],
    [network(fixed, 'conv', 'conv'), undefined],
    [network(DEFAULT_SHARING, 'conv', 'shift'), undefined],
    [network({ ...DEFAULT_SHARING, transformation: 'none' }, 'add', 'add'), undefined],
  ];
  for (const [held, expected] of cases) {
    expect(await adderScales(held)).toEqual(expected);
    held.dispose();
  }
});

test('saved tensors say the same', () => {
  const tensors: [string, number[]][] = [
    ['layer0.stage0.add.conv2', [9]],
    ['layer0.stage0.add.conv2.scale', [Math.log(2)]],
    ['layer1.stage1.add.conv1.scale', [Math.log(5), Math.log(3)]],
  ];
  expect(scaleRange(DEFAULT_SHARING, tensors)).toEqual({ low: expect.closeTo(2), high: expect.closeTo(5) });
});

test('scales are described with the kind, and beyond 8 with what the operator then is', () => {
  const free: SharingConfig = { ...DEFAULT_SHARING, adder: { ...DEFAULT_ADDER, kind: 'free' } };
  expect(describeScales({ low: 3.104, high: 6.25 }, DEFAULT_SHARING)).toBe('3.10 to 6.25 (bounded)');
  expect(describeScales({ low: 5, high: 95 }, free)).toBe(
    '5.00 to 95.00 (free); above 8 an adder is a binary-weight convolution',
  );
});
