import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { findAccelerator, latencyFamily, type Workload } from '../../hardware/index.ts';
import { readLatencyFile } from '../../search/latency/file.ts';
import { loadSpace } from '../../spaces/load.ts';
import {
  decodeTranslation,
  microSeq2seq,
  multi30k,
  networkOf,
  sampleTranslation,
  translationWorkloads,
} from '../../spaces/seq2seq/index.ts';
import { spaceShapes, translationShapes, withNeighbours } from '../calibration/shapes.ts';
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

test('shapes of a translation space: all that its networks are made of, filters over time among them', () => {
  const space = microSeq2seq();
  const own = translationShapes(space, { tokens: 6, vocabulary: 50 }, 2);
  const key = ({ kind, n, h, w, c, r, s, m, vector }: Workload) =>
    [kind, n, h, w, c, r, s, m, JSON.stringify(vector ?? '')].join();
  const known = new Set(own.map(({ load }) => key({ ...load, n: load.n / 2 })));
  const random = Random.fromSeed('shapes');
  for (let i = 0; i < 30; i++) {
    const network = networkOf(space, sampleTranslation(space, random, 'tuples'));
    for (const load of translationWorkloads(network, 6, 50)) expect(known).toContain(key(load));
  }
  const families = new Set(own.map(({ load }) => latencyFamily(load)));
  for (const family of ['filter', 'filter-add', 'shift', 'linear', 'matmul', 'residual', 'exponential'])
    expect(families).toContain(family);
  // Heads to the encoder: 2 of 4 channels each, for two sentences, over one or two encoder layers.
  const cross = own.filter(({ load }) => load.name === 'decoder.cross.scores');
  expect(cross.map(({ load, heads }) => [heads, load.n, load.c, load.m])).toEqual([[4, 24, 4, 12]]);
  const more = withNeighbours(own, 10, Random.fromSeed(0)).filter(
    ({ load }) => latencyFamily(load) === 'filter',
  );
  expect(more.length).toBeGreaterThanOrEqual(10);
  for (const { load } of more) expect(load.c % (load.heads ?? 0)).toBe(0);
});

test('timing a translation space: a file that prices its networks, with the error on shapes not seen', async () => {
  const [out, saved, again] = ['t.json', 't.csv', 'u.json'].map((name) => join(folder, name));
  const here = {
    backend: 'reference',
    space: 'micro-seq2seq',
    tokens: 6,
    vocabulary: 50,
    shapes: 8,
    rounds: 1,
  };
  const timed = (await calibrate.run(context({ ...here, out, saveMeasurements: saved }))) as {
    families: Record<string, { heldOut: number }>;
  };
  expect(timed.families['filter-add'].heldOut).toBeGreaterThan(0);
  const genotype = '8-12:C1f16.S2f16|AD2x2s2f16';
  const price = (await cost.run(
    context({ space: 'micro-seq2seq', genotype, tokens: 6, vocabulary: 50, accelerator: out }),
  )) as { latencyMs: number };
  expect(price.latencyMs).toBeGreaterThan(0);
  await calibrate.run(context({ measurements: saved, out: again }));
  expect(Object.keys(findAccelerator(again).calibration?.families ?? {})).toEqual(
    Object.keys(findAccelerator(out).calibration?.families ?? {}),
  );
});

test('whole networks: a predictor in a file, its error on networks it has not seen, and what is refused', async () => {
  const out = join(folder, 'latency.json');
  const here = {
    backend: 'auto',
    space: 'micro-seq2seq',
    tokens: 3,
    vocabulary: 20,
    beam: 2,
    rounds: 1,
  };
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const found = (await calibrate.run({ ...context({ ...here, networks: 20, out }), print })) as {
    heldOut: { genotype: string; predictedMs: number }[];
    heldOutError: { median: number };
  };
  expect(lines.join()).toMatch(
    /relative error on 5 networks it has not seen .* median \d+\.\d+ %, 95th percentile/,
  );
  const { predictor, file } = readLatencyFile(out, microSeq2seq());
  expect(file).toMatchObject({ networks: 24, timing: { tokens: 3, vocabulary: 20, beam: 2 } });
  expect(file.heldOutError).toEqual(found.heldOutError);
  for (const { genotype, predictedMs } of found.heldOut)
    expect(predictor.predict(decodeTranslation(microSeq2seq(), genotype))).toBe(predictedMs);

  expect(() => readLatencyFile(out, multi30k())).toThrow(
    /predicts latencies of space 'micro-seq2seq', but space 'multi30k'/,
  );
  const other = { ...microSeq2seq(), attention: 16 };
  expect(() => readLatencyFile(out, other)).toThrow(/its choices have changed/);
  const text = readFileSync(out, 'utf8');
  const broken = join(folder, 'broken.json');
  for (const [damage, why] of [
    [text.slice(0, -20), /cannot be read \(/],
    [text.replace('"inputs"', '"input"'), /model\.layers\.0/],
    [text.replace('"outputs":1,', '"outputs":2,'), /not as many weights/],
  ] as const) {
    writeFileSync(broken, damage);
    expect(() => readLatencyFile(broken, microSeq2seq())).toThrow(why);
  }
  await expect(calibrate.run(context({ ...here, space: 'micro', networks: 20, out }))).rejects.toThrow(
    /a space for translation is needed/,
  );
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
