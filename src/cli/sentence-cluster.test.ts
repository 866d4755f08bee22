/** Runs on sentence pairs over several processes and a database: the bytes of one machine, whatever happens. */
import fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { QUEUES } from '../cluster/tables.ts';
import { withoutPostgres } from '../cluster/testing/postgres.ts';
import { ClusterBench, doneBy, ledgerOf, says, stop } from './testing/cluster-bench.ts';
import { compiledProgram, start } from './testing/program.ts';
import { type RunBytes, runBytes } from './testing/run-bytes.ts';
import { writeTinyPairs } from './testing/tiny-pairs.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const reason = withoutPostgres();
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)('a run on sentences over several machines', () => {
  let program: string;
  let bench: ClusterBench;
  let data: string;
  let alone: RunBytes;
  const quick = ['--preset', 'smoke', '--merges', '60', '--seed', '3'];

  beforeAll(async () => {
    program = await compiledProgram();
    bench = await ClusterBench.open(program);
    data = await writeTinyPairs(join(bench.folder, 'pairs'));
    bench.settings = ['--data', data, '--pair', 'en-de', '--trials', '2', ...quick];
    const out = join(bench.folder, 'alone');
    const { code, stderr } = await start(program, [
      ...['search', ...bench.settings, '--out', out, '--threads', '1'],
    ]).ended;
    expect(code, stderr).toBe(0);
    alone = runBytes(out);
  });

  afterEach(() => bench.clear());
  afterAll(() => bench.close());

  test('a worker is killed while it trains: another one goes on, and the bytes are those of one machine', async () => {
    const out = join(bench.folder, 'killed');
    const searching = bench.search(out);
    const killed = bench.worker();
    await bench.active('train');
    killed.child.kill('SIGKILL');
    await killed.ended;
    await bench.idle(); // its lease is over
    const others = [bench.worker(), bench.worker(['--threads', '2'])];
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out)).toEqual(alone);

    const lines = ledgerOf(out);
    const keys = lines.map(({ job }) => job);
    expect(keys.filter((key) => key.endsWith(' scored')).length).toBeGreaterThan(0);
    // Two trials, the candidate and four fixed networks.
    expect(keys.filter((key) => key.endsWith(' trained'))).toHaveLength(7);
    expect(lines.filter(({ bytesOut }) => bytesOut > 1000)).toHaveLength(5);
    // The supernet comes once to the only one that scores.
    expect(doneBy(lines, killed).filter(({ bytesIn }) => bytesIn > 0)).toHaveLength(1);
    const done = await Promise.all(others.map(stop));
    expect(done.map(({ jobs }) => jobs)).toEqual(others.map((one) => doneBy(lines, one).length));
    for (const table of ['shiftaddnas.runs', 'shiftaddnas.blobs', 'shiftaddnas.results', `${QUEUES}.job`]) {
      expect(await bench.database.query(`SELECT 1 FROM ${table}`), table).toEqual([]);
    }
  });

  test('workers with other pairs, with images or with other bits take no job and say why; one with its own copy does them', async () => {
    const out = join(bench.folder, 'strangers');
    const own = await writeTinyPairs(join(bench.folder, 'elsewhere'));
    const other = await writeTinyPairs(join(bench.folder, 'other'));
    const file = join(bench.folder, 'other', 'test.de');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/\n/, ' und so weiter\n'));
    const searching = bench.search(out);
    const sentences = Promise.all([
      says(
        searching,
        /takes no job: a worker must have the data of the run, but parallel:.*other has fingerprint .* with --data/,
      ),
      says(
        searching,
        /takes no job: a worker must have the data of the run, but here: "idx:.*is no translation data/,
      ),
      says(searching, /takes no job: a worker must compute the same bits .*\(reference.*--backend/),
    ]);
    const strangers = [
      bench.worker(['--data', other]),
      bench.worker(['--data', `idx:${join(bench.folder, 'pairs')}`]),
      bench.worker(['--backend', 'reference']),
    ];
    await sentences;
    expect(await bench.database.query('SELECT 1 FROM shiftaddnas.results')).toEqual([]);
    const right = bench.worker(['--data', own]);
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out)).toEqual(alone);
    for (const one of strangers) expect(await stop(one)).toEqual({ jobs: 0, runs: 0, refused: 1 });
    expect((await stop(right)).jobs).toBe(ledgerOf(out).length);
  });

  test('subwords come with the run: a worker needs no file of them', async () => {
    const model = join(bench.folder, 'alone', 'subwords.json');
    const given = join(bench.folder, 'given.json');
    fs.copyFileSync(model, given);
    const out = join(bench.folder, 'subwords');
    const searching = bench.launch([
      ...['search', '--cluster-only', ...bench.settings, '--subwords', given, '--out', out],
    ]);
    await bench.until(`SELECT 1 FROM shiftaddnas.runs WHERE description <> ''`);
    fs.rmSync(given);
    const worker = bench.worker();
    const { code, stderr } = await searching.ended;
    expect(code, stderr).toBe(0);
    expect(runBytes(out).weights).toBe(alone.weights);
    expect((await stop(worker)).jobs).toBeGreaterThan(0);
  });

  test('compare hands its trainings away, the searching machine works too, and a stopped one finds what came', async () => {
    const args = [
      'compare',
      '--networks',
      'all-attention,all-lightweight-add',
      '--data',
      data,
      '--pair',
      'en-de',
    ];
    const whole = join(bench.folder, 'compared-alone');
    const { code, stderr } = await start(program, [...args, ...quick, '--out', whole, '--threads', '1'])
      .ended;
    expect(code, stderr).toBe(0);
    const out = join(bench.folder, 'compared');
    const helping = bench.worker();
    const first = bench.launch([...args, ...quick, '--out', out, '--cluster-only']);
    await bench.until('SELECT 1 FROM shiftaddnas.results');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = bench.launch(['compare', '--resume', out, '--threads', '1']);
    const ended = await second.ended;
    expect(ended.code, ended.stderr).toBe(0);
    const rows = (dir: string) => fs.readFileSync(join(dir, 'comparison.json'), 'utf8');
    expect(rows(out)).toBe(rows(whole));
    expect(doneBy(ledgerOf(out), helping).length).toBeGreaterThan(0);
    await stop(helping);
  });
});
