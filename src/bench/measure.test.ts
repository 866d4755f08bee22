/** Rows from small measurements on the reference, with peaks and a peer that are made up: never how long they took. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { PeakMeter } from '../backends/peaks.ts';
import { createReference } from '../backends/reference/reference.ts';
import { type ErrorCode, ShiftAddError } from '../core/errors.ts';
import { loadSharp } from '../data/image.ts';
import { compileWorker } from '../data/testing/worker-program.ts';
import { imageBatches } from '../training/image-batches.ts';
import type { KernelCase } from './cases.ts';
import { measureWaiting } from './data.ts';
import { measureDecoding } from './decoding.ts';
import { measureKernels } from './kernels.ts';
import type { Measuring } from './measuring.ts';
import type { Peer } from './peer.ts';
import { recipeOptions } from './recipe.ts';
import { clocked, measureSupernet, supernetRows } from './supernet.ts';
import { measureTape } from './tape.ts';
import { measureThreads } from './threads.ts';
import { burst, median } from './timing.ts';
import { untilStopped } from './waiting.ts';

const RATE = 1e9;

function measuring(changes: Partial<Measuring> = {}): Measuring & { done: number[] } {
  const done: number[] = [];
  return {
    ...{ backend: createReference(), backendName: 'reference', peer: undefined, freshPeer: undefined },
    ...{ peaks: undefined, rounds: 2, long: false, signal: new AbortController().signal },
    ...changes,
    progress: (part) => done.push(part),
    done,
  };
}

const CONV = {
  kind: 'conv',
  pass: 'forward',
  n: 1,
  size: 4,
  c: 2,
  m: 3,
  window: 3,
  stride: 1,
  depthwise: false,
} as const;
const CASES: readonly KernelCase[] = [
  {
    id: 'a',
    group: 'conv',
    job: CONV,
    bars: [
      { of: 'share', least: 0 },
      { of: 'peer', most: 1e9 },
    ],
    peer: true,
  },
  {
    id: 'b',
    group: 'adder',
    job: { ...CONV, kind: 'adder', pass: 'both' },
    bars: [{ of: 'case', id: 'a', most: 0 }],
    peer: false,
  },
];

test('shares come from the peaks, ratios from pairs', async () => {
  const peaks: PeakMeter = { read: () => RATE, dispose: () => {} };
  const asked: object[] = [];
  const peer: Peer = {
    introduction: {},
    warnings: [],
    time: async (job) => {
      asked.push(job);
      return [4, 2, 3];
    },
    ask: async () => ({}),
    close: () => {},
  };
  const m = measuring({ peaks, peer });
  const rows = await measureKernels(m, CASES, true);
  expect(rows.filter(({ group }) => group === 'peaks').map(({ best }) => best)).toEqual([1, 1, 1, 1, 1, 1]);
  const [a, b] = rows.slice(6);
  const ideal = (2 * 16 * 3 * 18) / 1e6; // ms at RATE
  expect(a.share?.best).toBeCloseTo(ideal / a.best, 12);
  expect(a.rate?.value).toBeCloseTo(ideal / a.best, 12);
  expect(a.peer).toMatchObject({ median: 2, pairs: 2 });
  expect(a.bars).toHaveLength(2);
  expect(a.bars.every(({ met }) => met)).toBe(true);
  expect(asked).toEqual([CONV, CONV]);
  expect(b.peer).toBeUndefined();
  expect(b.bars).toMatchObject([{ text: 'conv <= 0', met: false }]);
  expect(m.done.at(-1)).toBe(1);
  m.backend.dispose();
});

test('without peaks and peer there are times and no bars', async () => {
  const m = measuring();
  const [a] = await measureKernels(m, CASES.slice(0, 1), true);
  expect(a).not.toHaveProperty('share');
  expect(a).not.toHaveProperty('peer');
  expect(a.bars).toEqual([]);
  expect(a.best).toBeLessThanOrEqual(a.median);
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

test('a measurement that was asked to stop says so and gives its memory back', async () => {
  const stop = new AbortController();
  stop.abort();
  const m = measuring({ signal: stop.signal });
  await expect(measureKernels(m, CASES, false)).rejects.toThrow('stopped');
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

test('the tape gives its memory back', async () => {
  const m = measuring({ rounds: 1 });
  const rows = await measureTape(m);
  expect(rows.map(({ id }) => id)).toEqual(['plain', 'recorded', 'back']);
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

test('one thread is not compared with itself', async () => {
  const m = measuring();
  expect(await measureThreads(m)).toEqual([]);
  m.backend.dispose();
});

test('waiting for data is a share of the time of training, and its bar is 3 %', async () => {
  const m = measuring();
  const brief = { warmUpMs: 1, trainedMs: 1 };
  const row = await measureWaiting(m, { space: 'micro', side: 16, batch: 2 }, brief);
  expect(row).toMatchObject({ unit: '%', bars: [{ text: '% waiting <= 3', value: row.median }] });
  // the thread that trains makes its own batches here, so some of its time goes there, and not all
  expect(row.best).toBeGreaterThan(0);
  expect(row.median).toBeLessThan(100);
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

test('JPEGs that are kept decoded, and decoded while training: two recipes at each size, in files that are gone afterwards', async (context) => {
  if ((await loadSharp().catch(() => undefined)) === undefined) return context.skip('sharp is not there');
  const compiled = compileWorker();
  const m = measuring({ rounds: 1 });
  const roots = new Set<string>();
  try {
    const rows = await measureDecoding(m, {
      ...{ folder: { count: 20, side: 40 }, times: { warmUpMs: 1, trainedMs: 1, stoppedMs: 1 } },
      sizes: [{ space: 'micro', side: 16, batch: 4 }],
      batchesOf(options) {
        roots.add(dirname(options.set.files!.root));
        expect([options.set.count, options.set.pixels.length]).toEqual([20, 0]);
        return imageBatches(options, 1, compiled.program);
      },
    });
    const ids = ['rand-augment', 'full'];
    expect(rows.map(({ id }) => id)).toEqual([
      ...ids.map((id) => `stored-micro-16-${id}`),
      ...ids.map((id) => `decoding-micro-16-${id}`),
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ group: 'data', unit: '%', shape: 'batch 4, 16x16x3, data threads: 1' });
      expect(row.bars[0]).toMatchObject({ text: '% waiting <= 3', value: row.median });
      // the thread that trains cannot decode: it stands still for its first batch at least
      expect(row.best).toBeGreaterThan(0);
    }
    expect([...roots].map((root) => existsSync(root))).toEqual([false]);
    expect(m.done.at(-1)).toBe(1);
  } finally {
    compiled.remove();
    m.backend.dispose();
  }
});

test('of training that waits too much, how long it goes on is told beside the share, whose bar stays', async () => {
  const m = measuring();
  const sizes = { space: 'micro', side: 16, batch: 2 };
  const row = await measureWaiting(m, sizes, { warmUpMs: 1, trainedMs: 1 });
  const batches = () => imageBatches(recipeOptions({}, { ...sizes, classes: 10 }), 0);
  const failing = (code: ErrorCode) => ({
    ...batches(),
    batch: (step: number) => (step < 3 ? batches().batch(step) : raise(new ShiftAddError(code, 'stop'))),
  });
  const stopped = await untilStopped(m, row, { sizes, batches: failing('disk') });
  expect(stopped.bars).toMatchObject([row.bars[0], { text: 's until stopped <= 40', met: true }]);
  const going = await untilStopped(m, row, { sizes, batches: batches() }, 1);
  expect(going.bars).toMatchObject([row.bars[0], { value: Number.POSITIVE_INFINITY, met: false }]);
  await expect(untilStopped(m, row, { sizes, batches: failing('data') })).rejects.toMatchObject({
    code: 'data',
  });
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

function raise(error: Error): never {
  throw error;
}

test('a supernet step by kernel', async () => {
  const m = measuring({ rounds: 1 });
  const [step, ...kernels] = await measureSupernet(m, { space: 'micro', side: 16, batch: 2 });
  expect(step.bars).toHaveLength(1);
  expect(kernels.map(({ id }) => id)).toContain('convForward');
  expect(m.backend.memory().used).toBe(0);
  m.backend.dispose();
});

test('the share of heavy kernels is theirs of the whole step', () => {
  const spent = new Map([
    ['convForward', { ms: 12, calls: 20 }],
    ['matmul', { ms: 2, calls: 2 }],
    ['unary', { ms: 4, calls: 60 }],
    ['fill', { ms: 0.1, calls: 1 }],
  ]);
  const rows = supernetRows([9, 11], spent, { space: 'micro', side: 16, batch: 2 });
  expect(rows[0]).toMatchObject({ best: 9, median: 10, bars: [{ value: 70, met: true }] });
  expect(rows.slice(1).map(({ id, best }) => [id, best])).toEqual([
    ['convForward', 6],
    ['unary', 2],
    ['matmul', 1],
  ]);
  expect(rows[2].shape).toBe('30.0 calls a step');
});

test('the clock counts kernels and nothing else', () => {
  const backend = createReference();
  const spent = new Map();
  const timed = clocked(backend, spent);
  const x = timed.allocate(4);
  timed.fill(x, 1);
  timed.fill(x, 2);
  expect([...spent.keys()]).toEqual(['fill']);
  expect(spent.get('fill').calls).toBe(2);
  backend.dispose();
});

test('a burst of a quick function runs until it has run often enough', async () => {
  let runs = 0;
  const count = () => {
    runs++;
  };
  const ms = await burst(count, 1e4);
  expect(runs).toBe(201); // the first does not count
  expect(ms).toBeGreaterThanOrEqual(0);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
