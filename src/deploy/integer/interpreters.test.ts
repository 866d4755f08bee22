/** Native code and WebAssembly against the reference, value by value: drawn programs with their extremes, and wide layers of every way. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addonPath } from '../../backends/native/addon.ts';
import { Random } from '../../core/random.ts';
import { ProgramBuilder } from './builder.ts';
import { nativeInstructionSets, openNative } from './native.ts';
import { openProgram, openReference } from './open.ts';
import type { IntegerProgram } from './program.ts';
import { interpret, interpretValues } from './reference/interpret.ts';
import type { Stored } from './reference/window.ts';
import { type Drawing, randomImages, randomProgram, SMALL } from './testing/random-program.ts';
import { openWasm } from './wasm.ts';

const built = existsSync(addonPath());
if (!built) console.log('skipped: the native kernels are not built (npm run build:native)');

/** The first operation whose value differs, in words; undefined when all agree. */
function firstDifference(
  program: IntegerProgram,
  found: readonly Int16Array[],
  reference: readonly Stored[],
): string | undefined {
  for (const [value, expected] of reference.entries()) {
    const at = expected.findIndex((q, i) => q !== found[value][i]);
    if (at < 0) continue;
    const operation = program.operations[value - 1];
    const [h, w, c] = program.values[value].shape;
    return `${operation?.name} [${h}, ${w}, ${c}] at ${at}: ${found[value][at]} for ${expected[at]}`;
  }
  return undefined;
}

const WIDE: Drawing = { operations: 4, side: 11, channels: 5, most: 75 };

const isas = built ? nativeInstructionSets() : [];

describe('the same numbers as the reference', () => {
  test.each([
    ['small programs', SMALL, 80, 0],
    ['wide ones', WIDE, 25, 1000],
  ] as const)('%s, on every instruction set and in WebAssembly', (_, drawing, count, from) => {
    for (let seed = from; seed < from + count; seed++) {
      const program = randomProgram(seed, drawing);
      const images = randomImages(program, seed, 3);
      const size = images.length / 3;
      const opened = [openWasm(program), ...isas.map((isa) => openNative(program, { isa, threads: 1 }))];
      for (let i = 0; i < 3; i++) {
        const image = images.subarray(i * size, (i + 1) * size);
        const expected = interpretValues(program, image);
        for (const { isa, values } of opened) {
          const where = `${isa}, seed ${seed}, image ${i}`;
          expect(firstDifference(program, values(image), expected), where).toBe(undefined);
        }
      }
    }
  });

  test.skipIf(!built)('for any number of threads, over many images and over one', () => {
    for (const seed of [2000, 2001, 2002]) {
      const program = randomProgram(seed, { ...WIDE, operations: 6 });
      const images = randomImages(program, seed, 5);
      const expected = [...interpret(program, images)];
      for (const threads of [1, 3]) {
        const native = openNative(program, { threads });
        expect([...native.run(images)]).toEqual(expected);
        const one = images.subarray(0, images.length / 5);
        expect([...native.run(one)]).toEqual(expected.slice(0, program.classes.length));
      }
    }
  });
});

/** An adder layer three columns wide, as dense as the widest loops take it; `bits`: of its output. */
function adderRows([h, w, c, m]: readonly number[], bits: 8 | 16, random: Random): IntegerProgram {
  const build = new ProgramBuilder([h, w, c]);
  const whole = (low: number, high: number) => low + random.integer(high - low + 1);
  const weights = Array.from({ length: m * 9 * c }, (_, i) => [-128, 127, whole(-128, 127)][i % 3]);
  const weight = build.tensor('weight', 'int8', [m, 3, 3, c], weights);
  const digits = () => {
    const signs = Array.from({ length: 3 }, () => whole(-1, 1));
    return { signs, places: signs.map((sign) => (sign === 0 ? 0 : whole(-12, 1))), addend: whole(-500, 500) };
  };
  const requantise = build.terms('layer', Array.from({ length: m }, digits), 3);
  const [low, high] = bits === 8 ? [-100, 119] : [-30_000, 29_999];
  build.add(
    {
      ...{ kind: 'window', name: 'layer', x: 0, arithmetic: 'add', weight, weightShift: 0, requantise },
      window: { r: 3, s: 3, stride: 1, pad: 1, groups: 1 },
    },
    { shape: [h, w, m], bits, zero: 0, low, high, step: 1 },
  );
  const { values, operations, tensors } = build;
  return { network: 'rows', classes: ['a'], values, operations, tensors };
}

test.each([
  [5, 33, 64, 17],
  [9, 32, 16, 64],
  [3, 8, 21, 5],
  [4, 16, 22, 16],
  [7, 9, 130, 33],
  [2, 40, 65, 20],
  [6, 7, 3, 4],
])('an adder layer on %ix%i, %i to %i channels, extremes among its images', (...shape) => {
  const random = Random.fromSeed(`rows ${shape}`);
  for (const bits of [8, 16] as const) {
    const program = adderRows(shape, bits, random);
    const size = shape[0] * shape[1] * shape[2];
    const drawn = Uint8Array.from({ length: size }, () => random.integer(256));
    for (const image of [drawn, new Uint8Array(size), new Uint8Array(size).fill(255)]) {
      const expected = interpretValues(program, image);
      const opened = [openWasm(program), ...isas.map((isa) => openNative(program, { isa, threads: 1 }))];
      for (const { isa, values } of opened)
        expect(firstDifference(program, values(image), expected), `${isa}, ${bits} bits`).toBe(undefined);
    }
  }
});

test('whichever there is, a program is opened with it, and many images give what one gives', () => {
  for (const seed of [3000, 3001]) {
    const program = randomProgram(seed, WIDE);
    const images = randomImages(program, seed, 4);
    const expected = [...openReference(program).run(images)];
    for (const opened of [openProgram(program), openWasm(program)]) {
      expect([...opened.run(images)], opened.isa).toEqual(expected);
      const second = images.subarray(images.length / 4, images.length / 2);
      const { length } = program.classes;
      expect([...opened.run(second)], opened.isa).toEqual(expected.slice(length, 2 * length));
    }
  }
});
