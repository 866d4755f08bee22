/** Searches over several processes and a database of the test's own end in the bytes of one machine, whatever happens. */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { QUEUES } from '../cluster/tables.ts';
import { withoutPostgres } from '../cluster/testing/postgres.ts';
import { ClusterBench, doneBy, ledgerOf, PASSWORD, says, stop } from './testing/cluster-bench.ts';
import { compiledProgram, otherCheckout, type Running, start } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const reason = withoutPostgres();
let program: string;
let bench: ClusterBench;
/** Of tests that need no database. */
let folder: string;
let alone: ReturnType<typeof runBytes>;

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'no-cluster-'));
  program = await compiledProgram();
  if (reason !== undefined) return console.log(`skipped: ${reason}`);
  bench = await ClusterBench.open(program);
  const data = writeTinyIdx(join(bench.folder, 'data'));
  bench.settings = ['--preset', 'smoke', '--data', data, '--seed', '3', ...QUICK];
  const out = join(bench.folder, 'alone');
  const { code, stderr } = await start(program, [
    ...['search', ...bench.settings, '--out', out, '--threads', '1'],
  ]).ended;
  expect(code, stderr).toBe(0);
  alone = runBytes(out);
});

afterEach(() => bench?.clear());

afterAll(async () => {
  await bench?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Stops the only worker while it trains; the job's identifier. */
async function freezeInside({ child }: Running): Promise<string> {
  for (;;) {
    const { id } = await bench.active('train');
    child.kill('SIGSTOP');
    const held = `SELECT 1 FROM ${QUEUES}.job WHERE id = $1 AND state = 'active'
      AND NOT EXISTS (SELECT 1 FROM shiftaddnas.results WHERE job = $1)`;
    if ((await bench.database.query(held, [id])).length > 0) return id;
    child.kill('SIGCONT');
  }
}

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
    const out = join(bench.folder, 'trouble');
    const searching = bench.search(out);
    const killed = bench.worker();
    await bench.active('evaluate');
    bench.postgres.stop('immediate');
    await says(searching, 'does not answer');
    bench.postgres.start();
    await bench.active('train');
    killed.child.kill('SIGKILL');
    await killed.ended;
    await bench.idle(); // its lease is over
    // A frozen worker loses its job to another one, and sends its result when that is there already.
    const frozen = bench.worker();
    const taken = await freezeInside(frozen);
    const steady = bench.worker();
    await bench.until('SELECT 1 FROM shiftaddnas.workers WHERE worker LIKE $1', [`%:${steady.child.pid}`]);
    await bench.until('SELECT 1 FROM shiftaddnas.results WHERE job = $1', [taken]);
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
      expect(await bench.database.query(`SELECT 1 FROM ${table}`), table).toEqual([]);
    }
  });

  test('workers of another version, of other code, with other data or other bits take no job and say why; one with its own copy does them', async () => {
    const out = join(bench.folder, 'strangers');
    writeTinyIdx(join(bench.folder, 'elsewhere'));
    writeTinyIdx(join(bench.folder, 'other'));
    const labels = join(bench.folder, 'other', 't10k-labels-idx1-ubyte');
    const bytes = fs.readFileSync(labels);
    bytes[8] = (bytes[8] + 1) % 10;
    fs.writeFileSync(labels, bytes);
    const searching = bench.search(out);
    let said = '';
    searching.child.stderr?.on('data', (text) => {
      said += text;
    });
    const other = otherCheckout(program);
    const strangers = [
      bench.worker([], { NODE_OPTIONS: hook("s.endsWith('/version.js')", 'export const version="9.9.9"') }),
      bench.worker(['--data', `idx:${join(bench.folder, 'other')}`]),
      bench.worker(['--data', `idx:${join(bench.folder, 'nowhere')}`]),
      bench.worker(['--backend', 'reference']),
      // Other bits may differ with --mixed, other code may not.
      bench.worker(['--mixed'], {}, other.program),
    ];
    await bench.until('SELECT 1 WHERE (SELECT count(*) FROM shiftaddnas.workers WHERE slots = 0) = 5');
    expect(await bench.database.query('SELECT 1 FROM shiftaddnas.results')).toEqual([]);
    await bench.until(`SELECT 1 FROM ${QUEUES}.job WHERE state = 'created'`);
    const sentences = [
      /takes no job: a worker must be of the version that searches, but this one is shiftaddnas 9\.9\.9 .* install the same version/,
      /takes no job: a worker must have the data of the run, but idx:.*other has fingerprint .* with --data/,
      /takes no job: a worker must have the data of the run, but here: .*nowhere/,
      /takes no job: a worker must run the code that searches, but this shiftaddnas \S+ has code (\w{12}), and the one that started the run has (?!\1)\w{12}; check out/,
      /takes no job: a worker must compute the same bits .*\(reference.*--backend/,
    ];
    // The searching machine looks at its workers every two seconds, and the run may be shorter.
    while (!sentences.every((sentence) => sentence.test(said))) await setTimeout(50);
    const right = bench.worker(['--data', `idx:${join(bench.folder, 'elsewhere')}`]);
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out)).toEqual(alone);
    for (const one of strangers) expect(await stop(one)).toEqual({ jobs: 0, runs: 0, refused: 1 });
    other.remove();
    expect((await stop(right)).jobs).toBe(ledgerOf(out).length);
  });

  test('the searching machine works too; killed and resumed, it finds the results that came', async () => {
    const out = join(bench.folder, 'resumed');
    const helper = bench.worker();
    const first = bench.launch(['search', ...bench.settings, '--out', out, '--threads', '1'], {
      SHIFTADDNAS_LEASE: '2',
    });
    await bench.active('train');
    first.child.kill('SIGKILL');
    await first.ended;
    const lines = ledgerOf(out);
    const second = bench.launch(['search', '--resume', out, '--threads', '1'], { SHIFTADDNAS_LEASE: '2' });
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
