/**
 * The jobs of one run as a queue of pg-boss.
 *
 *   put      a job's identifier follows from the run and the job: asked for twice, it is queued once
 *   take     hands a job to one worker, for as long as its lease; `beat` renews the lease
 *   expire   jobs whose worker fell silent wait again, at most TRIES times
 *   fail     a worker could not do it: another tries, at most as often
 *   givenUp  jobs that no try was left for, with the last worker's sentence
 */
import type { Job, JobTypes } from '../runs/evaluation/evaluator.ts';
import type { Database } from './database.ts';
import { QUEUES } from './tables.ts';

export const TRIES = 5;

export interface QueuedJob {
  readonly id: string;
  readonly job: Job<JobTypes>;
  /** SHA-256 of the blob with the supernet's weights. */
  readonly weights?: string;
}

/** A job in a worker's hands. */
export interface TakenJob extends QueuedJob {
  /** How many had it before: says whose lease it is. */
  readonly attempt: number;
}

export interface GivenUp {
  readonly id: string;
  readonly sentence: string;
}

interface Payload {
  readonly kind: Job['kind'];
  /** JSON as text: PostgreSQL puts the keys of its own JSON into another order. */
  readonly job: string;
  readonly weights?: string;
}

export class JobQueue {
  private readonly database: Database;
  private readonly name: string;

  constructor(database: Database, run: string) {
    this.database = database;
    this.name = `run-${run}`;
  }

  /** `lease`: seconds without a sign of life. */
  async create(lease: number): Promise<void> {
    // A try that failed is not repeated at once: what failed may still be in the way.
    const queue = { name: this.name, retryLimit: TRIES - 1, retryDelay: 1, expireInSeconds: lease };
    await this.database.boss.createQueue(this.name, queue);
    await this.database.boss.updateQueue(this.name, queue);
  }

  /** Jobs that are queued already stay as they are. Those with a lower `order` are taken first. */
  async put(jobs: readonly (QueuedJob & { readonly order: number })[]): Promise<void> {
    const rows = jobs.map(({ id, order, job, weights }) => {
      const data: Payload = { kind: job.kind, job: JSON.stringify(job), ...(weights && { weights }) };
      return { id, name: this.name, priority: -order, data };
    });
    await this.database.boss.insert(rows);
  }

  async take(count: number): Promise<TakenJob[]> {
    const options = { batchSize: count, includeMetadata: true } as const;
    const rows = await this.database.boss.fetch<Payload>(this.name, options);
    return rows.map(({ id, data: { job, weights }, retryCount }) => ({
      ...{ id, job: JSON.parse(job) as Job<JobTypes>, attempt: retryCount },
      ...(weights && { weights }),
    }));
  }

  /** Renews leases; returns the jobs that are still this worker's. */
  async beat(jobs: readonly TakenJob[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE ${QUEUES}.job SET started_on = now() ${MINE} RETURNING job.id`,
      this.mine(jobs),
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** For a worker that ends: its jobs wait again, and no try is lost. */
  async giveBack(jobs: readonly TakenJob[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.database.query(
      `UPDATE ${QUEUES}.job SET state = 'retry', start_after = now(), retry_count = retry_count - 1 ${MINE}`,
      this.mine(jobs),
    );
  }

  private mine(jobs: readonly TakenJob[]): unknown[] {
    return [this.name, jobs.map(({ id }) => id), jobs.map(({ attempt }) => attempt)];
  }

  async complete(id: string): Promise<void> {
    await this.database.boss.complete(this.name, id);
  }

  async fail(id: string, sentence: string): Promise<void> {
    await this.database.boss.fail(this.name, id, { sentence });
  }

  /** Nobody needs them any more; a worker that has one hears it at its next beat. */
  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.database.boss.deleteJob(this.name, [...ids]);
  }

  /** Jobs whose lease is over wait again. */
  async expire(): Promise<void> {
    await this.database.boss.expire();
  }

  async givenUp(): Promise<GivenUp[]> {
    const rows = await this.database.query<{ id: string; output: Output | null }>(
      `SELECT id, output FROM ${QUEUES}.job WHERE name = $1 AND state = 'failed'`,
      [this.name],
    );
    return rows.map(({ id, output }) => ({ id, sentence: sentenceOf(output) }));
  }

  /** Jobs that nobody has. */
  async waiting(): Promise<number> {
    return this.database.boss.getQueueSize(this.name);
  }

  /** Forgets the jobs that no worker has: another process asked for them. */
  async clear(): Promise<void> {
    await this.database.boss.purgeQueue(this.name);
    await this.remove((await this.givenUp()).map(({ id }) => id));
  }

  /** Removes the queue with all its jobs. */
  async drop(): Promise<void> {
    await this.database.query(`DELETE FROM ${QUEUES}.job WHERE name = $1`, [this.name]);
    await this.database.boss.deleteQueue(this.name);
  }
}

const MINE = `FROM unnest($2::uuid[], $3::int[]) AS mine (id, attempt)
  WHERE job.name = $1 AND job.id = mine.id AND job.retry_count = mine.attempt AND job.state = 'active'`;

interface Output {
  readonly sentence?: string;
}

function sentenceOf(output: Output | null): string {
  return output?.sentence ?? 'the worker fell silent';
}
