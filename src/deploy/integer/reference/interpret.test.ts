/** What each operation computes, against numbers worked out by hand. */
import { describe, expect, test } from 'vitest';
import { ProgramBuilder } from '../builder.ts';
import { checkProgram } from '../check.ts';
import { codeOf, packCodes, unpackCodes, weightOf } from '../codes.ts';
import { type MapShape, type Operation, TABLE_ENTRIES, type Value } from '../program.ts';
import { interpretValues } from './interpret.ts';
import { shifted, sumOfTerms } from './requantise.ts';
import { integerSoftmax, TABLE } from './softmax.ts';

const value = (shape: MapShape, more: Partial<Value> = {}): Value => ({
  ...{ shape, bits: 8, zero: 0, low: -128, high: 127, step: 1 },
  ...more,
});

/** acc as it is, rounded nowhere. */
const PLAIN = { multiplier: 1, addend: 0, shift: 0 };

/** The stored numbers that one operation makes of an image, whose bytes become byte - 128. */
function run(
  image: MapShape,
  stored: readonly number[],
  to: Value,
  operation: (build: ProgramBuilder) => Operation,
): number[] {
  const build = new ProgramBuilder(image);
  build.add(operation(build), to);
  const bytes = stored.map((q) => q + 128);
  return [...interpretValues(build.program('test', ['a']), bytes)[1]];
}

const POINT = { r: 1, s: 1, stride: 1, pad: 0, groups: 1 };
const ROW = { r: 1, s: 3, stride: 1, pad: 0, groups: 1 };

describe('windows', () => {
  test('conv: 1*2 + (-2)*3 + 3*(-4) = -16, and the same two to the right', () => {
    const y = run([1, 5, 1], [2, 3, -4, 0, 1], value([1, 2, 1]), (build) => ({
      ...{ kind: 'window', arithmetic: 'conv', name: 'c', x: 0, window: { ...ROW, stride: 2 } },
      weight: build.tensor('w', 'int8', [1, 1, 3, 1], [1, -2, 3]),
      requantise: build.multiply('c', [PLAIN]),
    }));
    expect(y).toEqual([-16, -4 + 0 + 3]);
  });

  test('conv: padded positions hold the zero of the input, -128', () => {
    const y = run([1, 1, 1], [5], value([3, 3, 1], { bits: 16, low: -32768, high: 32767 }), (build) => ({
      ...{ kind: 'window', arithmetic: 'conv', name: 'c', x: 0, window: { ...POINT, pad: 1 } },
      weight: build.tensor('w', 'int8', [1, 1, 1, 1], [3]),
      requantise: build.multiply('c', [PLAIN]),
    }));
    expect(y).toEqual([-384, -384, -384, -384, 15, -384, -384, -384, -384]);
  });

  test('groups: each output reads the channels of its own group', () => {
    const y = run([1, 1, 4], [1, 2, 3, 4], value([1, 1, 2]), (build) => ({
      ...{ kind: 'window', arithmetic: 'conv', name: 'c', x: 0, window: { ...POINT, groups: 2 } },
      weight: build.tensor('w', 'int8', [2, 1, 1, 2], [10, 1, 1, 10]),
      requantise: build.multiply('c', [PLAIN, PLAIN]),
    }));
    expect(y).toEqual([12, 43]);
  });

  test('shift: 5 * 4 - 3 * 1 + 7 * 0 = 17', () => {
    const codes = [codeOf(1, 3, 4), codeOf(-1, 1, 4), codeOf(1, 0, 4)];
    const y = run([1, 1, 3], [5, 3, 7], value([1, 1, 1]), (build) => ({
      ...{ kind: 'window', arithmetic: 'shift', name: 's', x: 0, window: POINT, codeBits: 4 },
      weight: build.tensor('w', 'uint8', [2], packCodes(codes, 4)),
      requantise: build.terms('s', [{ signs: [1], places: [0], addend: 0 }], 0),
    }));
    expect(y).toEqual([17]);
  });

  test('add: -(|5 - 2| + |-3 - 4| + |100 + 100|) = -210', () => {
    const to = value([1, 1, 1], { bits: 16, low: -32768, high: 32767 });
    const y = run([1, 1, 3], [5, -3, 100], to, (build) => ({
      ...{ kind: 'window', arithmetic: 'add', name: 'a', x: 0, window: POINT, weightShift: 0 },
      weight: build.tensor('w', 'int8', [1, 1, 1, 3], [2, 4, -100]),
      requantise: build.terms('a', [{ signs: [1], places: [0], addend: 0 }], 0),
    }));
    expect(y).toEqual([-210]);
  });

  test('add: weights of an input of 16 bits are shifted: -|300 - 2 * 2^4| = -268', () => {
    const build = new ProgramBuilder([1, 1, 1]);
    const wide = value([1, 1, 1], { bits: 16, low: -32768, high: 32767 });
    const ten = { multiplier: 10, addend: 0, shift: 0 };
    build.add({ kind: 'rescale', name: 'r', x: 0, requantise: build.multiply('r', [ten]) }, wide);
    const weight = build.tensor('w', 'int8', [1, 1, 1, 1], [2]);
    const requantise = build.multiply('a', [PLAIN]);
    build.add(
      {
        ...{ kind: 'window', arithmetic: 'add', name: 'a', x: 1, window: POINT, weightShift: 4 },
        ...{ weight, requantise },
      },
      wide,
    );
    const program = build.program('test', ['a']);
    checkProgram(program);
    expect([...interpretValues(program, [158])[2]]).toEqual([-268]);
  });
});

describe('requantisation', () => {
  const scaled = (acc: number, scale: { multiplier: number; addend: number; shift: number }, more = {}) =>
    run([1, 1, 1], [acc], value([1, 1, 1], more), (build) => ({
      ...{ kind: 'rescale', name: 'r', x: 0 },
      requantise: build.multiply('r', [scale]),
    }))[0];

  test('multiply rounds down after the addend: (acc * 3 + 4) / 8 of 10, 12, -10, -12', () => {
    const scale = { multiplier: 3, addend: 4, shift: 3 };
    expect([10, 12, -10, -12].map((acc) => scaled(acc, scale))).toEqual([4, 5, -4, -4]);
  });

  test('results beyond the bounds are clamped to them', () => {
    const scale = { multiplier: 2, addend: 0, shift: 0 };
    expect([100, -100].map((acc) => scaled(acc, scale, { low: -20, high: 90 }))).toEqual([90, -20]);
  });

  test('terms: (3 + (acc << 2) - (acc >> 1)) >> 2 of 7 and -7, each shift rounding down', () => {
    // 3 + 28 - 3 = 28 -> 7;   3 - 28 - (-4) = -21 -> -6
    expect([7, -7].map((acc) => sumOfTerms(acc, [1, -1, 0], [2, -1, 9], 3, 2))).toEqual([7, -6]);
    expect([shifted(-1, -31), shifted(5, -1), shifted(-5, -1)]).toEqual([-1, 2, -3]);
  });

  test('rescale with terms has its own for each channel', () => {
    const y = run([1, 1, 2], [9, 9], value([1, 1, 2]), (build) => ({
      ...{ kind: 'rescale', name: 'r', x: 0 },
      requantise: build.terms(
        'r',
        [
          { signs: [1, 1], places: [2, 0], addend: 0 },
          { signs: [-1], places: [-1], addend: 10 },
        ],
        1,
      ),
    }));
    expect(y).toEqual([22, 3]); // 45 >> 1, (10 - 4) >> 1
  });
});

test('sum: ((3 << 2) + (-5 << 0) + 1) >> 1 = 4', () => {
  const build = new ProgramBuilder([1, 1, 1]);
  const minus = { multiplier: -1, addend: -2, shift: 0 };
  build.add({ kind: 'rescale', name: 'r', x: 0, requantise: build.multiply('r', [minus]) }, value([1, 1, 1]));
  build.add(
    { kind: 'sum', name: 's', a: 0, b: 1, aShift: 2, bShift: 0, addend: 1, shift: 1 },
    value([1, 1, 1]),
  );
  expect([...interpretValues(build.program('test', ['a']), [131])[2]]).toEqual([4]);
});

describe('pools', () => {
  const MAP = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  test('the largest of each window; what lies outside does not count, though it would be larger', () => {
    const y = run(
      [3, 3, 1],
      MAP.map((q) => q - 100),
      value([2, 2, 1], { zero: -128 }),
      () => ({
        ...{ kind: 'max-pool', name: 'p', x: 0, window: { r: 2, s: 2, stride: 2, pad: 1 } },
      }),
    );
    expect(y).toEqual([-99, -97, -93, -91]);
  });

  test('means over the positions inside: 1, then halves and quarters, rounded by the addend', () => {
    const shares = [
      { count: 1, signs: [1], places: [2], addend: 2 },
      { count: 2, signs: [1], places: [1], addend: 2 },
      { count: 4, signs: [1], places: [0], addend: 2 },
    ];
    const y = run([3, 3, 1], MAP, value([2, 2, 1]), () => ({
      ...{ kind: 'average-pool', name: 'p', x: 0, shares, shift: 2 },
      window: { r: 2, s: 2, stride: 2, pad: 1 },
    }));
    expect(y).toEqual([1, 3, 6, 7]); // 1, 2.5, 5.5, 7
  });
});

describe('tables and gates', () => {
  const squares = Array.from({ length: TABLE_ENTRIES }, (_, i) => Math.min(120, (i - 128) ** 2));

  test('a number of 8 bits is looked up: its square, 120 at most', () => {
    const y = run([1, 4, 1], [-3, 0, 5, -128], value([1, 4, 1]), (build) => ({
      ...{ kind: 'lookup', name: 'l', x: 0, shift: 0 },
      table: build.tensor('t', 'int8', [TABLE_ENTRIES], squares),
    }));
    expect(y).toEqual([9, 0, 25, 120]);
  });

  test('between two entries of a wide number a line is drawn, and rounded: 12 / 8 lies between 1 and 4', () => {
    const y = run([1, 4, 1], [12, 8, -12, 127], value([1, 4, 1]), (build) => ({
      ...{ kind: 'lookup', name: 'l', x: 0, shift: 3 },
      table: build.tensor('t', 'int8', [TABLE_ENTRIES], squares),
    }));
    // -12 is halfway from -2 to -1; 127 is 15 and 7/8, where all entries are 120
    expect(y).toEqual([3, 1, 3, 120]);
  });

  test('a gate multiplies distances from both zeros, channel by channel', () => {
    const build = new ProgramBuilder([1, 2, 2]);
    const two = build.multiply('two', [{ ...PLAIN, multiplier: 2 }, PLAIN]);
    const share = { count: 2, signs: [1], places: [-1], addend: 0 };
    const window = { r: 1, s: 2, stride: 1, pad: 0 };
    const small = value([1, 1, 2], { zero: -1 });
    build.add({ kind: 'average-pool', name: 'm', x: 0, window, shares: [share], shift: 0 }, small);
    build.add(
      { kind: 'gate', name: 'g', x: 0, gate: 1, requantise: two },
      value([1, 2, 2], { bits: 16, low: -32768, high: 32767 }),
    );
    // means 4 and -3 are 5 and -2 from -1; the image's zero is -128
    const y = interpretValues(build.program('test', ['a']), [130, 120, 134, 130]).at(-1)!;
    expect([...y]).toEqual([130 * 5 * 2, 120 * -2, 134 * 5 * 2, 130 * -2]);
  });
});

describe('attention', () => {
  test('softmax: a distance of a whole octave halves, of half an octave divides by sqrt 2', () => {
    expect([TABLE[0], TABLE[128], TABLE[255]]).toEqual([32768, 23170, 16428]);
    // e = 32768, 16384, 23170: S = 72322, n = 1, R = floor(2^30 / 36161) = 29693
    expect([...integerSoftmax([1000, 744, 872], 256, 8)]).toEqual([
      Math.floor((32768 * 29693 + 2 ** 15) / 2 ** 16),
      Math.floor((16384 * 29693 + 2 ** 15) / 2 ** 16),
      Math.floor((23170 * 29693 + 2 ** 15) / 2 ** 16),
    ]);
    expect([...integerSoftmax([0], 1, 1)]).toEqual([32767]);
    expect([...integerSoftmax([5000, 0], 256, 8)]).toEqual([32767, 0]);
  });

  test('shares are within 0.2 % of the softmax of real numbers, and of half a unit', () => {
    const scores = Array.from({ length: 100 }, (_, j) => (j * 7919) % 1501);
    const [multiplier, shift] = [5000, 12];
    const real = scores.map((score) => 2 ** ((score * multiplier) / 2 ** shift / 256));
    const sum = real.reduce((a, b) => a + b);
    integerSoftmax(scores, multiplier, shift).forEach((share, j) => {
      const exact = (real[j] / sum) * 2 ** 15;
      expect(Math.abs(share - exact)).toBeLessThan(0.002 * exact + 1);
    });
  });

  test('each head takes the values of its own channels, by its own scores', () => {
    const build = new ProgramBuilder([1, 2, 2]);
    const shape: MapShape = [1, 2, 2];
    const copy = (name: string) => {
      const requantise = build.multiply(name, [PLAIN, PLAIN]);
      return build.add({ kind: 'rescale', name, x: 0, requantise }, value(shape));
    };
    const [q, k, v] = [copy('q'), copy('k'), copy('v')];
    const half = { multiplier: 1, addend: 2 ** 14, shift: 15 };
    const requantise = build.multiply('a', [half, half]);
    // an octave for each unit of a score
    const softmax = { heads: 2, multiplier: 256, shift: 1 };
    build.add({ kind: 'attention', name: 'a', q, k, v, ...softmax, requantise }, value(shape));
    // head 0: positions 0 and 40; head 1: 10 and 10. Row 0 of head 0 has scores 0 and 0: the mean, 20
    const y = interpretValues(build.program('test', ['a', 'b']), [128, 138, 168, 138]).at(-1)!;
    expect([...y]).toEqual([20, 10, 40, 10]);
  });
});

test('codes: every weight of 5 bits comes back, and codes lie without holes', () => {
  const codes = Array.from({ length: 32 }, (_, code) => code);
  expect(codes.map((code) => weightOf(code, 5)).slice(0, 18)).toEqual([
    ...[0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
    ...[0, -1],
  ]);
  expect([...unpackCodes(packCodes(codes, 5), 32, 5)]).toEqual(codes);
  // 00001 and 10010, lowest bit first: 10000 01001 -> 10000010 01...
  expect([...packCodes([1, 18], 5)]).toEqual([0b01000001, 0b00000010]);
});
