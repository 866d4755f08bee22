/** Batches of threads are the batches of BatchMaker, whatever the number of threads and the order of asking. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { BatchMaker, type BatchOptions } from '../batches.ts';
import { BatchDecoder } from '../decodebatch.ts';
import { echoFromStart } from '../echo.ts';
import { loadSharp } from '../image.ts';
import { openDataset } from '../open.ts';
import { drawPictures } from '../testing/drawn-pictures.ts';
import { compileWorker, type WorkerProgram } from '../testing/worker-program.ts';
import { PLAIN_RECIPE } from './recipe.ts';
import { BatchThreads } from './threads.ts';

const sharp = await loadSharp().catch((error) => {
  console.log(`threads that decode: skipped, ${error.message}`);
  return undefined;
});

let compiled: WorkerProgram;
beforeAll(() => {
  compiled = compileWorker();
}, 120_000);
afterAll(() => compiled.remove());

const options: BatchOptions = {
  set: {
    count: 40,
    height: 9,
    width: 8,
    channels: 3,
    pixels: Uint8Array.from({ length: 40 * 216 }, (_, i) => (i * i * 3 + i * 7) % 256),
    labels: Uint8Array.from({ length: 40 }, (_, i) => i % 4),
  },
  normal: { classes: ['a', 'b', 'c', 'd'], mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.2, 0.3] },
  batchSize: 6,
  random: Random.fromSeed('threads').state(),
  augmentation: { mirror: true, cropPad: 1, padding: 'edge' },
  smoothing: 0.1,
  recipe: { ...PLAIN_RECIPE, randAugment: 9, jitter: 0.4, erasing: 0.25, mixup: 0.8, cutmix: 1, repeats: 2 },
};

test.each([1, 3])(
  '%d threads give the bytes of one maker, also when steps are passed over',
  async (threads) => {
    const maker = new BatchMaker(options);
    const pool = new BatchThreads(options, { threads, program: compiled.program });
    try {
      let fromThreads = 0;
      let previous = -1;
      for (const step of [0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 3, 4, 5, 5, 5]) {
        if (step === previous + 1 && step > 0) await until(() => pool.has(step));
        if (pool.has(step)) fromThreads++;
        previous = step;
        const expected = maker.batch(Math.floor(step / maker.stepsPerEpoch), step % maker.stepsPerEpoch);
        const found = pool.batch(step);
        expect(found.count).toBe(6);
        expect([...found.labels]).toEqual([...expected.labels]);
        expect([...found.targets]).toEqual([...expected.targets]);
        expect([...found.images]).toEqual([...expected.images]);
      }
      expect(fromThreads).toBeGreaterThanOrEqual(11); // every step that follows the one before it
      expect(pool.waited).toBeGreaterThan(0);
    } finally {
      pool.dispose();
    }
  },
);

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000 && !condition(); tries++) await new Promise((r) => setTimeout(r, 10));
}

test('threads that never come up are no error: batches are made on the spot', () => {
  const pool = new BatchThreads(options, {
    threads: 1,
    program: pathToFileURL(join(compiled.folder, 'nothing.js')),
  });
  const expected = [...new BatchMaker(options).batch(0, 2).images];
  expect([...pool.batch(2).images]).toEqual(expected);
  expect(pool.has(3)).toBe(false);
  pool.dispose();
});

test('one that is woken while its batch is being made sleeps on until it is there', () => {
  // takes the first slot, wakes whoever sleeps on it again and again, and is done after a while
  const slow = `
    import { workerData } from 'node:worker_threads';
    const { exchange } = workerData;
    const control = new Int32Array(exchange.control);
    const [STATE, COUNT, WANTED, TAKEN, READY] = [3, 6, 1, 2, 3];
    while (Atomics.compareExchange(control, STATE, WANTED, TAKEN) !== WANTED) Atomics.wait(control, 0, 0, 1);
    for (let i = 0; i < 100; i++) {
      Atomics.notify(control, STATE);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
    Atomics.store(control, COUNT, 4);
    Atomics.store(control, STATE, READY);
    Atomics.notify(control, STATE);`;
  const files = {
    root: 'nowhere',
    names: Array.from({ length: 40 }, (_, i) => `${i}.png`),
    unreadableShare: 0,
  };
  const set = { ...options.set, pixels: new Uint8Array(0), files };
  const pool = new BatchThreads(
    { ...options, set },
    { threads: 1, program: new URL(`data:text/javascript,${encodeURIComponent(slow)}`) },
  );
  expect(pool.batch(0).count).toBe(4);
  pool.dispose();
});

test('another thread is started where training waits for those there are, up to a limit', () => {
  const idle = new URL(`data:text/javascript,${encodeURIComponent('setInterval(() => {}, 1000);')}`);
  const alone = new BatchThreads(options, { threads: 1, program: idle });
  const growing = new BatchThreads(options, { threads: 1, mostThreads: 3, program: idle });
  const until = performance.now() + 60_000;
  for (let step = 0; growing.threads < 3 && performance.now() < until; step++) {
    for (const pool of [alone, growing]) pool.batch(step);
  }
  const enough = performance.now() + 1000;
  for (let step = 0; performance.now() < enough; step++) growing.batch(step);
  expect([alone.threads, growing.threads]).toEqual([1, 3]);
  for (const pool of [alone, growing]) pool.dispose();
});

/** Makes whatever is wanted, in so many milliseconds a batch. */
const slowProgram = (milliseconds: number) => `
  import { workerData } from 'node:worker_threads';
  const { exchange: { control: words, slots } } = workerData;
  const control = new Int32Array(words);
  const [HEAD, WORDS, WANTED, READY] = [3, 4, 1, 3];
  const nap = (time) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
  for (;;) {
    for (let slot = 0; slot < slots; slot++) {
      const state = HEAD + WORDS * slot;
      if (Atomics.load(control, state) !== WANTED) continue;
      nap(${milliseconds});
      Atomics.store(control, state + 3, 1);
      Atomics.store(control, state, READY);
      Atomics.notify(control, state);
    }
    nap(1);
  }`;

/** Of a set whose pictures could not be kept; `most` waiting, where there is a limit. */
function decoded(program: URL, most: number | undefined, uses?: number) {
  const files = {
    root: 'nowhere',
    names: Array.from({ length: 40 }, (_, i) => `${i}.png`),
    ...{ unreadableShare: 0, ...(most === undefined ? {} : { mostWaiting: most }) },
  };
  const set = { ...options.set, pixels: new Uint8Array(0), files };
  return new BatchThreads({ ...options, set, uses }, { threads: 1, spanMs: 50, program });
}

test('training that waits for pictures which were to be kept stops and says what to do; where waiting is asked for it goes on', () => {
  const program = new URL(`data:text/javascript,${encodeURIComponent(slowProgram(5))}`);
  const train = (mostWaiting: number | undefined) => {
    const pool = decoded(program, mostWaiting);
    try {
      for (let step = 0; step < 200; step++) pool.batch(step); // nothing but waiting, a second in all
    } finally {
      pool.dispose();
    }
  };
  expect(() => train(undefined)).not.toThrow();
  expect(() => train(1)).not.toThrow();
  expect(() => train(0.03)).toThrow(
    /waits (9\d|100) % of its time for pictures of nowhere, .*--resume \(--data-disk allows more.*--data-disk 0$/,
  );
});

test('where training waits, pictures are used more often from a step on that nobody has ordered, unless it is said how often', () => {
  const program = new URL(`data:text/javascript,${encodeURIComponent(slowProgram(5))}`);
  const pool = decoded(program, 0.03);
  const until = performance.now() + 60_000;
  let step = 0;
  while (pool.echoes.length === 0 && performance.now() < until) pool.batch(step++);
  const [echo] = pool.echoes;
  expect(echo).toMatchObject({ uses: 3 }); // of six images three are different
  expect(echo.step).toBeGreaterThan(step);
  expect(echo.from).toBe(new BatchMaker(options).newAt(echo.step));
  pool.dispose();

  for (const [most, uses] of [
    [undefined, undefined],
    [2, undefined],
    [undefined, 1],
    [1, 3],
  ] as const) {
    const other = decoded(program, most, uses);
    const before = [...other.echoes];
    for (let at = 0; at < 100; at++) other.batch(at);
    expect(other.echoes).toEqual(before);
    expect(before).toEqual(uses === 3 ? [echoFromStart(3, new BatchMaker(options).echoShape)] : []);
    other.dispose();
  }
  const once = decoded(program, 0.03, 1);
  expect(() => {
    for (let at = 0; at < 400; at++) once.batch(at);
  }).toThrow(/waits/);
  expect(once.echoes).toEqual([]);
  once.dispose();
});

test('what was used more often is gone on with after a stop', () => {
  const echoes = [
    { step: 5, uses: 1, from: 15 },
    { step: 9, uses: 3, from: 27 },
  ];
  const maker = new BatchMaker(options);
  for (const echo of echoes) maker.echo(echo);
  const pool = new BatchThreads(options, { threads: 2, program: compiled.program });
  pool.restore(echoes);
  for (let step = 3; step < 30; step++) {
    const expected = maker.batch(Math.floor(step / maker.stepsPerEpoch), step % maker.stepsPerEpoch);
    const found = pool.batch(step);
    expect([...found.images]).toEqual([...expected.images]);
    expect([...found.targets]).toEqual([...expected.targets]);
  }
  expect(pool.echoes).toEqual(echoes);
  pool.dispose();
});

test.skipIf(sharp === undefined)(
  'pictures that threads decode for each other are those that each would decode',
  async () => {
    const root = fs.mkdtempSync(join(tmpdir(), 'echo-'));
    await drawPictures(sharp!, root);
    const dataset = await openDataset(`folder:${root}`, { imageSize: 8, memory: 0, unreadableShare: 0.1 });
    const set = dataset.train;
    const decoding: BatchOptions = { ...options, set, normal: dataset, uses: 3 };
    const maker = new BatchMaker(decoding);
    maker.echo(echoFromStart(3, maker.echoShape));
    const decoder = new BatchDecoder(set, maker.indices, { full: true, report: () => {} });
    const pools = [1, 3].map((threads) => new BatchThreads(decoding, { threads, program: compiled.program }));
    for (let step = 0; step < 20; step++) {
      const [epoch, inEpoch] = [Math.floor(step / maker.stepsPerEpoch), step % maker.stepsPerEpoch];
      const expected = maker.batch(
        epoch,
        inEpoch,
        undefined,
        await decoder.decode(maker.items(epoch, inEpoch)),
      );
      for (const pool of pools) {
        const found = pool.batch(step);
        expect([...found.labels]).toEqual([...expected.labels]);
        expect([...found.images]).toEqual([...expected.images]);
      }
    }
    for (const pool of pools) {
      expect(pool.unreadable()).toHaveLength(1);
      pool.dispose();
    }
    fs.rmSync(root, { recursive: true, force: true });
  },
);
