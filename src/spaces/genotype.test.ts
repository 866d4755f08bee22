import { describe, expect, test } from 'vitest';
import { decode, encode, parse, validate } from './genotype.ts';
import { cifar, hytra } from './presets.ts';

describe('the word of a genotype', () => {
  test('is lengths, colon, and a letter a layer', () => {
    const genotype = decode(cifar(), '2-3-2:cd|asc|dd');
    expect(genotype.lengths).toEqual([2, 3, 2]);
    expect(genotype.operators).toEqual(['conv', 'add', 'attention', 'shift', 'conv', 'add', 'add']);
    expect(encode(genotype)).toBe('2-3-2:cd|asc|dd');
  });

  test('the released network mix_v4 is in the published space (spec 6.3)', () => {
    // Codes 0 attention, 1 conv, 2 add, 3 shift: [1,1] [1,3,1,1] [3,1,0,3,3] [0,0,1,0,0].
    expect(
      decode(hytra(), '2-4-5-5:cc|cscc|scass|aacaa').operators.filter((o) => o === 'shift'),
    ).toHaveLength(4);
  });
});

describe('errors say where', () => {
  test.each([
    ['2-3-2', "character 6: a genotype is stage lengths, ':' and operators"],
    ['2-x-2:cc|ccc|cc', "character 3: a stage length is a whole number from 1 to 9999, got 'x'"],
    ['2-0-2:cc||cc', "character 3: a stage length is a whole number from 1 to 9999, got '0'"],
    ['2-3-2:cc|ctc|cc', "character 11: 't' is no operator; a attention, c conv, d add, s shift"],
    ['2-3-2:cc|cc|cc', 'character 10: stage 1 should list 3 operators, but lists 2'],
    ['2-3-2:cc|ccc', 'character 13: 3 stages have lengths but only 2 list their operators'],
    ['2-3:cc|ccc|cc', 'character 12: stage 2 has operators but no length'],
    ['', "character 1: a genotype is stage lengths, ':'"],
  ])('%s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

describe('a genotype that does not fit is refused', () => {
  const space = cifar();
  test.each([
    ['1-1-1:c|c|c', "space 'cifar' has no networks with stage lengths 1-1-1; the nearest it has is 1-1-2"],
    [
      '2-3-2:ca|ccc|cc',
      "layer 1 uses 'attention', but stage 0 of space 'cifar' allows only conv, add, shift",
    ],
    ['2-2:cc|cc', 'this is a genotype of another space: 2-2 has 2 stages'],
  ])('%s', (text, message) => {
    expect(() => decode(space, text)).toThrow(message);
  });

  test('of another space by name', () => {
    const genotype = decode(hytra(), '2-4-5-5:cc|cscc|scass|aacaa');
    expect(() => validate(space, genotype)).toThrow(
      "a genotype of another space: it names 'hytra', but space 'cifar' is in use",
    );
  });

  test('with too few operators', () => {
    const genotype = { ...decode(space, '2-3-2:cc|ccc|cc'), operators: ['conv' as const] };
    expect(() => validate(space, genotype)).toThrow('make 7 layers, but 1 operators are given');
  });
});
