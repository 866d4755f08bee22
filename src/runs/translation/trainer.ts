/** A thread that trains translators, as seen from the one that started it. It reads data and subwords itself. */
import { Worker } from 'node:worker_threads';
import type { BackendLink } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { JobEvent, RunJobOptions } from '../evaluation/evaluator.ts';
import { type PostedError, received } from '../evaluation/thread-messages.ts';
import type { SentenceSettings } from './context.ts';
import type { TranslatorJob, TranslatorTraining } from './jobs.ts';

export interface TrainerStart {
  readonly link: BackendLink;
  readonly settings: SentenceSettings;
  /** One word that is not 0 while its job is to end early. */
  readonly abort: Int32Array;
}

export type ToTrainer = { readonly kind: 'job'; readonly job: TranslatorJob } | { readonly kind: 'end' };

export type FromTrainer =
  | { readonly kind: 'told'; readonly told: JobEvent }
  | { readonly kind: 'done'; readonly result: TranslatorTraining }
  | { readonly kind: 'failed'; readonly error: PostedError };

export class Trainer {
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
