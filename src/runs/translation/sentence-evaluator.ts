/**
 * Who does the jobs of a run on sentences on one machine. Translators are trained in threads beside each other with one
 * core each, or where that would leave half of the cores without work, in this thread with all of them, one after the
 * other; candidates are scored in this thread. What comes out is the same: arithmetic does not depend on the number of
 * threads, and checkpoints are each job's own.
 *
 *   run(job) --> the first idle thread, or this one --> events as they happen, a result at the end
 */
import { internal } from '../../core/errors.ts';
import { workerProgram } from '../../core/worker-program.ts';
import type { Evaluator, Job, Offer, ResultOf, RunJobOptions } from '../evaluation/evaluator.ts';
import { InThisThread } from '../evaluation/in-this-thread.ts';
import { withdrawn } from '../evaluation/thread-messages.ts';
import type { SentenceContext } from './context.ts';
import type { SentenceJobs, TranslatorJob, TranslatorTraining } from './jobs.ts';
import { scoreCandidate } from './score-candidate.ts';
import { trainAlone } from './train-alone.ts';
import { Trainer } from './trainer.ts';

/** Whether `count` jobs are better done one after the other with all `threads` than each in one of `slots`. */
export function oneByOne(count: number, slots: number, threads: number): boolean {
  return slots === 1 || 2 * count <= Math.min(slots, threads);
}

export class SentenceEvaluator implements Evaluator<SentenceJobs> {
  readonly slots: number;
  private readonly context: SentenceContext;
  private readonly here: InThisThread<SentenceJobs>;
  private readonly program: URL | undefined;
  private readonly idle: Trainer[] = [];
  private readonly all: Trainer[] = [];
  private readonly waiting: ((trainer: Trainer) => void)[] = [];
  private disposed = false;

  /** `workers`: translators trained at once; 0 for as many as the backend has threads. */
  constructor(context: SentenceContext, workers = 0) {
    this.context = context;
    this.here = new InThisThread<SentenceJobs>({
      score: (supernet, job, between) => scoreCandidate(context, supernet, job, between),
      train: (job, options) => trainAlone(context, job, options),
      rest: () => {},
    });
    this.program = workerProgram(import.meta.url, 'trainer-thread');
    const asked = workers === 0 ? context.backend.threads : workers;
    const possible = this.program !== undefined && context.backend.link() !== undefined;
    this.slots = possible ? asked : 1;
  }

  get description(): string {
    return this.slots === 1 ? this.here.description : `${this.slots} threads`;
  }

  offer(supernet: SentenceJobs['network']): Promise<Offer> {
    return this.here.offer(supernet);
  }

  run<J extends Job<SentenceJobs>>(job: J, options: RunJobOptions = {}): Promise<ResultOf<J, SentenceJobs>> {
    const alone = oneByOne(options.together ?? 1, this.slots, this.context.backend.threads);
    if (job.kind === 'evaluate' || alone) return this.here.run(job, options);
    return this.elsewhere(job, options) as Promise<ResultOf<J, SentenceJobs>>;
  }

  private async elsewhere(job: TranslatorJob, options: RunJobOptions): Promise<TranslatorTraining> {
    const trainer = await this.free();
    try {
      if (this.disposed || options.signal?.aborted) throw withdrawn();
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
    const { backend, config, space, subwordsFile, checkpoints, saveEvery } = this.context;
    const trainer = new Trainer(this.program ?? internal('no program for a thread'), {
      link: backend.link() ?? internal('this backend has no threads beside it'),
      settings: { config, space, subwordsFile, checkpoints, saveEvery },
      abort: new Int32Array(new SharedArrayBuffer(4)),
    });
    this.all.push(trainer);
    return trainer;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.here.dispose();
    await Promise.all(this.all.map((trainer) => trainer.end()));
  }
}
