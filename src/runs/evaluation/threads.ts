/**
 * Jobs in threads of this process, one job a thread with one thread of arithmetic each. The weights of the supernet and
 * the images lie in memory once. Arithmetic in many small launches leaves cores idle between them; whole candidates
 * side by side do not.
 *
 *   run() --> queue --> the first idle thread --> its promise
 *                ^------ a thread that was lost: its job is done again, at most MOST_LOSSES times
 */
import { Worker } from 'node:worker_threads';
import type { Backend, BackendLink } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { sharedSet } from '../../data/shared-set.ts';
import type { Network } from '../../supernet/network.ts';
import { type SharedNetwork, shareNetwork } from '../../supernet/shared-network.ts';
import type { JobContext } from '../pipeline/context.ts';
import { EvaluationImages } from './evaluation-images.ts';
import type { EvaluateJob, Evaluator, Job, Offer, ResultOf, RunJobOptions } from './evaluator.ts';
import { InProcess } from './in-process.ts';
import {
  type FromThread,
  notOffered,
  type PostedError,
  received,
  type ThreadStart,
  type ToThread,
  withdrawn,
} from './thread-messages.ts';
import { nameOf } from './train-network.ts';
import { weightsAddress } from './weights-address.ts';

export interface ThreadOptions {
  readonly threads: number;
  /** The compiled program of a thread (`threadProgram`). */
  readonly program: URL;
  /** Bytes that the system has left; asked before every thread but the first. */
  readonly memoryLeft?: () => number;
}

/** A job that has ended so many threads is given up. */
const MOST_LOSSES = 3;
/** What a thread takes beside the memory of its arithmetic, bytes: measured 25 MiB, and some air. */
const THREAD_BYTES = 64 * 2 ** 20;
/** A thread that has not ended by itself for so long is ended, milliseconds. */
const PATIENCE = 5_000;

interface Task {
  readonly id: number;
  readonly job: Job;
  readonly options: RunJobOptions;
  readonly settle: { resolve(result: unknown): void; reject(error: unknown): void };
  losses: number;
}

interface Thread {
  readonly worker: Worker;
  readonly link: BackendLink;
  readonly abort: Int32Array;
  /** Shares whose images it has. */
  readonly shares: Set<number>;
  supernet: string | undefined;
  /** Whether it has what trainings need. */
  hasMaterial: boolean;
  task: Task | undefined;
  /** Resolves when it is gone. */
  readonly gone: Promise<void>;
  ending: boolean;
}

export class Threads implements Evaluator {
  private readonly context: JobContext;
  private readonly backend: Backend;
  /** For a job that has nothing to run beside: this thread gives it all cores. */
  private readonly here: InProcess;
  private readonly images: EvaluationImages;
  private readonly options: ThreadOptions;
  private readonly threads: Thread[] = [];
  /** Of threads that are gone: a link can be used again. */
  private readonly links: BackendLink[] = [];
  private readonly queue: Task[] = [];
  private offered: { readonly supernet: string; readonly network: SharedNetwork } | undefined;
  private ids = 0;
  /** Threads at most: fewer than asked for once one of them found no memory. */
  private most: number;
  private disposed = false;
  private assigning = false;
  /** Called when a thread has become idle. */
  private idle: (() => void)[] = [];

  constructor(context: JobContext, options: ThreadOptions) {
    this.context = context;
    this.here = new InProcess(context);
    this.backend = context.backend;
    this.images = new EvaluationImages(context);
    this.options = options;
    this.most = options.threads;
  }

  get description(): string {
    return `${this.most} threads`;
  }

  get slots(): number {
    return this.most;
  }

  async offer(network: Network): Promise<Offer> {
    const supernet = await weightsAddress(network);
    await this.withdraw();
    this.offered = { supernet, network: shareNetwork(network) };
    return { supernet, withdraw: () => this.withdraw(supernet) };
  }

  /** Waits for the jobs under way: they read what is about to be freed. */
  private async withdraw(supernet = this.offered?.supernet): Promise<void> {
    if (this.offered === undefined || this.offered.supernet !== supernet) return;
    this.offered = undefined;
    const scores = (job: Job | undefined) => job?.kind === 'evaluate';
    for (const task of this.queue.splice(0)) {
      if (task.job.kind === 'evaluate') task.settle.reject(notOffered(task.job));
      else this.queue.push(task);
    }
    while (this.threads.some(({ task }) => scores(task?.job))) {
      await new Promise<void>((resolve) => this.idle.push(resolve));
    }
    for (const thread of this.threads) {
      tell(thread, { kind: 'withdraw' });
      thread.supernet = undefined;
      thread.shares.clear();
    }
    this.images.dispose();
  }

  run<J extends Job>(job: J, options: RunJobOptions = {}): Promise<ResultOf<J>> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (this.disposed || signal?.aborted) return reject(withdrawn());
      const settled = () => signal?.removeEventListener('abort', withdraw);
      const settle: Task['settle'] = {
        resolve: (result) => {
          settled();
          resolve(result as ResultOf<J>);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      const task: Task = { id: ++this.ids, job, options, settle, losses: 0 };
      const withdraw = () => this.withdrawTask(task);
      signal?.addEventListener('abort', withdraw);
      this.queue.push(task);
      this.assignSoon();
    });
  }

  /** Once everything that is asked for in one go is in the queue. */
  private assignSoon(): void {
    if (this.assigning) return;
    this.assigning = true;
    queueMicrotask(() => {
      this.assigning = false;
      if (!this.disposed) this.assign();
    });
  }

  /** Takes a task out of the queue, or asks its thread to end it before the next batch of images. */
  private withdrawTask(task: Task): void {
    const at = this.queue.indexOf(task);
    if (at >= 0) this.queue.splice(at, 1);
    for (const thread of this.threads) {
      if (thread.task === task) Atomics.store(thread.abort, 0, task.id);
    }
    task.settle.reject(withdrawn());
  }

  /** Gives waiting jobs to idle threads, and starts threads while there are fewer than jobs. */
  private assign(): void {
    const [only] = this.queue;
    const idle = this.threads.every(({ task }) => task === undefined);
    if (this.queue.length === 1 && only.job.kind === 'train' && idle) {
      this.queue.pop();
      this.here.run(only.job, only.options).then(only.settle.resolve, only.settle.reject);
      return;
    }
    while (this.queue.length > 0) {
      const thread = this.threads.find(({ task, ending }) => task === undefined && !ending) ?? this.started();
      if (thread === undefined) return;
      const task = this.queue.shift() as Task;
      try {
        this.give(thread, task);
      } catch (error) {
        task.settle.reject(error);
      }
    }
  }

  private give(thread: Thread, task: Task): void {
    const { job } = task;
    if (job.kind === 'train') this.equipToTrain(thread);
    else this.equipToScore(thread, job);
    thread.task = task;
    tell(thread, { kind: 'job', id: task.id, job });
  }

  private equipToTrain(thread: Thread): void {
    if (thread.hasMaterial) return;
    const { backend: _, random, dataset, ...rest } = this.context;
    const { train, test } = dataset;
    const inPlace = { ...dataset, train: sharedSet(train), test: sharedSet(test) };
    const { config, split, space, task, sharing, sharingAlone, quantisation, checkpoints, saveEvery } = rest;
    const settings = { config, split, space, task, checkpoints, saveEvery };
    const plain = { ...settings, sharing, sharingAlone, quantisation };
    tell(thread, { kind: 'material', material: { ...plain, dataset: inPlace, random: random.state() } });
    thread.hasMaterial = true;
  }

  private equipToScore(thread: Thread, job: EvaluateJob): void {
    const { supernet, share = 1 } = job;
    if (this.offered?.supernet !== supernet) throw notOffered(job);
    if (thread.supernet !== supernet) {
      tell(thread, { kind: 'offer', ...this.offered });
      thread.supernet = supernet;
    }
    if (!thread.shares.has(share)) {
      const { calibration, scoring } = this.images.of(share);
      tell(thread, { kind: 'images', share, calibration: calibration.share(), scoring: scoring.share() });
      thread.shares.add(share);
    }
  }

  private started(): Thread | undefined {
    if (this.threads.length >= this.most || !this.hasRoom()) return undefined;
    const link = this.links.pop() ?? (this.backend.link() as BackendLink);
    const abort = new Int32Array(new SharedArrayBuffer(4));
    const start: ThreadStart = { link, abort };
    const worker = new Worker(this.options.program, { workerData: start, execArgv: [] });
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread: Thread = {
      ...{ worker, link, abort, gone, shares: new Set<number>() },
      ...{ supernet: undefined, hasMaterial: false, task: undefined, ending: false },
    };
    let reason = 'it ended by itself';
    worker.on('message', (message: FromThread) => this.listen(thread, message));
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', () => this.lost(thread, reason));
    this.threads.push(thread);
    return thread;
  }

  /**
   * Whether one more thread will find memory. It needs at most about what this one took at its peak, which trained the
   * supernet; a first thread is needed anyway.
   */
  private hasRoom(): boolean {
    const left = (this.options.memoryLeft ?? process.availableMemory)();
    return this.threads.length === 0 || left > this.backend.memory().peak + THREAD_BYTES;
  }

  private listen(thread: Thread, message: FromThread): void {
    if (message.kind === 'ended') return;
    const { task } = thread;
    if (task === undefined || task.id !== message.id) return;
    if (message.kind === 'told') {
      if (task.options.signal?.aborted !== true) task.options.onEvent?.(message.told);
      return;
    }
    thread.task = undefined;
    const others = this.threads.some((one) => one !== thread && !one.ending);
    if (message.kind === 'failed' && foundNoMemory(message.error) && others) {
      this.most = this.threads.length - 1;
      this.queue.unshift(task);
      void this.end(thread);
      return;
    }
    if (message.kind === 'done') for (const file of message.unreadable) this.context.unreadable.add(file);
    if (message.kind === 'done') task.settle.resolve(message.result);
    else task.settle.reject(received(message.error));
    this.becameIdle();
  }

  private becameIdle(): void {
    for (const resolve of this.idle.splice(0)) resolve();
    if (!this.disposed) this.assign();
  }

  /** A thread is gone, as asked or not. Its job is the next one of another thread. */
  private lost(thread: Thread, reason: string): void {
    this.threads.splice(this.threads.indexOf(thread), 1);
    this.links.push(thread.link);
    const { task } = thread;
    if (task !== undefined && task.options.signal?.aborted !== true) {
      task.losses++;
      if (this.disposed) task.settle.reject(withdrawn());
      else if (task.losses < MOST_LOSSES) this.queue.unshift(task);
      else task.settle.reject(givenUp(task, reason));
    }
    this.becameIdle();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    for (const task of this.queue.splice(0)) task.settle.reject(withdrawn());
    await Promise.all([this.here.dispose(), ...this.threads.map((thread) => this.end(thread))]);
    this.images.dispose();
  }

  private async end(thread: Thread): Promise<void> {
    thread.ending = true;
    if (thread.task !== undefined) this.withdrawTask(thread.task);
    tell(thread, { kind: 'end' });
    const patience = setTimeout(() => void thread.worker.terminate(), PATIENCE);
    await thread.gone;
    clearTimeout(patience);
  }
}

function tell({ worker }: Thread, message: ToThread): void {
  worker.postMessage(message);
}

/** As backends say it. */
function foundNoMemory({ code, fields }: PostedError): boolean {
  return code === 'run' && 'bytes' in fields && 'reserved' in fields;
}

function givenUp({ job, losses }: Task, reason: string): ShiftAddError {
  const work = job.kind === 'train' ? `trained ${nameOf(job.architecture)}` : `scored ${job.genotype}`;
  return new ShiftAddError(
    'run',
    `a thread must live through a job, but ${losses} of them ended while they ${work} (${reason}); try fewer --workers, or --workers 1`,
    { kind: job.kind, losses },
  );
}
