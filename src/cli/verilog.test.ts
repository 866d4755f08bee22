/** `export --to verilog` of an integer program's folder: what is written can be simulated where it lies. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { toolMissing, toolVersion, writeProgram } from '../deploy/index.ts';
import { randomProgram } from '../deploy/integer/testing/random-program.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';

const there = toolVersion('icarus') !== undefined;
if (!there) console.log(`skipped: ${toolMissing('icarus')}`);

let dir: string;
beforeAll(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'to-verilog-'));
  writeProgram(join(dir, 'integer'), randomProgram(1));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

const exported = (...flags: string[]) =>
  shiftaddnas('export', join(dir, 'integer'), '--to', 'verilog', '--images', '5', ...flags);

test.skipIf(!there)('proved in Icarus, and again by its own script', async () => {
  const found = jsonOf(await exported('--simulator', 'icarus', '--simulated-images', '2', '--json'));
  expect(found).toMatchObject({ network: 'drawn', simulatedImages: 2, maxDifference: null });
  const [{ simulator, outputs }] = found.simulations;
  expect(simulator).toBe('icarus');
  const script = spawnSync('sh', [join(dir, 'verilog', 'simulate.sh'), 'icarus'], { encoding: 'utf8' });
  expect(script.stdout).toMatch(/all outputs are right\n$/);
  const counted = [...script.stdout.matchAll(/: (\d+) outputs, 0 differ/g)];
  expect(counted).toHaveLength(2 * found.layers);
  expect(counted.reduce((sum, [, own]) => sum + Number(own), 0)).toBe(outputs);
});

test.skipIf(!there)(
  'a Verilator that cannot build leaves the proof to Icarus, unless it is asked for',
  async () => {
    const path = join(dir, 'path');
    fs.mkdirSync(path);
    for (const name of ['iverilog', 'vvp', 'sh', 'dirname', 'mkdir', 'grep', 'tee']) {
      const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
      fs.symlinkSync(real, join(path, name));
    }
    fs.writeFileSync(join(path, 'verilator'), '#!/bin/sh\necho Verilator 5\n', { mode: 0o755 });
    vi.stubEnv('PATH', path);
    const { simulations } = jsonOf(await exported('--out', join(dir, 'by-icarus'), '--json'));
    expect(simulations.map((one: { simulator: string }) => one.simulator)).toEqual(['icarus']);
    const { code, stderr } = await exported('--simulator', 'verilator', '--out', join(dir, 'none'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/verilator, .*, needs make and a C\+\+ compiler, not found on the PATH/);
    expect(fs.existsSync(join(dir, 'none'))).toBe(false);
  },
);

test('without a simulator it is written, and said', async () => {
  const { code, stdout } = await exported('--simulator', 'none', '--out', join(dir, 'plain'));
  expect(code).toBe(0);
  expect(stdout).toMatch(/plain: drawn, .* in \d+ files\n/);
  expect(stdout).toMatch(/not simulated, as asked/);
  expect(stdout).toMatch(/the other \d+ operations are not in Verilog/);
  expect(fs.readFileSync(join(dir, 'plain', 'README.md'), 'utf8')).toMatch(/^# drawn in Verilog/);
});
