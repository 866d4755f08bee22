/** What a job came to, on its way through the database; tensors travel beside it as a blob. */

import type { TensorData } from '../core/safetensors.ts';
import { decodeSafetensors, encodeSafetensors } from '../core/safetensors.ts';
import type { JobTypes } from '../runs/evaluation/evaluator.ts';
import type { PostedError } from '../runs/evaluation/thread-messages.ts';
import type { Score } from '../search/problem.ts';
import type { Blobs } from './blobs.ts';
import type { Database } from './database.ts';

/** What a training came to; that of a trial has no tensors, and neither has that of a ranked path. */
type Trained = JobTypes['trained'] & { readonly tensors?: ReadonlyMap<string, TensorData> };

export type Outcome =
  | { readonly kind: 'scored'; readonly score: Score }
  | { readonly kind: 'trained'; readonly result: Omit<Trained, 'tensors'>; readonly tensors?: string }
  | { readonly kind: 'failed'; readonly error: PostedError };

/** Who did a job and what that took: written to the run's cluster.jsonl. */
export interface Origin {
  readonly worker: string;
  /** Backend and instruction set: `native: avx512`. */
  readonly computes: string;
  readonly seconds: number;
  /** Blobs that the worker fetched for this job, bytes; what it returned, bytes. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Arrived {
  readonly job: string;
  readonly outcome: Outcome;
  readonly origin: Origin;
}

export class Results {
  private readonly database: Database;
  private readonly run: string;

  constructor(database: Database, run: string) {
    this.database = database;
    this.run = run;
  }

  /** False when the job had a result already, which then stays, or the run is over. */
  async put(job: string, outcome: Outcome, origin: Origin): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO shiftaddnas.results (run, job, outcome, origin)
       SELECT id, $2, $3, $4 FROM shiftaddnas.runs WHERE id = $1 ON CONFLICT DO NOTHING RETURNING job`,
      [this.run, job, encode(outcome), encode(origin)],
    );
    return rows.length > 0;
  }

  async has(job: string): Promise<boolean> {
    const rows = await this.database.query('SELECT 1 FROM shiftaddnas.results WHERE run = $1 AND job = $2', [
      this.run,
      job,
    ]);
    return rows.length > 0;
  }

  async remove(job: string): Promise<void> {
    await this.database.query('DELETE FROM shiftaddnas.results WHERE run = $1 AND job = $2', [this.run, job]);
  }

  /** Results of these jobs, as far as they are there. */
  async of(jobs: readonly string[]): Promise<Arrived[]> {
    const rows = await this.database.query<{ job: string; outcome: string; origin: string }>(
      'SELECT job, outcome, origin FROM shiftaddnas.results WHERE run = $1 AND job = ANY ($2::uuid[])',
      [this.run, jobs],
    );
    return rows.map(({ job, outcome, origin }) => ({
      job,
      outcome: decode(outcome),
      origin: decode(origin),
    }));
  }
}

/** Splits a result into what a row holds and what a blob holds. */
export async function trainedOutcome(
  { tensors, ...result }: Trained,
  blobs: Blobs,
): Promise<{ readonly outcome: Outcome; readonly bytesOut: number }> {
  if (tensors === undefined) return { outcome: { kind: 'trained', result }, bytesOut: 0 };
  const bytes = encodeSafetensors(tensors);
  const address = await blobs.put(bytes);
  return { outcome: { kind: 'trained', result, tensors: address }, bytesOut: bytes.length };
}

export async function trainResultOf(
  { result, tensors }: Extract<Outcome, { kind: 'trained' }>,
  blobs: Blobs,
): Promise<JobTypes['trained']> {
  if (tensors === undefined) return result;
  const found = decodeSafetensors(await blobs.get(tensors), `blob ${tensors.slice(0, 12)}`);
  return { ...result, tensors: found.tensors };
}

/** Numbers that JSON has no word for: a candidate's loss may be one. */
const STRANGE = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
type Strange = { readonly number: keyof typeof STRANGE };

export function encode(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? { number: String(item) } : item,
  );
}

export function decode<T>(text: string): T {
  return JSON.parse(text, (_, item) => (isStrange(item) ? STRANGE[item.number] : item)) as T;
}

function isStrange(item: unknown): item is Strange {
  return typeof item === 'object' && item !== null && Object.hasOwn(STRANGE, (item as Strange).number ?? '');
}
