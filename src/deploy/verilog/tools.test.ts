import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { randomImages, randomProgram } from '../integer/testing/random-program.ts';
import { verilogFolder } from './folder.ts';
import { simulate } from './simulate.ts';
import { toolMissing, toolVersion } from './tools.ts';

const root = fs.mkdtempSync(join(tmpdir(), 'tools-'));
let path: string;
beforeEach(() => {
  path = fs.mkdtempSync(join(root, 'path-'));
  vi.stubEnv('PATH', path);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** A command on the PATH that says who it is. */
const put = (name: string) =>
  fs.writeFileSync(join(path, name), `#!/bin/sh\necho "${name} 1.0"\n`, { mode: 0o755 });

test('Verilator is there when make, a compiler and a shell are; what is missing is named', () => {
  expect(toolVersion('verilator')).toBeUndefined();
  expect(toolMissing('verilator')).toBe(
    'verilator, which simulates Verilog, is not installed; Debian and Ubuntu have it: apt-get install verilator',
  );
  put('verilator');
  put('sh');
  expect(toolVersion('verilator')).toBeUndefined();
  expect(toolMissing('verilator')).toBe(
    'verilator, which simulates Verilog, needs make and a C++ compiler, not found on the PATH; Debian and Ubuntu have it: apt-get install make g++',
  );
  put('make');
  expect(toolMissing('verilator')).toMatch(/needs a C\+\+ compiler, not found .*: apt-get install g\+\+$/);
  put('clang++');
  expect(toolVersion('verilator')).toBe('verilator 1.0');
});

test('a simulator without a shell is a sentence', () => {
  put('iverilog');
  const program = randomProgram(1);
  const folder = verilogFolder(program, randomImages(program, 1, 1));
  expect(() => simulate(folder, 'icarus')).toThrow(
    /^iverilog, which simulates Verilog, needs sh, not found on the PATH; .*: apt-get install dash$/,
  );
});

test('a synthesiser needs nothing besides', () => {
  put('yosys');
  expect(toolVersion('yosys')).toBe('yosys 1.0');
});
