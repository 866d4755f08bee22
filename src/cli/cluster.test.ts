/** Searches over several processes and a database of the test's own end in the bytes of one machine, whatever happens. */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusterAddress } from '../cluster/address.ts';
import { Database } from '../cluster/database.ts';
import { QUEUES } from '../cluster/tables.ts';
import { type Postgres, startPostgres, withoutPostgres } from '../cluster/testing/postgres.ts';
import { readJsonLines } from '../runs/jsonlines.ts';
import { compiledProgram, type Running, start } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const reason = withoutPostgres();
const PASSWORD = 'hunter2';
let folder: string;
let program: string;
let postgres: Postgres;
let database: Database;
let url: string;
let alone: ReturnType<typeof runBytes>;
const running: Running[] = [];

const settings = () => [
  '--preset',
  'smoke',
  '--data',
  `idx:${join(folder, 'data')}`,
  '--seed',
  '3',
  ...QUICK,
];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'cluster-'));
  program = await compiledProgram();
  if (reason !== undefined) return console.log(`skipped: ${reason}`);
  writeTinyIdx(join(folder, 'data'));
  postgres = await startPostgres();
  url = postgres.url.replace('tester@', `tester:${PASSWORD}@`);
  database = await Database.open(clusterAddress(postgres.url), () => {});
  const out = join(folder, 'alone');
  const { code, stderr } = await start(program, ['search', ...settings(), '--out', out, '--threads', '1'])
    .ended;
  expect(code, stderr).toBe(0);
  alone = runBytes(out);
});

/** What a test that failed left behind must not make the next one fail. */
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  if (reason === undefined) await database.query(`TRUNCATE shiftaddnas.runs CASCADE; TRUNCATE ${QUEUES}.job`);
});

afterAll(async () => {
  await database?.close();
  postgres?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

function launch(args: string[], env: Record<string, string> = {}): Running {
  const cache = join(folder, 'cache', String(running.length));
  const one = start(program, [...args, '--cluster', url], { SHIFTADDNAS_CACHE: cache, ...env });
  running.push(one);
  return one;
}

/** Hands every job away; a worker's job is taken from it after two seconds of silence. */
function search(out: string, ...more: string[]): Running {
  const resumed = fs.existsSync(join(out, 'config.json')) ? ['--resume', out] : [...settings(), '--out', out];
  return launch(['search', ...resumed, '--cluster-only', ...more], { SHIFTADDNAS_LEASE: '2' });
}

const worker = (args: string[] = [], env: Record<string, string> = {}) =>
  launch(['worker', '--threads', '1', '--json', ...args], env);

interface JobRow {
  readonly id: string;
  readonly kind: string;
}

/** Asks again and again until there are rows. */
async function until<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
  for (;;) {
    const rows = await database.query<Row>(sql, values);
    if (rows.length > 0) return rows;
    await setTimeout(5);
  }
}

/** A job of this kind that a worker has. */
const active = async (kind: string): Promise<JobRow> =>
  (
    await until<JobRow>(
      `SELECT id, data->>'kind' AS kind FROM ${QUEUES}.job
       WHERE state = 'active' AND data->>'kind' = $1`,
      [kind],
    )
  )[0];

/** Resolves when a process has written this to stderr. */
function says({ child }: Running, text: string): Promise<void> {
  let heard = '';
  return new Promise((resolve) => {
    child.stderr?.on('data', (chunk) => {
      heard += chunk;
      if (heard.includes(text)) resolve();
    });
  });
}

/** Stops the only worker while it trains; the job's identifier. */
async function freezeInside({ child }: Running): Promise<string> {
  for (;;) {
    const { id } = await active('train');
    child.kill('SIGSTOP');
    const held = `SELECT 1 FROM ${QUEUES}.job WHERE id = $1 AND state = 'active'
      AND NOT EXISTS (SELECT 1 FROM shiftaddnas.results WHERE job = $1)`;
    if ((await database.query(held, [id])).length > 0) return id;
    child.kill('SIGCONT');
  }
}

async function stop(one: Running): Promise<{ jobs: number; runs: number; refused: number }> {
  one.child.kill('SIGTERM');
  const { code, stdout, stderr } = await one.ended;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

interface LedgerLine {
  /** `1-1:c|c scored` */
  readonly job: string;
  readonly worker: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const ledgerOf = (out: string) => readJsonLines(join(out, 'cluster.jsonl')) as LedgerLine[];
const doneBy = (lines: readonly LedgerLine[], { child }: Running) =>
  lines.filter(({ worker }) => worker.endsWith(`:${child.pid}`));

/** Every text file of the run. */
function textsOf(out: string): string {
  const names = fs.readdirSync(out, { recursive: true }).map(String);
  return names
    .filter((name) => /\.(jsonl?|html)$/.test(name))
    .map((name) => fs.readFileSync(join(out, name), 'utf8'))
    .join('\n');
}

describe.skipIf(reason !== undefined)('a search over several machines', () => {
  test('a worker is killed, another frozen, the database restarted: the bytes of one machine, nothing twice', async () => {
    const out = join(folder, 'trouble');
    const searching = search(out);
    const killed = worker();
    await active('evaluate');
    postgres.stop('immediate');
    await says(searching, 'does not answer');
    postgres.start();
    await active('train');
    killed.child.kill('SIGKILL');
    await killed.ended;
    await until(`SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ${QUEUES}.job WHERE state = 'active')`); // its lease is over
    // A frozen worker loses its job to another one, and sends its result when that is there already.
    const frozen = worker();
    const taken = await freezeInside(frozen);
    const steady = worker();
    await until('SELECT 1 FROM shiftaddnas.workers WHERE worker LIKE $1', [`%:${steady.child.pid}`]);
    await until('SELECT 1 FROM shiftaddnas.results WHERE job = $1', [taken]);
    frozen.child.kill('SIGCONT');
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('answers again');
    expect(runBytes(out)).toEqual(alone);

    const lines = ledgerOf(out);
    const keys = lines.map(({ job }) => job);
    expect(new Set(keys).size).toBe(keys.length);
    const [late, other] = [await stop(frozen), await stop(steady)];
    expect([late.jobs, other.jobs]).toEqual([doneBy(lines, frozen).length, doneBy(lines, steady).length]);
    expect(doneBy(lines, killed).length + late.jobs + other.jobs).toBe(lines.length);
    // Weights come once to each worker that scores.
    for (const one of [killed, frozen, steady]) {
      expect(doneBy(lines, one).filter(({ bytesIn }) => bytesIn > 0).length).toBeLessThanOrEqual(1);
    }
    expect(doneBy(lines, killed)[0]).toMatchObject({ job: expect.stringMatching(/scored$/) });
    expect(doneBy(lines, killed)[0].bytesIn).toBeGreaterThan(10_000);

    for (const text of [textsOf(out), stderr]) {
      expect(text).not.toContain(PASSWORD);
    }
    // A finished run leaves nothing in the database.
    for (const table of ['shiftaddnas.runs', 'shiftaddnas.blobs', 'shiftaddnas.results', `${QUEUES}.job`]) {
      expect(await database.query(`SELECT 1 FROM ${table}`), table).toEqual([]);
    }
  });

  test('workers of another version, with other data or other bits take no job and say why; one with its own copy does them', async () => {
    const out = join(folder, 'strangers');
    writeTinyIdx(join(folder, 'elsewhere'));
    writeTinyIdx(join(folder, 'other'));
    const labels = join(folder, 'other', 't10k-labels-idx1-ubyte');
    const bytes = fs.readFileSync(labels);
    bytes[8] = (bytes[8] + 1) % 10;
    fs.writeFileSync(labels, bytes);
    const searching = search(out);
    let said = '';
    searching.child.stderr?.on('data', (text) => {
      said += text;
    });
    const strangers = [
      worker([], { NODE_OPTIONS: hook("s.endsWith('/version.js')", 'export const version="9.9.9"') }),
      worker(['--data', `idx:${join(folder, 'other')}`]),
      worker(['--data', `idx:${join(folder, 'nowhere')}`]),
      worker(['--backend', 'reference']),
    ];
    await until('SELECT 1 WHERE (SELECT count(*) FROM shiftaddnas.workers WHERE slots = 0) = 4');
    expect(await database.query('SELECT 1 FROM shiftaddnas.results')).toEqual([]);
    await until(`SELECT 1 FROM ${QUEUES}.job WHERE state = 'created'`);
    const sentences = [
      /takes no job: a worker must be of the version that searches, but this one is shiftaddnas 9\.9\.9 .* install the same version/,
      /takes no job: a worker must have the data of the run, but idx:.*other has fingerprint .* with --data/,
      /takes no job: a worker must have the data of the run, but here: .*nowhere/,
      /takes no job: a worker must compute the same bits .*\(reference.*--backend/,
    ];
    // The searching machine looks at its workers every two seconds, and the run may be shorter.
    while (!sentences.every((sentence) => sentence.test(said))) await setTimeout(50);
    const right = worker(['--data', `idx:${join(folder, 'elsewhere')}`]);
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out)).toEqual(alone);
    for (const one of strangers) expect(await stop(one)).toEqual({ jobs: 0, runs: 0, refused: 1 });
    expect((await stop(right)).jobs).toBe(ledgerOf(out).length);
  });

  test('the searching machine works too; killed and resumed, it finds the results that came', async () => {
    const out = join(folder, 'resumed');
    const helper = worker();
    const first = launch(['search', ...settings(), '--out', out, '--threads', '1'], {
      SHIFTADDNAS_LEASE: '2',
    });
    await active('train');
    first.child.kill('SIGKILL');
    await first.ended;
    const lines = ledgerOf(out);
    const second = launch(['search', '--resume', out, '--threads', '1'], { SHIFTADDNAS_LEASE: '2' });
    const { code, stderr } = await second.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out)).toEqual(alone);
    expect(ledgerOf(out).length).toBeGreaterThan(lines.length);
    await stop(helper);
  });
});

test('without its optional packages, a sentence says what to install', async () => {
  const NODE_OPTIONS = hook("s === 'pg-boss'", undefined);
  const args = ['worker', '--cluster', 'postgres://u:hunter2@127.0.0.1:1/db'];
  const { code, stderr } = await start(program, args, { NODE_OPTIONS }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /shiftaddnas: --cluster needs the optional package pg-boss, .* npm install pg-boss@10\n$/,
  );
});

test('a database that is not there ends a run before it begins, without its password', async () => {
  const out = join(folder, 'nowhere');
  const args = [
    'search',
    '--preset',
    'smoke',
    '--out',
    out,
    '--cluster',
    `postgres://u:${PASSWORD}@127.0.0.1:1/db`,
  ];
  const { code, stdout, stderr } = await start(program, args).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(/postgres:\/\/127\.0\.0\.1:1\/db says: .*ECONNREFUSED.*; start it, or check/);
  expect(stdout + stderr).not.toContain(PASSWORD);
  expect(fs.existsSync(out)).toBe(false);
});

/** NODE_OPTIONS that put `source` in the place of a module, or nothing at all. */
function hook(condition: string, source: string | undefined): string {
  const found =
    source === undefined
      ? 'const e = new Error("not found"); e.code = "ERR_MODULE_NOT_FOUND"; throw e;'
      : `return { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(source)}`)}, shortCircuit: true };`;
  const hooks = `export async function resolve(s, c, next) { if (${condition}) { ${found} } return next(s, c); }`;
  const path = join(folder, `hook-${source === undefined ? 'missing' : 'instead'}.mjs`);
  const text = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
  fs.writeFileSync(path, text);
  return `--import=${path}`;
}
