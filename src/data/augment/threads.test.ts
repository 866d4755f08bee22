/** Batches of threads are the batches of BatchMaker, whatever the number of threads and the order of asking. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { BatchMaker, type BatchOptions } from '../batches.ts';
import { compileWorker, type WorkerProgram } from '../testing/worker-program.ts';
import { PLAIN_RECIPE } from './recipe.ts';
import { BatchThreads } from './threads.ts';

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
    const [STATE, COUNT, WANTED, TAKEN, READY] = [2, 5, 1, 2, 3];
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
  const [HEAD, WORDS, WANTED, READY] = [2, 4, 1, 3];
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

test('training that waits for pictures which were to be kept stops and says what to do; where waiting is asked for it goes on', () => {
  const files = {
    root: 'nowhere',
    names: Array.from({ length: 40 }, (_, i) => `${i}.png`),
    unreadableShare: 0,
  };
  const program = new URL(`data:text/javascript,${encodeURIComponent(slowProgram(5))}`);
  const train = (mostWaiting: number | undefined) => {
    const limited = { ...files, ...(mostWaiting === undefined ? {} : { mostWaiting }) };
    const set = { ...options.set, pixels: new Uint8Array(0), files: limited };
    const pool = new BatchThreads({ ...options, set }, { threads: 1, spanMs: 50, program });
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
