/**
 * A cluster in small, for tests: a PostgreSQL server of the test's own, a searching machine and workers as processes, and
 * eyes on what the database holds.
 */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { clusterAddress } from '../../cluster/address.ts';
import { Database } from '../../cluster/database.ts';
import { QUEUES } from '../../cluster/tables.ts';
import { type Postgres, startPostgres } from '../../cluster/testing/postgres.ts';
import { readJsonLines } from '../../runs/jsonlines.ts';
import { type Running, start } from './program.ts';

/** Of the database's user; nothing may print it. */
export const PASSWORD = 'hunter2';

export interface LedgerLine {
  /** `1-1:c|c scored` */
  readonly job: string;
  readonly worker: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export const ledgerOf = (out: string) => readJsonLines(join(out, 'cluster.jsonl')) as LedgerLine[];
export const doneBy = (lines: readonly LedgerLine[], { child }: Running) =>
  lines.filter(({ worker }) => worker.endsWith(`:${child.pid}`));

interface JobRow {
  readonly id: string;
  readonly kind: string;
}

export class ClusterBench {
  /** Of the test's files, gone with the bench. */
  readonly folder: string;
  readonly postgres: Postgres;
  readonly database: Database;
  private readonly program: string;
  private readonly running: Running[] = [];
  private readonly url: string;
  /** Flags of the search that the test is about. */
  settings: readonly string[] = [];

  private constructor(folder: string, program: string, postgres: Postgres, database: Database) {
    this.folder = folder;
    this.program = program;
    this.postgres = postgres;
    this.database = database;
    this.url = postgres.url.replace('tester@', `tester:${PASSWORD}@`);
  }

  static async open(program: string): Promise<ClusterBench> {
    const postgres = await startPostgres();
    const database = await Database.open(clusterAddress(postgres.url), () => {});
    return new ClusterBench(fs.mkdtempSync(join(tmpdir(), 'cluster-')), program, postgres, database);
  }

  /** A process that meets the others in the database, with a cache of its own. */
  launch(args: readonly string[], env: Record<string, string> = {}, program: string = this.program): Running {
    const cache = join(this.folder, 'cache', String(this.running.length));
    const one = start(program, [...args, '--cluster', this.url], { SHIFTADDNAS_CACHE: cache, ...env });
    this.running.push(one);
    return one;
  }

  /** Hands every job away; a worker's job is taken from it after two seconds of silence. */
  search(out: string, ...more: string[]): Running {
    const begun = fs.existsSync(join(out, 'config.json'));
    const resumed = begun ? ['--resume', out] : [...this.settings, '--out', out];
    return this.launch(['search', ...resumed, '--cluster-only', ...more], { SHIFTADDNAS_LEASE: '2' });
  }

  worker(args: readonly string[] = [], env: Record<string, string> = {}, program?: string): Running {
    return this.launch(['worker', '--threads', '1', '--json', ...args], env, program);
  }

  /** Asks again and again until there are rows. */
  async until<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    for (;;) {
      const rows = await this.database.query<Row>(sql, values);
      if (rows.length > 0) return rows;
      await setTimeout(5);
    }
  }

  /** A job of this kind that a worker has. */
  async active(kind: string): Promise<JobRow> {
    const rows = await this.until<JobRow>(
      `SELECT id, data->>'kind' AS kind FROM ${QUEUES}.job
       WHERE state = 'active' AND data->>'kind' = $1`,
      [kind],
    );
    return rows[0];
  }

  /** Resolves when no worker has a job. */
  async idle(): Promise<void> {
    await this.until(`SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ${QUEUES}.job WHERE state = 'active')`);
  }

  /** What a test that failed left behind must not make the next one fail. */
  async clear(): Promise<void> {
    for (const { child } of this.running) child.kill('SIGKILL');
    await Promise.all(this.running.map(({ ended }) => ended));
    await this.database.query(`TRUNCATE shiftaddnas.runs CASCADE; TRUNCATE ${QUEUES}.job`);
  }

  async close(): Promise<void> {
    await this.database.close();
    this.postgres.remove();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ends a worker as Ctrl-C does. */
export async function stop(one: Running): Promise<{ jobs: number; runs: number; refused: number }> {
  one.child.kill('SIGTERM');
  const { code, stdout, stderr } = await one.ended;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Resolves when a process has written this to stderr. */
export function says({ child }: Running, text: string | RegExp): Promise<void> {
  let heard = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      heard += chunk;
      if (typeof text === 'string' ? heard.includes(text) : text.test(heard)) resolve();
    });
  });
}
