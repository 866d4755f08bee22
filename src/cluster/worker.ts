/**
 * A worker: finds runs in the database, takes the jobs of those it can do exactly as their searching machines would,
 * one run at a time, and refuses the others with a sentence to both sides.
 */
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { StoreOptions } from '../data/picturestore.ts';
import type { JobTypes } from '../runs/evaluation/evaluator.ts';
import type { Workplace } from '../runs/evaluation/workplace.ts';
import { Attendance } from './attendance.ts';
import { BlobCache, Blobs } from './blobs.ts';
import { type Database, sleep } from './database.ts';
import { JobLoop } from './job-loop.ts';
import { JobQueue } from './job-queue.ts';
import { probe } from './probe.ts';
import { programCode } from './program-code.ts';
import { refuseBackend, refuseData, refuseProgram } from './refusal.ts';
import { RemoteWeights } from './remote-weights.ts';
import { type KnownRun, Runs } from './runs.ts';
import { checkpointsOf, openWorkplace } from './workplaces.ts';

export interface WorkerOptions {
  readonly database: Database;
  readonly backend: Backend;
  /** Jobs at once, as `openEvaluator` takes it. */
  readonly workers?: number | undefined;
  /** Where and how much of pictures is kept decoded. */
  readonly store?: StoreOptions | undefined;
  /** Where this machine has the data; where the run says when absent. */
  readonly data?: string | undefined;
  /** Take jobs though the bits differ. */
  readonly mixed?: boolean | undefined;
  /** Ends after so many seconds without a job; never when absent. */
  readonly idle?: number | undefined;
  /** Folder of blobs and checkpoints; workers of one machine may share it. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** Seconds between checkpoints. */
  readonly saveEvery?: number | undefined;
  /** What a person should read. */
  readonly say: (line: string) => void;
}

export interface Served {
  /** Jobs whose result this worker was the first to send. */
  readonly jobs: number;
  /** Runs it took part in, and those it refused. */
  readonly runs: number;
  readonly refused: number;
}

/** Between two looks for runs, milliseconds. */
const ROUND = 500;

/** Serves until the signal, or until it was idle for long enough. */
export async function serve(options: WorkerOptions): Promise<Served> {
  const worker = new Worker(options);
  try {
    await worker.serve();
  } catch (error) {
    if (!options.signal.aborted) throw error; // the database did not wait for the end
  }
  return { jobs: worker.jobs, runs: worker.served.size, refused: worker.refused.size };
}

class Worker {
  private readonly options: WorkerOptions;
  private readonly name = `${hostname()}:${process.pid}`;
  private readonly runs: Runs;
  private readonly cache: BlobCache;
  private bits: string | undefined;
  readonly served = new Set<string>();
  readonly refused = new Set<string>();
  jobs = 0;
  /** When there last was something to do. */
  private busy = Date.now();
  /** When it last looked for other runs. */
  private looked = 0;

  constructor(options: WorkerOptions) {
    this.options = options;
    this.runs = new Runs(options.database);
    this.cache = new BlobCache(join(options.cache, 'blobs'));
    programCode(); // as it is now: somebody may build anew while a worker waits
  }

  async serve(): Promise<void> {
    const { signal, database } = this.options;
    signal.addEventListener('abort', () => database.hurry());
    while (!signal.aborted && !this.isIdle()) {
      const run = await this.next();
      if (run === undefined) await sleep(ROUND, signal);
      else await this.join(run);
    }
    for (const id of this.refused) await new Attendance(database, id).leave(this.name);
  }

  private isIdle(): boolean {
    const { idle } = this.options;
    return idle !== undefined && Date.now() - this.busy > 1000 * idle;
  }

  /** The oldest run with jobs that wait; without any, the one at hand, or one whose searching machine is there. */
  private async next(atHand?: string): Promise<KnownRun | undefined> {
    const runs = (await this.runs.all()).filter(({ id }) => !this.refused.has(id));
    for (const run of runs) {
      if ((await new JobQueue(this.options.database, run.id).waiting()) > 0) return run;
    }
    return runs.find(({ id }) => id === atHand) ?? runs.find(({ alive }) => alive);
  }

  private async join(run: KnownRun): Promise<void> {
    const { card } = run;
    const sentence = refuseProgram(card) ?? (await this.refuseBits(run));
    if (sentence !== undefined) return this.refuse(run, sentence);
    let place: Workplace<JobTypes>;
    try {
      place = await this.open(run);
    } catch (error) {
      if (!(error instanceof ShiftAddError)) throw error;
      const own = `a worker must have the data of the run, but here: ${error.message}`;
      return this.refuse(run, own);
    }
    const foreign = refuseData(card, place.data, place.config.data);
    if (foreign !== undefined) return this.refuse(run, foreign);
    if (!this.served.has(run.id)) {
      this.options.say(`run of ${card.place} (${card.config.data}, seed ${card.config.seed}): taking jobs`);
    }
    this.served.add(run.id);
    await this.work(run, place);
  }

  private async refuseBits({ card }: KnownRun): Promise<string | undefined> {
    const { backend, mixed } = this.options;
    this.bits ??= await probe(backend);
    if (mixed) return undefined;
    return refuseBackend(card, { computes: backend.description, probe: this.bits });
  }

  private async refuse({ id, card }: KnownRun, sentence: string): Promise<void> {
    this.refused.add(id);
    this.options.say(`run of ${card.place}: no job is taken: ${sentence}`);
    await new Attendance(this.options.database, id).attend({ worker: this.name, slots: 0, about: sentence });
  }

  /** @throws ShiftAddError when this machine lacks the data, or cannot read it */
  private open({ id, card }: KnownRun): Promise<Workplace<JobTypes>> {
    const { backend, workers, store, data, cache: folder, database, saveEvery = 30 } = this.options;
    const own = { backend, workers, store, data, folder, saveEvery };
    return openWorkplace(id, card, { ...own, blobs: new Blobs(database, id), cache: this.cache });
  }

  private async work(run: KnownRun, place: Workplace<JobTypes>): Promise<void> {
    const { database, backend, workers, signal, say, cache } = this.options;
    const { id, card } = run;
    const evaluator = place.evaluator(workers);
    const weights = new RemoteWeights({
      ...{ supernet: () => place.supernet(), evaluator },
      ...{ blobs: new Blobs(database, id), cache: this.cache },
    });
    const loop = new JobLoop({
      ...{ database, run: id, lease: card.lease, evaluator, note: say },
      ...{ worker: this.name, computes: backend.description },
      ready: (job, address) => weights.ready(job, address),
    });
    this.busy = Date.now();
    try {
      await loop.serve(signal, () => this.leave(run, loop));
    } finally {
      this.jobs += loop.done;
      const { unreadable } = place;
      if (unreadable.size > 0)
        say(
          `${unreadable.size} images could not be read; training took others, measuring left them out: ${[...unreadable].join(', ')}`,
        );
      await weights.dispose();
      await evaluator.dispose();
    }
    const there = (await this.runs.all()).some((other) => other.id === id);
    if (!there) fs.rmSync(checkpointsOf(cache, id), { recursive: true, force: true });
  }

  /** Whether to turn away from a run that has nothing to do: it is over, another one waits, or it was long enough. */
  private async leave({ id }: KnownRun, loop: JobLoop): Promise<boolean> {
    this.busy = Math.max(this.busy, loop.busy);
    if (this.isIdle()) return true;
    if (Date.now() - this.looked < ROUND) return false;
    this.looked = Date.now();
    return (await this.next(id))?.id !== id;
  }
}
