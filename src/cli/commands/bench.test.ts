import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { MemoryAnswer, MemoryRequest } from '../../bench/memory-process.ts';
import { jsonOf, shiftaddnas } from '../testing/in-process.ts';
import { compiledProgram } from '../testing/program.ts';

const QUICK = ['--rounds', '1', '--backend', 'reference'];

test('rows as JSON, and nothing on stderr', async () => {
  const outcome = await shiftaddnas('bench', '--group', 'tape', ...QUICK, '--json');
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  const { machine, rows } = jsonOf(outcome);
  expect(machine).toContain('reference');
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    expect(row).toMatchObject({
      group: 'tape',
      unit: 'us',
      best: expect.any(Number),
      bars: expect.any(Array),
    });
  }
});

test('a table for people', async () => {
  const { code, stdout } = await shiftaddnas('bench', '--group', 'tape', ...QUICK);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^addition on the tape and back +4 elements .* us <= 5: [\d.]+ +(yes|NO)$/m);
  expect(stdout).toMatch(/^\d of 2 bars met$/m);
});

test('a group that is none', async () => {
  const { code, stderr } = await shiftaddnas('bench', '--group', 'tapes', ...QUICK);
  expect(code).toBe(2);
  expect(stderr).toContain('"tapes"; did you mean tape?');
});

test('--peer without PyTorch is one sentence that says what to install', async () => {
  // node is no Python: it cannot read the script
  const flags = ['--group', 'tape', ...QUICK, '--peer', '--python', process.execPath];
  const { code, stderr } = await shiftaddnas('bench', ...flags);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^shiftaddnas: --peer needs PyTorch.*python3-torch.*\n$/);
});

test('the process that measures memory', async () => {
  const script = join(dirname(await compiledProgram()), '..', 'bench', 'memory-process.js');
  const request: MemoryRequest = {
    backend: 'reference',
    threads: 1,
    network: 'supernet',
    batch: 2,
    steps: 3,
    mark: 1,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(request)]);
  const answer: MemoryAnswer = JSON.parse(stdout);
  expect(answer.peak).toBeGreaterThan(0);
  expect(answer.tensors).toBeGreaterThan(1e5);
  expect(answer.reserved[1]).toBeGreaterThanOrEqual(answer.tensors);
  expect(answer.resident.every((bytes) => bytes > 1e7)).toBe(true);
});
