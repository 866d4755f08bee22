/** The runs of a database: made by who searches, found by workers. */
import type { Database } from './database.ts';
import { decode, encode } from './outcomes.ts';
import type { RunCard } from './run-card.ts';

/** Days after which a run that nobody went on with is forgotten. */
const KEPT_DAYS = 14;

export interface KnownRun {
  readonly id: string;
  readonly card: RunCard;
  /** Whether its searching machine was there in the last minute. */
  readonly alive: boolean;
}

export class Runs {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Makes room for what a run sends ahead; workers do not see it yet. */
  async reserve(id: string): Promise<void> {
    await this.database.query(
      `INSERT INTO shiftaddnas.runs (id, description) VALUES ($1, '') ON CONFLICT DO NOTHING`,
      [id],
    );
  }

  /** Makes a run known, or known again; forgets those that were left. */
  async open(id: string, card: RunCard): Promise<void> {
    await this.database.query(
      `DELETE FROM shiftaddnas.runs WHERE seen < now() - interval '${KEPT_DAYS} days' AND id <> $1`,
      [id],
    );
    await this.database.query(
      `INSERT INTO shiftaddnas.runs (id, description) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET description = $2, seen = now()`,
      [id, encode(card)],
    );
  }

  async touch(id: string): Promise<void> {
    await this.database.query('UPDATE shiftaddnas.runs SET seen = now() WHERE id = $1', [id]);
  }

  /** With its blobs, results, events and workers. */
  async remove(id: string): Promise<void> {
    await this.database.query('DELETE FROM shiftaddnas.runs WHERE id = $1', [id]);
  }

  /** Those that are known, the oldest first. */
  async all(): Promise<KnownRun[]> {
    const rows = await this.database.query<{ id: string; description: string; alive: boolean }>(
      `SELECT id, description, seen > now() - interval '1 minute' AS alive FROM shiftaddnas.runs
       WHERE description <> '' ORDER BY opened, id`,
    );
    return rows.map(({ id, description, alive }) => ({ id, card: decode<RunCard>(description), alive }));
  }
}
