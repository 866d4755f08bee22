/** Trainings that end in any order, told and saved in the order of the tasks. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EventBus, type RunEvent } from '../../core/events.ts';
import type {
  Evaluator,
  Job,
  JobEvent,
  ResultOf,
  RunJobOptions,
  TrainResult,
} from '../evaluation/evaluator.ts';
import { Journal, readJournal } from '../journal.ts';
import type { RunContext } from './context.ts';
import { type TrainTask, trainTasks } from './train-jobs.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'train-jobs-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const STEPS = 3;
const RESULT: TrainResult = { validation: { loss: 1, accuracy: 0.5 }, curve: [] };

/** Jobs that are ended by hand. */
class ByHand implements Evaluator {
  readonly description = 'by hand';
  readonly slots: number;
  readonly asked: string[] = [];
  readonly running = new Map<string, { hear(told: JobEvent): void; done(): void }>();

  constructor(slots: number) {
    this.slots = slots;
  }

  offer(): never {
    throw new Error('nothing is scored here');
  }

  run<J extends Job>(job: J, { onEvent, signal }: RunJobOptions = {}): Promise<ResultOf<J>> {
    const phase = job.kind === 'train' ? job.phase : '';
    this.asked.push(phase);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('withdrawn')));
      const done = () => resolve(RESULT as ResultOf<J>);
      this.running.set(phase, { hear: (told) => onEvent?.(told), done });
    });
  }

  /** Training `phase` tells step `step` of `STEPS`. */
  step(phase: string, step: number, repeated = false): void {
    const rest = { steps: STEPS, loss: 1, rate: 1, imagesPerSecond: 1 };
    const event: RunEvent = { type: 'train-step', phase, step, ...rest };
    this.running.get(phase)?.hear({ event, at: step - 1, repeated });
  }

  async dispose(): Promise<void> {}
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function open(name: string, count: number, slots: number, earlier: readonly string[] = []) {
  const evaluator = new ByHand(slots);
  const path = join(folder, `${name}.jsonl`);
  const journal = new Journal(path);
  const bus = new EventBus();
  const shown: RunEvent[] = [];
  const stop = new AbortController();
  const told = { phases: new Set<string>(), started: new Set(earlier), again: false };
  bus.subscribe((event) => {
    shown.push(event);
    if (event.type !== 'networks-training' && !told.again) journal.record(event);
  });
  const run = { dir: folder, description: { command: 'search' } };
  const context = { evaluator, journal, bus, told, run, signal: stop.signal } as unknown as RunContext;
  const tasks = Array.from({ length: count }, (_, i): TrainTask => {
    const architecture = { zoo: 'resnet-20' } as const;
    const job = { kind: 'train', phase: `t${i}`, architecture, tests: false } as const;
    return { job, title: `training t${i}`, place: { index: i + 1, of: count } };
  });
  const results: string[] = [];
  const work = (async () => {
    for await (const { task } of trainTasks(context, tasks)) {
      bus.emit({ type: 'note', text: `measured ${task.job.phase}` });
      results.push(task.job.phase);
    }
  })();
  const written = () => {
    journal.close();
    return readJournal(path).map(({ event }) => {
      if (event.type === 'note') return event.text;
      return event.type === 'train-step' ? `${event.phase} step ${event.step}` : `${event.type}`;
    });
  };
  return { evaluator, results, work, written, shown, stop };
}

const IN_ORDER = [0, 1].flatMap((i) => [
  'phase-started',
  ...[1, 2, 3].map((step) => `t${i} step ${step}`),
  `measured t${i}`,
]);

test('the second ends first: it is told and measured after the first', async () => {
  const { evaluator, results, work, written } = open('second-first', 2, 2);
  await turn();
  for (const step of [1, 2, 3]) evaluator.step('t1', step);
  evaluator.running.get('t1')?.done();
  evaluator.step('t0', 1);
  await turn();
  expect(results).toEqual([]);
  evaluator.step('t0', 2);
  evaluator.step('t0', 3);
  evaluator.running.get('t0')?.done();
  await work;
  expect(results).toEqual(['t0', 't1']);
  expect(written()).toEqual(IN_ORDER);
});

test('what a lost thread told is not told again by the next', async () => {
  const { evaluator, work, written } = open('lost', 2, 2);
  await turn();
  evaluator.step('t1', 1);
  for (const step of [1, 2, 1, 2, 3]) evaluator.step('t0', step, true);
  evaluator.running.get('t0')?.done();
  await turn();
  for (const step of [1, 2, 3]) evaluator.step('t1', step, step === 1);
  evaluator.running.get('t1')?.done();
  await work;
  expect(written()).toEqual(IN_ORDER);
});

test('steps of an earlier process are written down and not shown', async () => {
  const { evaluator, work, written, shown } = open('repeated', 1, 1, ['t0']);
  await turn();
  evaluator.step('t0', 1, true);
  evaluator.step('t0', 2, true);
  evaluator.step('t0', 3);
  evaluator.running.get('t0')?.done();
  await work;
  expect(written()).toEqual(['t0 step 1', 't0 step 2', 't0 step 3', 'measured t0']);
  expect(shown.map(({ type }) => type)).toEqual(['train-step', 'networks-training', 'note']);
});

test('an odd one comes first and alone, and several are shown together', async () => {
  const { evaluator, work, shown, results } = open('odd', 3, 2);
  await turn();
  expect(evaluator.asked).toEqual(['t0']);
  evaluator.step('t0', 3);
  evaluator.running.get('t0')?.done();
  await turn();
  await turn();
  expect(evaluator.asked).toEqual(['t0', 't1', 't2']);
  evaluator.step('t1', 1);
  evaluator.step('t2', 2);
  expect(shown.filter(({ type }) => type === 'networks-training').at(-1)).toEqual({
    type: 'networks-training',
    networks: [
      { phase: 't0', done: 1 },
      { phase: 't1', done: 1 / 3 },
      { phase: 't2', done: 2 / 3 },
    ],
  });
  evaluator.running.get('t2')?.done();
  evaluator.running.get('t1')?.done();
  await work;
  expect(results).toEqual(['t0', 't1', 't2']);
});

test('asked to stop, all are withdrawn and the sentence says how to go on', async () => {
  const { evaluator, work, stop, results } = open('stopped', 2, 2);
  await turn();
  evaluator.step('t0', 1);
  stop.abort();
  await expect(work).rejects.toMatchObject({ code: 'interrupted', message: /search --resume/ });
  expect(results).toEqual([]);
});
