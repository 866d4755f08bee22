/**
 * What Yosys makes of the sources: gates that compute the same, and the areas of the built-in accelerator where the same
 * version is installed.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test, vi } from 'vitest';
import { findAccelerator } from '../../../hardware/index.ts';
import { VERILOG_DIR } from '../sources.ts';
import { allCodes, drawnNumbers, elementBench, runBench } from '../testing/bench.ts';
import { toolMissing, toolVersion } from '../tools.ts';
import { gatesAccelerator } from './accelerator.ts';
import { cellModules } from './cells.ts';
import { synthesiseElement } from './measure.ts';

vi.setConfig({ testTimeout: 300_000 });

const built = findAccelerator('rowstationary-45nm-gates');
const [measuredBy] = built.sources.areas.split(', ');
const installed = toolVersion('yosys');
const same = installed === measuredBy;
if (!same) {
  const why =
    installed === undefined
      ? toolMissing('yosys')
      : `${installed} is installed, measured was by ${measuredBy}`;
  console.log(`skipped: ${why}`);
}

describe.skipIf(!same)('rowstationary-45nm-gates', () => {
  test('is what Yosys makes of the elements', () => {
    const base = findAccelerator('rowstationary-45nm');
    const date = built.sources.areas.split(', ')[1].slice(0, 10);
    expect(gatesAccelerator({ base, name: built.name, date })).toEqual(built);
  });
});

const simulated = installed !== undefined && toolVersion('icarus') !== undefined;

describe.skipIf(!simulated)('gates compute what the sources say', () => {
  const x = drawnNumbers(8, 3000, 1);
  const weights = drawnNumbers(8, 3000, 2);
  const codes = allCodes(5);
  test.each([
    [
      'multiply',
      elementBench(
        'conv',
        8,
        8,
        x.map((own, i) => [own, weights[i]] as const),
      ),
    ],
    [
      'add',
      elementBench(
        'add',
        8,
        8,
        x.map((own, i) => [own, weights[i]] as const),
      ),
    ],
    [
      'shift',
      elementBench(
        'shift',
        8,
        5,
        x.map((own, i) => [own, codes[(7 * i) % codes.length]] as const),
      ),
    ],
  ] as const)('%s', (element, bench) => {
    const { netlist } = synthesiseElement(element, 8);
    expect(netlist).not.toMatch(/ [-+*] |<<|>>/);
    expect(runBench({ ...bench, netlist: cellModules() + netlist })).toBe('3000 vectors, 0 differ');
  });
});

test.skipIf(installed === undefined)('the whole engine can be synthesised, and has no latches', () => {
  const parameters = { ARITHMETIC: 1, REQUANTISE: 1, WEIGHT_BITS: 4, ROWS: 2, ROW_WORDS: 8, FILTER_WORDS: 4 };
  const flags = Object.entries(parameters).map(([key, value]) => `-chparam ${key} ${value}`);
  const commands = [
    `read_verilog ${VERILOG_DIR}rtl/*.v`,
    `hierarchy -check -top layer_engine ${flags.join(' ')}`,
    'proc; flatten; opt_clean; check -assert; stat',
  ];
  const { status, stdout, stderr } = spawnSync('yosys', ['-p', commands.join('; ')], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const cells = stdout.slice(stdout.lastIndexOf('=== layer_engine'));
  expect(cells).toMatch(/\$dff/);
  expect(cells).not.toMatch(/latch|\$mul\b|\$div/);
});
