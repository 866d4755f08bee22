/** Jobs done in threads give what this thread gives, whatever happens to the threads. */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../backends/backend.ts';
import { availableBackends, openBackend } from '../backends/open.ts';
import { WALL_CLOCK_FIELDS } from '../core/events.ts';
import { Random } from '../core/random.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { drawGlyphs } from '../data/glyphs/glyphs.ts';
import { stratified } from '../data/split.ts';
import type { EvaluateJob, Evaluator, JobEvent, TrainJob } from '../runs/evaluation/evaluator.ts';
import { inOrder } from '../runs/evaluation/in-order.ts';
import { InProcess } from '../runs/evaluation/in-process.ts';
import { Threads } from '../runs/evaluation/threads.ts';
import { DEFAULT_CONFIG } from '../runs/options.ts';
import type { JobContext } from '../runs/pipeline/context.ts';
import { sharingAloneOf } from '../runs/pipeline/sharing-of.ts';
import { encode } from '../spaces/genotype.ts';
import { loadSpace } from '../spaces/load.ts';
import { sample } from '../spaces/sample.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { compiledProgram } from './testing/program.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const folder = fs.mkdtempSync(join(tmpdir(), 'workers-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let program: URL;
beforeAll(async () => {
  const main = await compiledProgram();
  program = pathToFileURL(join(dirname(dirname(main)), 'runs', 'evaluation', 'thread.js'));
});

const space = loadSpace('micro');
const task = { image: { h: 16, w: 16, c: 1 }, classes: 10 };
const images = drawGlyphs({ seed: 1, train: 160, test: 10, size: 16 });
const dataset: ImageDataset = {
  ...{ source: 'test', classes: Array.from({ length: 10 }, (_, i) => `${i}`), mirrorable: false },
  ...{ ...images, mean: [0.2], deviation: [0.3], notes: [] },
};
const random = Random.fromSeed(1);
const split = stratified(dataset.train.labels, 60, random);
const config = { ...DEFAULT_CONFIG, scoreImages: 60, calibrationImages: 64, batch: 20, epochs: 2 };
const paths = Array.from({ length: 7 }, (_, i) => encode(sample(space, random.split(i))));

interface Bench {
  readonly backend: Backend;
  readonly context: JobContext;
  readonly network: Network;
}

async function bench(name: 'native' | 'wasm' | 'reference' | 'auto'): Promise<Bench> {
  const backend = await openBackend(name, { threads: 2 });
  const checkpoints = fs.mkdtempSync(join(folder, 'checkpoints-'));
  const sharing = DEFAULT_SHARING;
  const images = { config, dataset, split, task, random };
  const context = {
    ...images,
    backend,
    space,
    sharing,
    sharingAlone: sharingAloneOf(config),
    quantisation: undefined,
    checkpoints,
    saveEvery: 0,
    unreadable: new Set<string>(),
  };
  const network = new Network(backend, { space, task, sharing: DEFAULT_SHARING }, random.split('weights'));
  return { backend, context, network };
}

/** Scores of all paths, every other one on a part of the images. */
async function scores(evaluator: Evaluator, network: Network): Promise<unknown[]> {
  const { supernet, withdraw } = await evaluator.offer(network);
  const results: unknown[] = [];
  for await (const { result } of inOrder(evaluator, jobsOf(supernet))) results.push(result);
  await withdraw();
  return results;
}

function jobsOf(supernet: string): EvaluateJob[] {
  return paths.map((genotype, i) => ({
    ...{ kind: 'evaluate', supernet, genotype },
    ...(i % 2 === 0 ? {} : { share: 0.5 }),
  }));
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => error.code,
  );

/** Two trainings at once, with what they told; a network trained before goes on from its checkpoint. */
async function trainings(evaluator: Evaluator) {
  const told: JobEvent[][] = [[], []];
  const jobs = paths.slice(0, 2).map(
    (genotype, i): TrainJob => ({
      kind: 'train',
      phase: `retrain:${i}`,
      architecture: { genotype, space },
      tests: i === 0,
    }),
  );
  const results: unknown[] = [];
  const hear = (i: number, one: JobEvent) => told[i].push(one);
  for await (const { result } of inOrder(evaluator, jobs, undefined, hear)) results.push(result);
  return { results, told: told.map(heard) };
}

/** What a listener takes in: each number once, without the clock. */
function heard(told: readonly JobEvent[]): unknown[] {
  const events: unknown[] = [];
  for (const { event, at } of told) {
    expect(at).toBeLessThanOrEqual(events.length); // none is missing
    if (at !== events.length) continue;
    const entries = Object.entries(event).filter(([key]) => !WALL_CLOCK_FIELDS.includes(key as never));
    events.push(Object.fromEntries(entries));
  }
  return events;
}

for (const { name, present, reason } of await availableBackends()) {
  if (name === 'webgpu') continue; // a GPU's memory is one thread's
  describe.skipIf(!present)(`backend ${name} (${reason})`, () => {
    test('threads give the bits of this thread, and take no weights and no images with them', async () => {
      const { backend, context, network } = await bench(name);
      const used = backend.memory().used;
      const here = new InProcess(context);
      const expected = await scores(here, network);
      expect(backend.memory().used).toBe(used); // images are gone with the offer
      for (const threads of name === 'reference' ? [2] : [1, 3]) {
        const evaluator = new Threads(context, { threads, program });
        expect(await scores(evaluator, network)).toEqual(expected);
        expect(await scores(evaluator, network)).toEqual(expected); // offered again
        await evaluator.dispose();
        expect(backend.memory().used).toBe(used);
      }
      expect(await scores(here, network)).toEqual(expected);
      backend.dispose();
    });

    test('networks trained side by side are those trained one after the other', async () => {
      const [one, two] = [await bench(name), await bench(name)];
      const expected = await trainings(new InProcess(one.context));
      expect(expected.results).toMatchObject([{ test: {} }, { curve: [{ epoch: 1 }, { epoch: 2 }] }]);
      expect(expected.told[0]).toContainEqual({ type: 'phase-ended', phase: 'retrain:0' });
      const evaluator = new Threads(two.context, { threads: 2, program });
      expect(await trainings(evaluator)).toEqual(expected);
      expect(await trainings(evaluator)).toEqual(expected); // done already: told and measured again
      await evaluator.dispose();
      one.backend.dispose();
      two.backend.dispose();
    });
  });
}

describe('when something goes wrong', () => {
  /** A thread program that ends the thread at its first job while `left` in a file is above 0, then is the real one. */
  function dying(name: string, times: number): URL {
    const counter = join(folder, `${name}.count`);
    const file = join(folder, `${name}.mjs`);
    fs.writeFileSync(counter, String(times));
    fs.writeFileSync(
      file,
      `import fs from 'node:fs';
       import { parentPort } from 'node:worker_threads';
       const left = Number(fs.readFileSync(${JSON.stringify(counter)}, 'utf8'));
       if (left > 0) {
         fs.writeFileSync(${JSON.stringify(counter)}, String(left - 1));
         parentPort.on('message', ({ kind }) => { if (kind === 'job') throw new Error('out of luck'); });
       } else await import(${JSON.stringify(program.href)});`,
    );
    return pathToFileURL(file);
  }

  test('the job of a lost thread is done again by another', async () => {
    const { backend, context, network } = await bench('auto');
    const expected = await scores(new InProcess(context), network);
    const evaluator = new Threads(context, { threads: 1, program: dying('twice', 2) });
    expect(await scores(evaluator, network)).toEqual(expected);
    await evaluator.dispose();
    backend.dispose();
  });

  test('a training whose thread is lost goes on from its checkpoint, and tells nothing twice', async () => {
    const [one, two] = [await bench('auto'), await bench('auto')];
    const expected = await trainings(new InProcess(one.context));
    const file = join(folder, 'falling.mjs');
    fs.writeFileSync(
      file,
      `import fs from 'node:fs';
       import { parentPort } from 'node:worker_threads';
       const say = parentPort.postMessage.bind(parentPort);
       const flag = ${JSON.stringify(join(folder, 'fallen-'))};
       let told = 0;
       parentPort.postMessage = (message) => {
         say(message);
         const mine = flag + message.told?.event.phase?.at(-1);
         if (message.told?.event.phase === undefined || ++told < 2 || fs.existsSync(mine)) return;
         fs.writeFileSync(mine, '');
         setImmediate(() => { throw new Error('out of luck'); });
       };
       await import(${JSON.stringify(program.href)});`,
    );
    const evaluator = new Threads(two.context, { threads: 2, program: pathToFileURL(file) });
    expect(await trainings(evaluator)).toEqual(expected);
    expect(fs.existsSync(join(folder, 'fallen-0')) && fs.existsSync(join(folder, 'fallen-1'))).toBe(true);
    await evaluator.dispose();
    one.backend.dispose();
    two.backend.dispose();
  });

  test('a job that no thread lives through is given up, with the reason and what to do', async () => {
    const { backend, context, network } = await bench('auto');
    const evaluator = new Threads(context, { threads: 2, program: dying('always', 1000) });
    await expect(scores(evaluator, network)).rejects.toThrow(
      /3 of them ended while they scored .* \(out of luck\); try fewer --workers/,
    );
    await evaluator.dispose();
    backend.dispose();
  });

  test('a thread that finds no memory ends, and its job is done by another', async () => {
    const { backend, context, network } = await bench('auto');
    const expected = await scores(new InProcess(context), network);
    const file = join(folder, 'poor.mjs');
    fs.writeFileSync(
      file,
      `import fs from 'node:fs';
       import { parentPort } from 'node:worker_threads';
       try {
         fs.writeFileSync(${JSON.stringify(join(folder, 'poor'))}, '', { flag: 'wx' });
         parentPort.on('message', ({ kind, id }) => {
           const error = { code: 'run', sentence: 'no memory', fields: { bytes: 1, reserved: 2 } };
           if (kind === 'job') parentPort.postMessage({ kind: 'failed', id, error });
           if (kind === 'end') parentPort.close();
         });
       } catch {
         await import(${JSON.stringify(program.href)});
       }`,
    );
    const evaluator = new Threads(context, { threads: 2, program: pathToFileURL(file) });
    expect(await scores(evaluator, network)).toEqual(expected);
    expect(evaluator.slots).toBe(1);
    await evaluator.dispose();
    backend.dispose();
  });

  test('no second thread is started where memory is short', async () => {
    const { backend, context, network } = await bench('auto');
    const expected = await scores(new InProcess(context), network);
    const started = join(folder, 'started');
    const file = join(folder, 'counted.mjs');
    const append = `(await import('node:fs')).appendFileSync(${JSON.stringify(started)}, 'x');`;
    fs.writeFileSync(file, `${append}\nawait import(${JSON.stringify(program.href)});`);
    for (const [memoryLeft, threads] of [
      [10 * 2 ** 20, 1],
      [2 ** 40, 2],
    ]) {
      fs.writeFileSync(started, '');
      const options = { threads: 2, program: pathToFileURL(file), memoryLeft: () => memoryLeft };
      const evaluator = new Threads(context, options);
      expect(await scores(evaluator, network)).toEqual(expected);
      await evaluator.dispose();
      expect(fs.readFileSync(started, 'utf8')).toHaveLength(threads);
    }
    backend.dispose();
  });

  test('an error of a job is that of the job, and the thread goes on', async () => {
    const { backend, context, network } = await bench('auto');
    const evaluator = new Threads(context, { threads: 1, program });
    const { supernet } = await evaluator.offer(network);
    const job = { kind: 'evaluate', supernet, genotype: paths[0] } as const;
    await expect(evaluator.run({ ...job, genotype: '9:c' })).rejects.toMatchObject({ code: 'usage' });
    await expect(evaluator.run({ ...job, supernet: 'other' })).rejects.toThrow(/offer them first/);
    expect(await evaluator.run(job)).toMatchObject({ loss: expect.any(Number) });
    await evaluator.dispose();
    expect(await codeOf(evaluator.run(job))).toBe('interrupted');
    backend.dispose();
  });

  test('stopped in the middle, jobs are withdrawn, and weights are free once withdraw returns', async () => {
    const { backend, context, network } = await bench('auto');
    for (const evaluator of [new InProcess(context), new Threads(context, { threads: 2, program })]) {
      const expected = await scores(evaluator, network);
      const { supernet, withdraw } = await evaluator.offer(network);
      const stop = new AbortController();
      const results: unknown[] = [];
      for await (const { result } of inOrder(evaluator, jobsOf(supernet), stop.signal)) {
        results.push(result);
        if (results.length === 2) stop.abort();
      }
      expect(results).toEqual(expected.slice(0, 2));
      const late = evaluator.run(jobsOf(supernet)[0], { signal: stop.signal });
      expect(await codeOf(late)).toBe('interrupted');
      await withdraw();
      expect(await scores(evaluator, network)).toEqual(expected);
      await evaluator.dispose();
    }
    backend.dispose();
  });

  test('the first of several failures, in the order asked, is the one that is told', async () => {
    const { backend, context, network } = await bench('auto');
    const evaluator = new Threads(context, { threads: 2, program });
    const { supernet } = await evaluator.offer(network);
    const words = [paths[0], '7:c', '8:c', paths[1]];
    const jobs = words.map((genotype): EvaluateJob => ({ kind: 'evaluate', supernet, genotype }));
    const seen: string[] = [];
    const work = (async () => {
      for await (const { job } of inOrder(evaluator, jobs)) seen.push(job.genotype);
    })();
    await expect(work).rejects.toThrow(/'7:c'/);
    expect(seen).toEqual([paths[0]]);
    await evaluator.dispose();
    backend.dispose();
  });
});
