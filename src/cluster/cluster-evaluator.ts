/**
 * An evaluator that hands jobs to a database, for workers on any machine. The searching machine works too, as one of
 * them, unless it is told not to: its own jobs go the same way, so whoever does one, the result is found there.
 *
 *   run -> put into the queue -> ... a worker ... -> result in its table -> the promise settles, once
 */
import fs from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ShiftAddError } from '../core/errors.ts';
import { encodeSafetensors, type TensorData } from '../core/safetensors.ts';
import type {
  Evaluator,
  Job,
  JobTypes,
  Offer,
  ResultOf,
  RunJobOptions,
} from '../runs/evaluation/evaluator.ts';
import { notOffered, received, withdrawn } from '../runs/evaluation/thread-messages.ts';
import { weightsAddress } from '../runs/evaluation/weights-address.ts';
import type { Workplace } from '../runs/evaluation/workplace.ts';
import { JsonLines } from '../runs/jsonlines.ts';
import type { Frame } from '../runs/pipeline/context.ts';
import type { ClusterAddress } from './address.ts';
import { Attendance } from './attendance.ts';
import { Blobs } from './blobs.ts';
import { Database, sleep } from './database.ts';
import { eventsFrom } from './event-rows.ts';
import { JobLoop } from './job-loop.ts';
import { JobQueue, TRIES } from './job-queue.ts';
import { type Arrived, Results, trainResultOf } from './outcomes.ts';
import { deedOf, jobId, type RunCard, runCard, runId } from './run-card.ts';
import { Runs } from './runs.ts';
import { sendTeacher } from './teacher-blobs.ts';

export interface ClusterOptions {
  readonly address: ClusterAddress;
  /** Jobs at once on this machine, as `openEvaluator` takes it. */
  readonly workers?: number;
  /** This machine does no job itself. */
  readonly only?: boolean;
}

/** Between two looks for results, milliseconds: doubled from the first to the last. */
const FIRST_NAP = 20;
const LAST_NAP = 500;
/** Between two looks at workers and jobs that were given up, milliseconds. */
const ROUND = 2000;

interface Waiter {
  readonly options: RunJobOptions;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Asked {
  readonly id: string;
  readonly job: Job<JobTypes>;
  readonly order: number;
  readonly waiters: Set<Waiter>;
  queued: boolean;
  /** Number of the next event that was not told. */
  heard: number;
}

/** What is used of a run beside what its jobs are done with. */
type RunFrame = Pick<Frame, 'run' | 'bus' | 'signal'>;

/**
 * Opens a run in the database. @throws ShiftAddError 'missing' without the packages it takes, 'usage' when the database
 * cannot be used
 */
export async function openCluster<T extends JobTypes>(
  workplace: Workplace<T>,
  frame: RunFrame,
  options: ClusterOptions,
): Promise<Evaluator<T>> {
  const note = (text: string) => frame.bus.emit({ type: 'note', text });
  const database = await Database.open(options.address, note);
  frame.signal.addEventListener('abort', () => database.hurry());
  try {
    const found = await runCard(workplace, frame.run.dir);
    const id = runId(found);
    const runs = new Runs(database);
    await runs.reserve(id); // a worker that came before the files would find none
    const card = { ...found, ...(await sendFiles(workplace, new Blobs(database, id))) };
    const queue = new JobQueue(database, id);
    await queue.create(card.lease);
    await queue.clear();
    await runs.open(id, card);
    return new ClusterEvaluator(workplace, frame, { ...options, database }, { id, card });
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** What workers may lack: a teacher, how sentences become subwords. */
async function sendFiles(
  { config: { distill }, subwordsFile }: Workplace<JobTypes>,
  blobs: Blobs,
): Promise<Pick<RunCard, 'teacher'>> {
  if (subwordsFile !== undefined) await blobs.put(fs.readFileSync(subwordsFile));
  const teacher = distill === 'none' ? undefined : await sendTeacher(distill, blobs);
  return teacher === undefined ? {} : { teacher };
}

class ClusterEvaluator<T extends JobTypes> implements Evaluator<T> {
  readonly description: string;
  private readonly frame: RunFrame;
  private readonly database: Database;
  private readonly id: string;
  private readonly card: RunCard;
  private readonly queue: JobQueue;
  private readonly results: Results;
  private readonly blobs: Blobs;
  private readonly attendance: Attendance;
  private readonly here: Evaluator<T> | undefined;
  private readonly loop: JobLoop | undefined;
  private readonly asked = new Map<string, Asked>();
  private readonly offers = new Map<string, string>();
  private readonly closing = new AbortController();
  private readonly serving: Promise<void>;
  private readonly watching: Promise<void>;
  private readonly ledger: JsonLines;
  private nap = new AbortController();
  private orders = 0;
  /** Jobs that nobody waits for any more, to be taken out of the queue. */
  private unwanted: string[] = [];
  /** Slots of workers by name; 0 for one that refuses. */
  private present = new Map<string, number>();
  private finished = false;

  constructor(
    workplace: Workplace<T>,
    frame: RunFrame,
    { database, workers, only }: ClusterOptions & { readonly database: Database },
    { id, card }: { readonly id: string; readonly card: RunCard },
  ) {
    this.frame = frame;
    this.database = database;
    this.id = id;
    this.card = card;
    this.description = `cluster ${database.shown}`;
    this.queue = new JobQueue(database, id);
    this.results = new Results(database, id);
    this.blobs = new Blobs(database, id);
    this.attendance = new Attendance(database, id);
    this.ledger = new JsonLines(join(frame.run.dir, 'cluster.jsonl'));
    frame.bus.subscribe((event) => {
      if (event.type === 'run-ended') this.finished = event.outcome === 'finished';
    });
    if (only !== true) {
      this.here = workplace.evaluator(workers);
      this.loop = new JobLoop({
        ...{ database, run: id, lease: card.lease, evaluator: this.here, computes: card.computes },
        worker: this.name,
        // `offer` offers here too. A job that an earlier process asked for may come before.
        ready: async ({ supernet }) => (this.offers.has(supernet) ? 0 : undefined),
        note: (text) => this.note(text),
      });
    }
    this.serving = this.loop?.serve(this.closing.signal) ?? Promise.resolve();
    this.serving.catch((error) => this.rejectAll(error));
    this.watching = this.watch();
  }

  private get name(): string {
    return `${hostname()}:${process.pid}`;
  }

  get slots(): number {
    const elsewhere = [...this.present].filter(([name]) => name !== this.name);
    return Math.max(
      1,
      elsewhere.reduce((sum, [, slots]) => sum + slots, this.here?.slots ?? 0),
    );
  }

  async offer(network: T['network']): Promise<Offer> {
    const tensors = new Map<string, TensorData>();
    for (const { name, shape, value } of network.store.parameters()) {
      tensors.set(name, { shape, data: (await network.store.backend.read(value)) as Float32Array });
    }
    const weights = await this.blobs.put(encodeSafetensors(tensors));
    const local = await this.here?.offer(network);
    const supernet = local?.supernet ?? (await weightsAddress(network));
    this.offers.set(supernet, weights);
    return {
      supernet,
      withdraw: async () => {
        this.offers.delete(supernet);
        await local?.withdraw();
        await this.blobs.remove(weights).catch(() => {}); // goes with the run otherwise
      },
    };
  }

  run<J extends Job<T>>(job: J, options: RunJobOptions = {}): Promise<ResultOf<J, T>> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (this.closing.signal.aborted || signal?.aborted) return reject(withdrawn());
      if (job.kind === 'evaluate' && !this.offers.has(job.supernet)) return reject(notOffered(job));
      const id = jobId(this.id, job);
      const asked = this.asked.get(id) ?? {
        id,
        job,
        order: this.orders++,
        waiters: new Set(),
        queued: false,
        heard: 0,
      };
      const leave = () => this.leave(asked, waiter);
      const settled = () => signal?.removeEventListener('abort', leave);
      const waiter: Waiter = {
        options,
        resolve: (result) => {
          settled();
          resolve(result as ResultOf<J, T>);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', leave);
      asked.waiters.add(waiter);
      this.asked.set(id, asked);
      this.nap.abort();
    });
  }

  /** Nobody else waits for it: it is taken out of the queue. */
  private leave(asked: Asked, waiter: Waiter): void {
    asked.waiters.delete(waiter);
    waiter.reject(withdrawn());
    if (asked.waiters.size > 0) return;
    this.asked.delete(asked.id);
    this.unwanted.push(asked.id);
  }

  private async watch(): Promise<void> {
    let looked = 0;
    let expired = 0;
    for (let pause = FIRST_NAP; !this.closing.signal.aborted; ) {
      try {
        if (await this.collect()) pause = FIRST_NAP;
        await this.send();
        if (Date.now() - looked > ROUND) {
          await this.lookAround();
          looked = Date.now();
        }
        // Whoever worked through an outage of the database has the time of a lease to say so.
        const steady = Date.now() - this.database.troubled > 1000 * this.card.lease;
        if (steady && Date.now() - expired > 250 * this.card.lease) {
          await this.queue.expire();
          expired = Date.now();
        }
      } catch (error) {
        if (!this.closing.signal.aborted) this.rejectAll(error);
      }
      await sleep(pause, this.nap.signal);
      if (this.nap.signal.aborted) pause = FIRST_NAP;
      else pause = Math.min(2 * pause, LAST_NAP);
      if (this.nap.signal.aborted) this.nap = new AbortController();
    }
  }

  /** Settles the jobs whose results are there. True when there were any. */
  private async collect(): Promise<boolean> {
    if (this.asked.size === 0) return false;
    const arrived = await this.results.of([...this.asked.keys()]);
    for (const asked of this.asked.values()) {
      if (asked.job.kind === 'train') await this.hear(asked);
    }
    for (const one of arrived) await this.settle(one);
    return arrived.length > 0;
  }

  /** What is there before the job is queued was told to an earlier process. */
  private async hear(asked: Asked): Promise<void> {
    const told = await eventsFrom(this.database, this.id, asked.id, asked.heard);
    for (const one of told) {
      asked.heard = one.at + 1;
      for (const { options } of asked.waiters) options.onEvent?.({ ...one, repeated: !asked.queued });
    }
  }

  private async settle({ job: id, outcome, origin }: Arrived): Promise<void> {
    const asked = this.asked.get(id);
    if (asked === undefined) return;
    let result: unknown;
    try {
      if (outcome.kind === 'failed') throw received(outcome.error);
      result = outcome.kind === 'scored' ? outcome.score : await trainResultOf(outcome, this.blobs);
    } catch (error) {
      // A run that is resumed does it again.
      await this.results.remove(id);
      await this.queue.remove([id]);
      this.reject(asked, error);
      return;
    }
    this.asked.delete(id);
    this.ledger.append({ job: deedOf(asked.job), ...origin });
    for (const waiter of asked.waiters) waiter.resolve(result);
  }

  /** Queues what is new, takes out what nobody wants. */
  private async send(): Promise<void> {
    const unwanted = this.unwanted.splice(0);
    await this.queue.remove(unwanted);
    const jobs = [...this.asked.values()].filter(({ queued }) => !queued);
    if (jobs.length === 0) return;
    await this.put(jobs);
    for (const job of jobs) job.queued = true;
    this.loop?.wake();
  }

  private async put(jobs: readonly Asked[]): Promise<void> {
    await this.queue.put(
      jobs.map(({ id, job, order }) => {
        const weights = job.kind === 'evaluate' ? this.offers.get(job.supernet) : undefined;
        return { id, job, order, ...(weights === undefined ? {} : { weights }) };
      }),
    );
  }

  /** Who is there, which jobs were given up; and whatever was lost is queued again. */
  private async lookAround(): Promise<void> {
    await new Runs(this.database).touch(this.id);
    this.greet(await this.attendance.present(this.card.lease));
    for (const { id, sentence } of await this.queue.givenUp()) {
      const asked = this.asked.get(id);
      await this.queue.remove([id]);
      if (asked !== undefined) this.reject(asked, givenUp(asked.job, sentence));
    }
    await this.put([...this.asked.values()].filter(({ queued }) => queued));
  }

  private greet(attendants: readonly { worker: string; slots: number; about: string }[]): void {
    const present = new Map(attendants.map(({ worker, slots }) => [worker, slots]));
    for (const { worker, slots, about } of attendants) {
      if (this.present.has(worker) || worker === this.name) continue;
      if (slots === 0) this.note(`worker ${worker} takes no job: ${about}`);
      else
        this.note(`worker ${worker} takes part: ${about}, ${slots} ${slots === 1 ? 'job' : 'jobs'} at once`);
    }
    for (const worker of this.present.keys()) {
      if (!present.has(worker) && worker !== this.name) this.note(`worker ${worker} is gone`);
    }
    this.present = present;
  }

  private note(text: string): void {
    if (!this.closing.signal.aborted) this.frame.bus.emit({ type: 'note', text });
  }

  private reject(asked: Asked, error: unknown): void {
    this.asked.delete(asked.id);
    for (const waiter of asked.waiters) waiter.reject(error);
  }

  private rejectAll(error: unknown): void {
    for (const asked of [...this.asked.values()]) this.reject(asked, error);
  }

  async dispose(): Promise<void> {
    const unwanted = [...this.unwanted, ...this.asked.keys()];
    this.closing.abort();
    this.nap.abort();
    this.rejectAll(withdrawn());
    this.database.hurry();
    await this.serving.catch(() => {});
    await this.here?.dispose();
    await this.watching;
    await this.clear(unwanted).catch(() => {}); // what is left is forgotten some day (runs.ts)
    await this.database.close();
    this.ledger.close();
  }

  /** A finished run leaves nothing behind; one that was stopped, the results that came. */
  private async clear(unwanted: readonly string[]): Promise<void> {
    if (this.finished) {
      await this.queue.drop();
      await new Runs(this.database).remove(this.id);
    } else await this.queue.remove(unwanted);
  }
}

function givenUp(job: Job<JobTypes>, sentence: string): ShiftAddError {
  return new ShiftAddError(
    'run',
    `one of ${TRIES} tries must get a job done, but none got ${deedOf(job)}; the last worker said: ${sentence}; put that right and go on with --resume`,
    { job: deedOf(job) },
  );
}
