import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { findAccelerator, latencyFamily } from '../../hardware/index.ts';
import { loadSpace } from '../../spaces/load.ts';
import { spaceShapes, withNeighbours } from '../calibration/shapes.ts';
import type { CommandContext } from '../command.ts';
import { calibrate } from './calibrate.ts';
import { cost } from './cost.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const context = (options: CommandContext['options']): CommandContext => ({
  options,
  positional: [],
  json: true,
  print: () => undefined,
  signal: new AbortController().signal,
});

const task = { image: { h: 16, w: 16, c: 1 }, classes: 10 };

test('shapes of a space: every operator family, each shape once, more of them where there are few', () => {
  const own = spaceShapes(loadSpace('micro'), task, 1);
  const families = new Set(own.map(({ load }) => latencyFamily(load)));
  for (const family of ['conv', 'add', 'shift', 'depthwise', 'depthwise-add', 'linear', 'matmul', 'norm']) {
    expect(families).toContain(family);
  }
  const more = withNeighbours(own, 12, Random.fromSeed(0));
  expect(more).toEqual(withNeighbours(own, 12, Random.fromSeed(0)));
  expect(more.slice(0, own.length)).toEqual(own);
  const conv = more.filter(({ load }) => latencyFamily(load) === 'conv');
  expect(conv.length).toBeGreaterThanOrEqual(12);
  expect(new Set(more.map(({ load, heads }) => JSON.stringify([load, heads]))).size).toBe(more.length);
});

test('timing this machine writes a file that cost takes, and measurements that give the same fit again', async () => {
  const [out, saved, again] = ['a.json', 'm.csv', 'b.json'].map((name) => join(folder, name));
  const here = { backend: 'reference', space: 'micro', resolution: 16, channels: 1, shapes: 8, rounds: 1 };
  const timed = (await calibrate.run(context({ ...here, out, saveMeasurements: saved }))) as {
    heldOutError: { median: number; p95: number };
    shapes: number;
  };
  expect(timed.heldOutError.p95).toBeGreaterThanOrEqual(timed.heldOutError.median);
  expect(readFileSync(saved, 'utf8').split('\n').length).toBe(timed.shapes + 3);
  const price = (await cost.run(
    context({ space: 'micro', genotype: '1-1:c|s', resolution: 16, channels: 1, accelerator: out }),
  )) as { latencyMs: number; energyMj: number };
  expect(price.latencyMs).toBeGreaterThan(0);
  expect(price.energyMj).toBeGreaterThan(0);
  await calibrate.run(context({ measurements: saved, out: again }));
  expect(Object.keys(findAccelerator(again).calibration?.families ?? {})).toEqual(
    Object.keys(findAccelerator(out).calibration?.families ?? {}),
  );
});

test('faults: a line of the file, a width this machine does not compute in', async () => {
  const path = join(folder, 'bad.csv');
  writeFileSync(path, 'kind,c,m,ms\nconv,8,8,0\n');
  await expect(calibrate.run(context({ measurements: path, out: join(folder, 'x.json') }))).rejects.toThrow(
    /bad\.csv, line 2: "ms" must be a time above zero/,
  );
  await expect(calibrate.run(context({ bits: '8' }))).rejects.toThrow(/--measurements only/);
});
