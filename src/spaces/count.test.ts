import { describe, expect, test } from 'vitest';
import { countSpace, countTuple, tupleTable } from './count.ts';
import { enumerate } from './enumerate.ts';
import { encode } from './genotype.ts';
import { cifar, hytra, spacePreset, spacePresetNames, tiny } from './presets.ts';
import { baseline, layerStages, maxLayers, possibleStages, showLengths } from './stage-layers.ts';

describe('the published space', () => {
  test('holds 198,955,008 architectures in 19 tuples (spec 3.2, 14.1)', () => {
    expect(hytra().stageLengths).toHaveLength(19);
    expect(countSpace(hytra())).toBe(198_955_008n);
  });

  test('allows exactly the tuples that spec 3.2 lists', () => {
    const listed =
      '1-1-5-9 1-1-6-8 1-2-4-9 1-2-5-8 1-3-3-9 1-3-4-8 1-4-4-7 1-4-5-6 1-5-5-5 2-2-3-9 2-2-4-8 2-3-3-8 2-3-4-7 ' +
      '2-4-4-6 2-4-5-5 3-3-3-7 3-3-4-6 3-4-4-5 4-4-4-4';
    expect(hytra().stageLengths.map(showLengths).join(' ')).toBe(listed);
  });

  test('holds 123,648 architectures of convolution and attention in 27 tuples (spec 3.2, 14.1)', () => {
    const space = hytra({ operators: 'conv-attention' });
    expect(space.stageLengths).toHaveLength(27);
    expect(countSpace(space)).toBe(123_648n);
  });

  test.each([
    ['4-4-4-4', 26_873_856n],
    ['1-5-5-5', 23_887_872n],
    ['2-4-5-5', 23_887_872n],
    ['3-4-4-5', 17_915_904n],
    ['1-3-3-9', 2_654_208n],
    ['2-2-3-9', 2_654_208n],
  ])('tuple %s holds %i (spec 3.2)', (tuple, count) => {
    expect(countTuple(hytra(), tuple.split('-').map(Number))).toBe(count);
  });

  test('has 4-4-4-4 as its largest tuple and 1-3-3-9 and 2-2-3-9 as its smallest (spec 3.2)', () => {
    const { count } = tupleTable(hytra());
    const sorted = [...count].sort((a, b) => (a < b ? -1 : 1));
    expect([sorted[0], sorted[1], sorted[18]]).toEqual([2_654_208n, 2_654_208n, 26_873_856n]);
    const topThree = Number(sorted[18] + sorted[17] + sorted[16]) / 198_955_008;
    expect(topThree).toBeCloseTo(0.375, 3);
  });

  test('grows with add and shift at 1/32 and with all 27 tuples', () => {
    expect(countSpace(hytra({ deepAddShift: true }))).toBeGreaterThan(countSpace(hytra()));
    expect(countSpace(hytra({ tuples: 27 }))).toBeGreaterThan(countSpace(hytra()));
  });
});

describe('small spaces', () => {
  test('the count is the number of different genotypes that enumeration yields', () => {
    const keys = new Set([...enumerate(tiny())].map(encode));
    expect(BigInt(keys.size)).toBe(countSpace(tiny()));
  });

  test('cifar allows every tuple of at most 4, 3 and 3 layers with 4 to 7 in all, once', () => {
    const layouts = [1, 2, 3, 4].flatMap((a) => [1, 2, 3].flatMap((b) => [1, 2, 3].map((c) => [a, b, c])));
    const allowed = layouts
      .filter(([a, b, c]) => a + b + c >= 4 && a + b + c <= 7)
      .map((lengths) => lengths.join('-'));
    expect(
      cifar()
        .stageLengths.map((lengths) => lengths.join('-'))
        .sort(),
    ).toEqual(allowed.sort());
    expect(maxLayers(cifar())).toBe(7);
  });

  test('layers know their stage, and the stages they can stand in', () => {
    expect(layerStages([2, 1, 3])).toEqual([0, 0, 1, 2, 2, 2]);
    expect(possibleStages(tiny(), 0)).toEqual([0]);
    expect(possibleStages(tiny(), 2)).toEqual([0, 1]);
    expect(possibleStages(tiny(), 4)).toEqual([1]);
    expect(possibleStages(tiny(), 5)).toEqual([]);
  });

  test('a baseline is the reference shape in one operator', () => {
    expect(encode(baseline(cifar(), 'add'))).toBe('2-2-2:dd|dd|dd');
  });
});

test('every preset builds; an unknown one is named with the nearest', () => {
  for (const name of spacePresetNames()) expect(countSpace(spacePreset(name))).toBeGreaterThan(0n);
  expect(() => spacePreset('cifr')).toThrow("there is no space named 'cifr'; did you mean 'cifar'?");
});
