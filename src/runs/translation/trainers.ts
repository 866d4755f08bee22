/**
 * Who trains translators alone: threads beside each other with one core each, or where they would leave half of the cores
 * without work, this thread with all of them, one translator after the other. What comes out is the same: arithmetic does
 * not depend on the number of threads, and checkpoints are each job's own.
 *
 *   run(job) --> the first idle thread, or this one --> events as they happen, a result at the end
 */
import { Worker } from 'node:worker_threads';
import type { BackendLink } from '../../backends/backend.ts';
import { internal, ShiftAddError } from '../../core/errors.ts';
import { workerProgram } from '../../core/worker-program.ts';
import type { JobEvent, RunJobOptions } from '../evaluation/evaluator.ts';
import { type PostedError, received, withdrawn } from '../evaluation/thread-messages.ts';
import type { SentenceContext } from './context.ts';
import { type TranslatorJob, type TranslatorTraining, trainAlone } from './train-alone.ts';

/** What a thread starts with: it reads data and subwords itself, as the run did. */
export interface TrainerStart {
  readonly link: BackendLink;
  readonly settings: Pick<SentenceContext, 'config' | 'subwordsFile' | 'checkpoints' | 'saveEvery'>;
  /** One word that is not 0 while its job is to end early. */
  readonly abort: Int32Array;
}

export type ToTrainer = { readonly kind: 'job'; readonly job: TranslatorJob } | { readonly kind: 'end' };

export type FromTrainer =
  | { readonly kind: 'told'; readonly told: JobEvent }
  | { readonly kind: 'done'; readonly result: TranslatorTraining }
  | { readonly kind: 'failed'; readonly error: PostedError };

/** Whether `count` jobs are better done one after the other with all `threads` than each in one of `slots`. */
export function oneByOne(count: number, slots: number, threads: number): boolean {
  return slots === 1 || 2 * count <= Math.min(slots, threads);
}

export class Trainers {
  /** Translators trained at once. */
  readonly slots: number;
  private readonly context: SentenceContext;
  private readonly program: URL | undefined;
  private readonly idle: Trainer[] = [];
  private readonly all: Trainer[] = [];
  private readonly waiting: ((trainer: Trainer) => void)[] = [];
  private last: Promise<unknown> = Promise.resolve();

  /** `workers`: translators at once; 0 for as many as the backend has threads. */
  constructor(context: SentenceContext, workers: number) {
    this.context = context;
    this.program = workerProgram(import.meta.url, 'trainer-thread');
    const asked = workers === 0 ? context.backend.threads : workers;
    const possible = this.program !== undefined && context.backend.link() !== undefined;
    this.slots = possible ? asked : 1;
  }

  /** Trains one. Throws 'interrupted' when aborted, else what the training threw. */
  async run(job: TranslatorJob, options: RunJobOptions = {}): Promise<TranslatorTraining> {
    const alone = oneByOne(options.together ?? 1, this.slots, this.context.backend.threads);
    return alone ? this.here(job, options) : this.elsewhere(job, options);
  }

  /** One after the other in this thread. */
  private here(job: TranslatorJob, { signal, onEvent }: RunJobOptions): Promise<TranslatorTraining> {
    const done = this.last.then(() => {
      const stopped = () => signal?.aborted === true;
      if (stopped()) throw withdrawn();
      return trainAlone(this.context, job, { stopped, ...(onEvent === undefined ? {} : { onEvent }) });
    });
    this.last = done.catch(() => {});
    return done;
  }

  private async elsewhere(job: TranslatorJob, options: RunJobOptions): Promise<TranslatorTraining> {
    const trainer = await this.free();
    try {
      if (options.signal?.aborted) throw withdrawn();
      return await trainer.train(job, options);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(trainer);
      else next(trainer);
    }
  }

  private free(): Promise<Trainer> | Trainer {
    const idle = this.idle.pop();
    if (idle !== undefined) return idle;
    if (this.all.length === this.slots) return new Promise((resolve) => this.waiting.push(resolve));
    const { backend, config, subwordsFile, checkpoints, saveEvery } = this.context;
    const trainer = new Trainer(this.program ?? internal('no program for a thread'), {
      link: backend.link() ?? internal('this backend has no threads beside it'),
      settings: { config, subwordsFile, checkpoints, saveEvery },
      abort: new Int32Array(new SharedArrayBuffer(4)),
    });
    this.all.push(trainer);
    return trainer;
  }

  async dispose(): Promise<void> {
    await this.last;
    await Promise.all(this.all.map((trainer) => trainer.end()));
  }
}

class Trainer {
  private readonly worker: Worker;
  private readonly abort: Int32Array;
  private readonly gone: Promise<void>;
  private job: { listen(message: FromTrainer): void; lost(reason: string): void } | undefined;

  constructor(program: URL, start: TrainerStart) {
    this.abort = start.abort;
    this.worker = new Worker(program, { workerData: start, execArgv: [] });
    let reason = 'it ended by itself';
    this.worker.on('message', (message: FromTrainer) => this.job?.listen(message));
    this.worker.on('error', (error) => {
      reason = error.message;
    });
    this.gone = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.job?.lost(reason);
        resolve();
      });
    });
  }

  train(job: TranslatorJob, { signal, onEvent }: RunJobOptions): Promise<TranslatorTraining> {
    const withdraw = () => Atomics.store(this.abort, 0, 1);
    Atomics.store(this.abort, 0, 0);
    signal?.addEventListener('abort', withdraw, { once: true });
    return new Promise<TranslatorTraining>((resolve, reject) => {
      this.job = {
        listen: (message) => {
          if (message.kind === 'told') onEvent?.(message.told);
          else if (message.kind === 'done') resolve(message.result);
          else reject(received(message.error));
        },
        lost: (reason) =>
          reject(
            new ShiftAddError(
              'run',
              `a thread must live through ${job.title}, but it ended (${reason}); go on with --resume and --workers 1`,
              { phase: job.phase },
            ),
          ),
      };
      this.worker.postMessage({ kind: 'job', job } satisfies ToTrainer);
    }).finally(() => {
      this.job = undefined;
      signal?.removeEventListener('abort', withdraw);
    });
  }

  async end(): Promise<void> {
    Atomics.store(this.abort, 0, 1);
    this.worker.postMessage({ kind: 'end' } satisfies ToTrainer);
    await this.gone;
  }
}
