/**
 * The layer engine in two simulators against the reference interpreter, output by output, on drawn programs: all three
 * arithmetics, both forms of requantisation, 8 and 16 bits, strides, padding and groups.
 */
import { describe, expect, test, vi } from 'vitest';
import type { IntegerProgram } from '../integer/program.ts';
import { randomImages, randomProgram } from '../integer/testing/random-program.ts';
import { windowLayers } from './engines.ts';
import { verilogFolder } from './folder.ts';
import { simulate } from './simulate.ts';
import { toolMissing, toolVersion } from './tools.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Every kind of layer in one program, for building takes Verilator longer than running. */
const MIXED = randomProgram(182, { operations: 14, side: 9, channels: 4, most: 8 });

/** What must be among the layers for a comparison to say something. */
function kindsOf(programs: readonly IntegerProgram[]): string[] {
  const kinds = new Set<string>();
  for (const program of programs) {
    for (const { operation, from } of windowLayers(program)) {
      const { arithmetic, requantise, window } = operation;
      kinds.add(`${arithmetic} ${requantise.kind}`).add(`${from.bits} bits`);
      if (arithmetic === 'add' && operation.weightShift > 0) kinds.add('shifted adder weights');
      if (window.stride > 1) kinds.add('stride');
      if (window.stride > window.r) kinds.add('stride beyond the window');
      if (window.pad > 0) kinds.add(from.zero === 0 ? 'pad' : 'pad with a zero that is not 0');
      if (window.groups > 1) kinds.add('groups');
    }
  }
  return [...kinds].sort();
}

const KINDS = [
  ...['16 bits', '8 bits', 'add multiply', 'add terms', 'conv multiply', 'groups', 'pad'],
  ...['pad with a zero that is not 0', 'shift multiply', 'shift terms', 'shifted adder weights'],
  ...['stride', 'stride beyond the window'],
];

describe.each([
  ['icarus', [MIXED, ...Array.from({ length: 6 }, (_, seed) => randomProgram(seed))], 2],
  ['verilator', [MIXED], 2],
] as const)('%s', (simulator, programs, images) => {
  const there = toolVersion(simulator) !== undefined;
  if (!there) console.log(`skipped: ${toolMissing(simulator)}`);

  test('the drawn programs have layers of every kind', () => {
    expect(kindsOf(programs)).toEqual(KINDS);
  });

  test.skipIf(!there)('every output is that of the reference', () => {
    for (const [seed, program] of programs.entries()) {
      const runs = simulate(verilogFolder(program, randomImages(program, seed, images)), simulator);
      expect(runs.filter(({ differ }) => differ > 0)).toEqual([]);
      expect(runs.every(({ outputs, clocks }) => clocks >= outputs)).toBe(true);
    }
  });
});

test.skipIf(toolVersion('icarus') === undefined)('weights of another network are seen', () => {
  const program = randomProgram(1);
  const folder = verilogFolder(program, randomImages(program, 0, 3));
  const name = [...folder.files.keys()].find((path) => path.endsWith('add/weights.hex'))!;
  const zeros = folder.files.get(name)!.map((digit) => (digit === LINE_END ? digit : ZERO));
  const runs = simulate({ ...folder, files: new Map(folder.files).set(name, zeros) }, 'icarus');
  const wrong = new Set(runs.filter(({ differ }) => differ > 0).map(({ layer }) => `${layer}/weights.hex`));
  expect([...wrong]).toEqual([name]);
});

const [LINE_END, ZERO] = ['\n'.charCodeAt(0), '0'.charCodeAt(0)];
