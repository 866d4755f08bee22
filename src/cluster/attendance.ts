/** Who works for a run, or does not and why: each worker's row says so, as long as it is renewed. */
import type { Database } from './database.ts';

export interface Attendant {
  readonly worker: string;
  /** Jobs it does at once; 0 when it refuses. */
  readonly slots: number;
  /** What computes there, or the sentence why it takes no job. */
  readonly about: string;
}

export class Attendance {
  private readonly database: Database;
  private readonly run: string;

  constructor(database: Database, run: string) {
    this.database = database;
    this.run = run;
  }

  /** Nothing happens when the run is gone. */
  async attend({ worker, slots, about }: Attendant): Promise<void> {
    await this.database.query(
      `INSERT INTO shiftaddnas.workers (run, worker, slots, about)
       SELECT id, $2, $3, $4 FROM shiftaddnas.runs WHERE id = $1 FOR KEY SHARE
       ON CONFLICT (run, worker) DO UPDATE SET slots = $3, about = $4, seen = now()`,
      [this.run, worker, slots, about],
    );
  }

  async leave(worker: string): Promise<void> {
    await this.database.query('DELETE FROM shiftaddnas.workers WHERE run = $1 AND worker = $2', [
      this.run,
      worker,
    ]);
  }

  /** Those heard of in the last `seconds`, and all that refuse: they say so once. */
  async present(seconds: number): Promise<Attendant[]> {
    return this.database.query<Attendant>(
      `SELECT worker, slots, about FROM shiftaddnas.workers
       WHERE run = $1 AND (slots = 0 OR seen > now() - $2 * interval '1 second') ORDER BY worker`,
      [this.run, seconds],
    );
  }
}
