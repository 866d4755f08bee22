/** What trainings tell, through the database: numbered, so that a training done again tells nothing twice. */
import type { RunEvent } from '../core/events.ts';
import type { JobEvent } from '../runs/evaluation/evaluator.ts';
import type { Database } from './database.ts';
import { decode, encode } from './outcomes.ts';

/** Events wait so long for others to go with them, milliseconds. */
const TOGETHER = 250;

/** Sends what one training tells. */
export class EventSender {
  private readonly database: Database;
  private readonly run: string;
  private readonly job: string;
  private readonly waiting: { readonly at: number; readonly event: string }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(database: Database, run: string, job: string) {
    this.database = database;
    this.run = run;
    this.job = job;
  }

  tell({ at, event }: JobEvent): void {
    if (at < 0) return; // for people at that machine
    this.waiting.push({ at, event: encode(event) });
    this.timer ??= setTimeout(() => void this.flush().catch(() => {}), TOGETHER);
  }

  /** Resolves when all that was told is in the database. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const sent = this.last.then(() => this.send(this.waiting.splice(0)));
    this.last = sent.catch(() => {});
    return sent;
  }

  private async send(rows: readonly { readonly at: number; readonly event: string }[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.database.query(
        `INSERT INTO shiftaddnas.events (run, job, at, event)
         SELECT id, $2, at, event FROM shiftaddnas.runs, unnest($3::int[], $4::text[]) AS told (at, event)
         WHERE id = $1 ON CONFLICT DO NOTHING`,
        [this.run, this.job, rows.map(({ at }) => at), rows.map(({ event }) => event)],
      );
    } catch (error) {
      this.waiting.unshift(...rows);
      throw error;
    }
  }
}

/** What a training told from number `from` on, without a gap. */
export async function eventsFrom(
  database: Database,
  run: string,
  job: string,
  from: number,
): Promise<Omit<JobEvent, 'repeated'>[]> {
  const rows = await database.query<{ at: number; event: string }>(
    'SELECT at, event FROM shiftaddnas.events WHERE run = $1 AND job = $2 AND at >= $3 ORDER BY at',
    [run, job, from],
  );
  return rows
    .filter(({ at }, i) => at === from + i)
    .map(({ at, event }) => ({ at, event: decode<RunEvent>(event) }));
}
