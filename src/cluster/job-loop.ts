/**
 * Takes the jobs of one run out of its queue, has them done by an evaluator of this machine and sends the results: what
 * a worker does all day, and the searching machine beside it.
 *
 *   take -> (already a result? done) -> weights ready -> evaluator -> result -> complete
 *             beat, beat, beat ... the lease goes on; a job that is not ours any more is ended
 */
import { ShiftAddError } from '../core/errors.ts';
import type { EvaluateJob, Evaluator, JobEvent, JobTypes } from '../runs/evaluation/evaluator.ts';
import { postable } from '../runs/evaluation/thread-messages.ts';
import { Attendance } from './attendance.ts';
import { Blobs } from './blobs.ts';
import { type Database, sleep } from './database.ts';
import { EventSender } from './event-rows.ts';
import { JobQueue, type TakenJob } from './job-queue.ts';
import { type Outcome, Results, trainedOutcome } from './outcomes.ts';
import { deedOf } from './run-card.ts';

export interface JobLoopOptions {
  readonly database: Database;
  readonly run: string;
  /** Seconds. */
  readonly lease: number;
  readonly evaluator: Evaluator<JobTypes>;
  /** Name of this worker, for people. */
  readonly worker: string;
  /** What computes here, for people. */
  readonly computes: string;
  /** Makes the weights known to the evaluator: bytes that had to be fetched, or undefined where that cannot be now. */
  readonly ready: (job: EvaluateJob, weights: string) => Promise<number | undefined>;
  readonly note: (sentence: string) => void;
}

/** Between two looks into an empty queue, milliseconds: doubled from the first to the last. */
const FIRST_NAP = 20;
const LAST_NAP = 500;
/** Longest time between two signs of life, seconds; a quarter of a short lease. */
const BEAT = 15;

/** Errors of a job, whoever does it; any other may be the worker's, and another worker tries. */
const OF_THE_JOB = ['diverged', 'shape', 'data', 'limit'];

interface Held {
  readonly taken: TakenJob;
  readonly stop: AbortController;
  done: Promise<void>;
}

export class JobLoop {
  private readonly options: JobLoopOptions;
  private readonly queue: JobQueue;
  private readonly results: Results;
  private readonly blobs: Blobs;
  private readonly attendance: Attendance;
  private readonly held = new Map<string, Held>();
  private nap = new AbortController();
  private failures = 0;
  /** No job is taken before, after failures: milliseconds of Date.now(). */
  private resting = 0;
  /** When it last had a job, as Date.now() says it; 0 for never. */
  busy = 0;
  /** Jobs whose result this loop was the first to send. */
  done = 0;

  constructor(options: JobLoopOptions) {
    this.options = options;
    const { database, run } = options;
    this.queue = new JobQueue(database, run);
    this.results = new Results(database, run);
    this.blobs = new Blobs(database, run);
    this.attendance = new Attendance(database, run);
  }

  /** Works until `signal` is aborted, or until `leave` says so while there is nothing to do. */
  async serve(signal: AbortSignal, leave: () => Promise<boolean> = async () => false): Promise<void> {
    const wake = () => this.wake();
    signal.addEventListener('abort', wake);
    const every = Math.min(BEAT, this.options.lease / 4) * 1000;
    let beating = Promise.resolve();
    let waits = false;
    const beat = setInterval(() => {
      if (waits) return; // the database is away: one sign of life is enough
      waits = true;
      beating = this.beat()
        .catch(() => {})
        .finally(() => {
          waits = false;
        });
    }, every);
    try {
      await this.attend();
      for (let pause = FIRST_NAP; !signal.aborted; ) {
        const free = Date.now() < this.resting ? 0 : this.options.evaluator.slots - this.held.size;
        const jobs = free > 0 ? await this.queue.take(free) : [];
        for (const job of jobs) this.begin(job);
        if (jobs.length === 0 && this.held.size === 0 && (await leave())) return;
        if (await this.rest(pause)) pause = FIRST_NAP;
        else pause = Math.min(2 * pause, LAST_NAP);
      }
    } finally {
      clearInterval(beat);
      signal.removeEventListener('abort', wake);
      await beating;
      await this.end();
    }
  }

  /** There is something to look for. */
  wake(): void {
    this.nap.abort();
  }

  /** True when woken. */
  private async rest(milliseconds: number): Promise<boolean> {
    await sleep(milliseconds, this.nap.signal);
    const woken = this.nap.signal.aborted;
    if (woken) this.nap = new AbortController();
    return woken;
  }

  private attend(): Promise<void> {
    const { worker, computes: about, evaluator } = this.options;
    return this.attendance.attend({ worker, slots: evaluator.slots, about });
  }

  private async beat(): Promise<void> {
    await this.attend();
    const held = [...this.held.values()];
    if (held.length === 0) return;
    const mine = await this.queue.beat(held.map(({ taken }) => taken));
    for (const { taken, stop } of held) {
      if (!mine.has(taken.id)) stop.abort();
    }
  }

  private begin(taken: TakenJob): void {
    const held: Held = { taken, stop: new AbortController(), done: Promise.resolve() };
    this.held.set(taken.id, held);
    this.busy = Date.now();
    held.done = this.work(taken, held.stop.signal)
      .catch((error) => this.failed(taken, error, held.stop.signal))
      .catch(() => {}) // the database is gone for good, or closed: the lease runs out
      .finally(() => {
        this.held.delete(taken.id);
        this.busy = Date.now();
        this.wake();
      });
  }

  private async work(taken: TakenJob, signal: AbortSignal): Promise<void> {
    const { id } = taken;
    if (!(await this.results.has(id))) {
      const started = Date.now();
      const bytesIn = await this.prepare(taken);
      if (bytesIn === undefined) return this.giveBack(taken);
      const { outcome, bytesOut } = await this.outcome(taken, signal);
      const { worker, computes } = this.options;
      const seconds = (Date.now() - started) / 1000;
      if (await this.results.put(id, outcome, { worker, computes, seconds, bytesIn, bytesOut })) this.done++;
    }
    await this.queue.complete(id);
    this.failures = 0;
  }

  private async prepare({ job, weights = '' }: TakenJob): Promise<number | undefined> {
    return job.kind === 'evaluate' ? this.options.ready(job, weights) : 0;
  }

  /** For others, or for later. */
  private async giveBack(taken: TakenJob): Promise<void> {
    this.resting = Date.now() + 1000;
    await this.queue.giveBack([taken]);
  }

  /** @throws what is this worker's fault, or that the job was withdrawn */
  private async outcome(
    { id, job }: TakenJob,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: Outcome; readonly bytesOut: number }> {
    const { database, run, evaluator } = this.options;
    try {
      if (job.kind === 'evaluate') {
        const score = await evaluator.run(job, { signal });
        return { outcome: { kind: 'scored', score }, bytesOut: 0 };
      }
      const events = new EventSender(database, run, id);
      const onEvent = (told: JobEvent) => events.tell(told);
      const result = await evaluator.run(job, { signal, onEvent, together: this.held.size });
      await events.flush();
      return await trainedOutcome(result, this.blobs);
    } catch (error) {
      if (!(error instanceof ShiftAddError) || !OF_THE_JOB.includes(error.code)) throw error;
      return { outcome: { kind: 'failed', error: postable(error) }, bytesOut: 0 };
    }
  }

  private async failed({ id, job }: TakenJob, error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { note, worker } = this.options;
    const { sentence } = postable(error);
    note(`failed here: ${deedOf(job)}: ${sentence}`);
    await this.queue.fail(id, `${worker}: ${sentence}`);
    // What is in the way here is likely to be in the way of the next job too.
    this.failures++;
    this.resting = Date.now() + Math.min(1000 * 2 ** this.failures, 60_000);
  }

  /** Ends what is under way and gives it back. */
  private async end(): Promise<void> {
    const held = [...this.held.values()];
    for (const { stop } of held) stop.abort();
    await Promise.all(held.map(({ done }) => done));
    await this.queue.giveBack(held.map(({ taken }) => taken)).catch(() => {});
    await this.attendance.leave(this.options.worker).catch(() => {});
  }
}
