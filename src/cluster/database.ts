/**
 * The database that searching machines and workers meet in. Whatever is asked of it waits while it is away (a restart,
 * a cable) and is asked again: every statement of this room may be repeated.
 *
 * pg-boss keeps the queues and brings the driver; both are optional packages, loaded when a cluster is first asked for.
 */
import { createRequire } from 'node:module';
import type PgBoss from 'pg-boss';
import { ShiftAddError } from '../core/errors.ts';
import type { ClusterAddress } from './address.ts';
import { QUEUES, TABLES } from './tables.ts';

/** What is used of the package pg. */
interface Client {
  on(event: 'error', listener: (error: Error) => void): void;
  off(event: 'error', listener: (error: Error) => void): void;
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: unknown[] }>;
  /** `broken`: it is thrown away. */
  release(broken?: boolean): void;
}
interface Pool {
  connect(): Promise<Client>;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): Promise<void>;
}

/** Between two attempts, milliseconds: doubled from the first to the last. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 3000;
/** After `hurry`. */
const LAST_WAIT = 5000;

export class Database {
  readonly shown: string;
  private readonly pool: Pool;
  private readonly closed = new AbortController();
  private readonly note: (sentence: string) => void;
  private away = false;
  /** When it last did not answer, as Date.now() says it; 0 for never. */
  troubled = 0;
  /** After this time nobody asks again. */
  private deadline = Number.POSITIVE_INFINITY;
  /** A database that does not answer the first time is a mistake in its address; later it is an outage. */
  private opened = false;
  private kept: PgBoss | undefined;

  private constructor(shown: string, pool: Pool, note: (sentence: string) => void) {
    this.shown = shown;
    this.pool = pool;
    this.note = note;
    pool.on('error', heardElsewhere);
  }

  /**
   * Connects and makes the tables where there are none. `note` hears when the database goes away and comes back.
   * @throws ShiftAddError 'missing' without the packages, 'usage' when the database cannot be used
   */
  static async open(
    { connection, shown }: ClusterAddress,
    note: (sentence: string) => void,
  ): Promise<Database> {
    const { Boss, pg } = await packages();
    const pool = new pg.Pool({
      ...{ connectionString: connection, application_name: 'shiftaddnas', max: 4, keepAlive: true },
      ...{ connectionTimeoutMillis: 10_000, query_timeout: 120_000 },
    });
    const database = new Database(shown, pool, note);
    try {
      await database.once(TABLES, []);
      const executeSql = (text: string, values: unknown[] = []) => database.ask(text, values);
      // Maintenance would be for all runs at once; each run looks after its own queue (job-queue.ts).
      const passive = { supervise: false, schedule: false };
      database.kept = new Boss({
        db: { executeSql: executeSql as PgBoss.Db['executeSql'] },
        schema: QUEUES,
        ...passive,
      });
      database.kept.on('error', () => {});
      await database.kept.start();
      database.opened = true;
      return database;
    } catch (error) {
      await pool.end();
      if (error instanceof TypeError) throw error; // a bug
      throw new ShiftAddError(
        'usage',
        `--cluster needs a PostgreSQL database that can be reached and written, but ${shown} says: ${reasonOf(error)}; start it, or check address, user and password (PGPASSWORD)`,
        { cluster: shown },
        error,
      );
    }
  }

  get boss(): PgBoss {
    return this.kept as PgBoss;
  }

  /** Rows of one statement. Waits while the database is away. @throws 'interrupted' once closed, else what it says */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.ask(text, values);
    return rows as Row[];
  }

  private async ask(text: string, values: readonly unknown[]): Promise<{ rows: unknown[] }> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LAST_PAUSE)) {
      if (this.closed.signal.aborted) throw over();
      try {
        const result = await this.once(text, values);
        if (this.away) this.note(`the database at ${this.shown} answers again`);
        this.away = false;
        return result;
      } catch (error) {
        if (!this.opened) throw error;
        if (!passes(error)) throw this.refusal(error);
        if (Date.now() > this.deadline) throw over();
        if (!this.away)
          this.note(`the database at ${this.shown} does not answer (${reasonOf(error)}); trying again`);
        this.away = true;
        this.troubled = Date.now();
        await sleep(pause, this.closed.signal);
      }
    }
  }

  private async once(text: string, values: readonly unknown[]): Promise<{ rows: unknown[] }> {
    const client = await this.pool.connect();
    let broken = true;
    client.on('error', heardElsewhere);
    try {
      // Several statements in one text can only be sent without values.
      const result = await (values.length === 0 ? client.query(text) : client.query(text, values));
      broken = false;
      return result;
    } finally {
      client.off('error', heardElsewhere);
      client.release(broken); // after an error it may still be inside a transaction
    }
  }

  private refusal(error: unknown): ShiftAddError {
    const sentence = `the database at ${this.shown} refuses: ${reasonOf(error)}; put it right and go on with --resume`;
    return new ShiftAddError('run', sentence, { cluster: this.shown }, error);
  }

  /** From now on a database that is away is waited for a few seconds at most: for work that is being ended. */
  hurry(): void {
    this.deadline = Math.min(this.deadline, Date.now() + LAST_WAIT);
  }

  /** Whoever waits for an answer is told 'interrupted'. */
  async close(): Promise<void> {
    this.closed.abort();
    await this.pool.end();
  }
}

/** A connection was lost; the query that uses it, or the next one, is told. Without a listener it would end the process. */
function heardElsewhere(): void {}

async function packages() {
  try {
    const { default: Boss } = await import('pg-boss');
    const beside = createRequire(createRequire(import.meta.url).resolve('pg-boss'));
    const pg = beside('pg') as { Pool: new (options: object) => Pool };
    return { Boss, pg };
  } catch (error) {
    throw new ShiftAddError(
      'missing',
      '--cluster needs the optional package pg-boss, which is not installed here; install it with: npm install pg-boss@10',
      {},
      error,
    );
  }
}

/** PostgreSQL's classes of errors (its appendix A) that another attempt may not meet. */
const PASSING = /^(08...|57P0[1-5]|53300|40001|40P01|55P03|25P02)$/;
const SYSTEM = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
];

/** Whether an error is one of the way to the database, not of what was asked. */
function passes(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && (PASSING.test(code) || SYSTEM.includes(code))) return true;
  // Errors of the driver itself have no code.
  return (
    code === undefined &&
    /connection terminated|connection timeout|read timeout|timeout exceeded/i.test(String(message))
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { message, code } = error as { message?: string; code?: string };
  return (message || code || String(error)).replaceAll('\n', ' ');
}

function over(): ShiftAddError {
  return new ShiftAddError('interrupted', 'the connection to the database was closed');
}

/** Ends early, without an error, when `signal` is aborted. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
