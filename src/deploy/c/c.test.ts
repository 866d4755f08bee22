/** C programs against integer programs, bit for bit, through the compilers that are there. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ProgramBuilder } from '../integer/builder.ts';
import { countOperations } from '../integer/counts.ts';
import type { IntegerProgram } from '../integer/program.ts';
import { type Drawing, randomImages, randomProgram, SMALL } from '../integer/testing/random-program.ts';
import { patchBits } from './layout.ts';
import { inComment, isPrefix, layerName } from './names.ts';
import { type CProof, proveC } from './prove/prove.ts';
import { cortexTarget, hostTarget, isThere, NO_CORTEX, NO_HOST, NO_QEMU, QEMU } from './prove/targets.ts';
import { type CProgram, writeC } from './write.ts';

vi.setConfig({ testTimeout: 240_000 });

const host = hostTarget() !== undefined;
if (!host) console.log(`skipped: ${NO_HOST}`);
const emulator = cortexTarget() !== undefined && isThere(QEMU);
if (!emulator) console.log(`skipped: ${cortexTarget() === undefined ? NO_CORTEX : NO_QEMU}`);

const written = (program: IntegerProgram): CProgram => writeC(program, { name: 'network', version: '0.1.0' });

function proof(program: IntegerProgram, seed: number, emulated: number, c = written(program)): CProof {
  return proveC({ program, written: c, images: randomImages(program, seed, 5), emulated });
}

const LONG: Drawing = { operations: 14, side: 9, channels: 5, most: 40 };

/** Operations of a program in words, with the form behind them. */
const kindsOf = ({ operations }: IntegerProgram): string[] =>
  operations.map((operation) => {
    const kind = operation.kind === 'window' ? operation.arithmetic : operation.kind;
    if (operation.kind === 'lookup') return operation.shift === 0 ? 'lookup' : 'lookup between entries';
    return 'requantise' in operation ? `${kind} ${operation.requantise.kind}` : kind;
  });

/** Together they have every operation with every form behind it, and windows over 8 and over 16 bits. */
const DRAWN: readonly (readonly [number, Drawing])[] = [
  ...([19, 33, 54] as const).map((seed) => [seed, LONG] as const),
  ...([8, 11] as const).map((seed) => [seed, SMALL] as const),
];

test('drawn programs have what a C program can have', () => {
  const programs = DRAWN.map(([seed, drawing]) => randomProgram(seed, drawing));
  expect([...new Set(programs.flatMap(kindsOf))].sort()).toEqual([
    ...['add multiply', 'add terms', 'attention multiply', 'average-pool', 'conv multiply'],
    ...['gate multiply', 'gate terms', 'lookup', 'lookup between entries', 'max-pool'],
    ...['rescale multiply', 'rescale terms', 'shift multiply', 'shift terms', 'sum'],
  ]);
  expect(new Set(programs.map(patchBits))).toEqual(new Set([8, 16]));
});

test.skipIf(!host).each(DRAWN)(
  'program %i, on this machine and where qemu is on a Cortex-M4',
  (seed, drawing) => {
    const { targets } = proof(randomProgram(seed, drawing), seed, 2);
    expect(targets[0]).toMatchObject({ images: 5 });
    if (emulator) expect(targets[1]).toMatchObject({ name: 'Cortex-M4', images: 2 });
  },
);

describe.skipIf(!host && !emulator)('what the compilers make of it', () => {
  /** Every kind of layer, convolution and attention among them. */
  const program = randomProgram(86, LONG);
  const of = (c = written(program)) => proof(program, 86, 1, c).targets;

  test('multiplications are in convolution, attention, factors, gates and between entries, and nowhere else', () => {
    for (const { multiplications, name } of of()) {
      if (multiplications === null) continue;
      expect(multiplications.found, name).toEqual([]);
      expect(multiplications.looked, name).toEqual(
        expect.arrayContaining([
          'sum_shifted',
          'sum_distances',
          'by_terms',
          'run_window',
          'run_sum',
          'run_lookup',
        ]),
      );
      expect(multiplications.multiplying.toSorted(), name).toEqual([
        'by_factor',
        'run_attention',
        'run_curve',
        'run_gate',
        'shares',
        'sum_products',
      ]);
    }
  });

  test('a product among the shifts ends the export, with function and instruction', () => {
    const c = written(program);
    const source = c.source.replace(
      'acc += (ahead & sign) != 0 ? -part : part;',
      'acc += part * (int32_t)(ahead & sign ? -*x * *x : *x);',
    );
    expect(source).not.toBe(c.source);
    // its logits are wrong too, so it is only compiled
    const compiled = () =>
      proveC({ program, written: { ...c, source }, images: new Uint8Array(), emulated: 0 });
    const looked = of().some(({ multiplications }) => multiplications !== null);
    if (!looked) expect(compiled).not.toThrow();
    else {
      expect(compiled).toThrow(
        /makes multiplications of functions that only shift and add \(sum_shifted: i?m[ul].*so network\.c was not written/,
      );
    }
  });

  test('a wrong logit, and a warning, end the export', () => {
    const c = written(program);
    const wrong = c.source.replace('return t >> how->shift', 'return (t >> how->shift) + 1');
    expect(wrong).not.toBe(c.source);
    expect(() => of({ ...c, source: wrong })).toThrow(
      /gives logit \d of image \d as -?\d+, the integer program/,
    );
    const warned = `${c.source}\nstatic int idle(void) { return 0; }\n`;
    expect(() => of({ ...c, source: warned })).toThrow(/fails on the program .*idle/s);
  });

  test('its size: what the sections hold, and a stack', () => {
    const c = written(program);
    for (const { sizes } of of(c)) {
      if (sizes === null) continue;
      expect(sizes.memory).toBe(c.arena);
      expect(sizes.code).toBeGreaterThan(500);
      const weights = [...program.tensors.values()].filter(({ type }) => type === 'int8' || type === 'uint8');
      expect(sizes.constants).toBeGreaterThan(weights.reduce((sum, { data }) => sum + data.length, 0));
      expect(sizes.stack).toBeGreaterThan(40);
      expect(sizes.stack).toBeLessThan(600);
    }
  });
});

describe('without compilers', () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  test('nothing is proved, and each missing tool is named with its package', () => {
    process.env.PATH = '';
    const { targets, notes } = proof(randomProgram(1), 1, 1);
    expect(targets).toEqual([]);
    expect(notes).toEqual([NO_HOST, NO_CORTEX]);
    for (const note of [...notes, NO_QEMU]) expect(note).toMatch(/`apt-get install [a-z -]+`/);
  });
});

test('the text: the same each time, no floating point, no allocation, one header', () => {
  const program = randomProgram(8, LONG);
  const { source, header } = written(program);
  expect(written(program).source).toBe(source);
  expect(source).not.toMatch(/\b(float|double|malloc|calloc|free)\b/);
  expect([...`${source}${header}`.matchAll(/#include (\S+)/g)].map(([, file]) => file)).toEqual([
    '"network.h"',
    '<stdint.h>',
  ]);
  expect(Math.max(...source.split('\n').map((line) => line.length))).toBeLessThan(260);
});

test('names of layers become names of C, and comments cannot be left', () => {
  expect(layerName('layer0.stage0.conv1', 4)).toBe('op5_layer0_stage0_conv1');
  expect(layerName('a*/b\n', 0)).toBe('op1_a_b');
  expect(inComment('3-2:cs|a */ int x; ??/')).toBe('3-2:cs|a _/ int x; __/');
  expect([isPrefix('digits_2'), isPrefix('2digits'), isPrefix('a-b'), isPrefix('')]).toEqual([
    ...[true, false, false, false],
  ]);
});

test('operations of one image, counted by hand', () => {
  const build = new ProgramBuilder([2, 2, 1]);
  const value = { bits: 8, zero: 0, low: -128, high: 127, step: 1 } as const;
  const image = { ...value, shape: [2, 2, 1] } as const;
  // 4 numbers of one term that is shifted, and a shift behind it
  const terms = build.terms('t', [{ signs: [1, -1], places: [3, 0], addend: 5 }], 2);
  build.add({ kind: 'rescale', name: 'image', x: 0, requantise: terms }, image);
  const factors = build.multiply('f', [
    { multiplier: 3, addend: 0, shift: 1 },
    { multiplier: 3, addend: 0, shift: 1 },
  ]);
  const weight = build.tensor('w', 'int8', [2, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
  const window = { r: 2, s: 2, stride: 1, pad: 0, groups: 1 };
  build.add(
    { kind: 'window', arithmetic: 'conv', name: 'conv', x: 1, window, weight, requantise: factors },
    { ...value, shape: [1, 1, 2] },
  );
  expect(countOperations(build.program('drawn', ['a', 'b']))).toEqual({
    multiplications: 8 + 2,
    additions: 4 * 2 + 8 + 2,
    shifts: 4 * 2 + 2,
    divisions: 0,
  });
});
