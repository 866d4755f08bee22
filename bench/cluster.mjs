/**
 * What a cluster costs: the time that a job spends in the database and not in a worker, and, of a run that was searched
 * with --cluster, the time and bytes of its jobs (its cluster.jsonl).
 *
 *   npm run build && node bench/cluster.mjs postgres://user@host/database [run folder]
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [url, run] = process.argv.slice(2);
if (url === undefined) throw new Error('the address of a database is needed: postgres://user@host/database');
const load = (path) => import(pathToFileURL(resolve('dist', path)).href);
const [{ clusterAddress }, { Database }, { JobLoop }, { JobQueue }, { Results }, { Runs }] =
  await Promise.all(
    ['address', 'database', 'job-loop', 'job-queue', 'outcomes', 'runs'].map((name) =>
      load(`cluster/${name}.js`),
    ),
  );

/** A run of its own, which no worker takes part in: its card is of no version. */
const id = `00000000-0000-4000-8000-${String(process.pid).padStart(12, '0')}`;
const JOBS = 100;
const uuid = (n) => `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Milliseconds a job of jobs that take no time, done by one worker with so many at once. */
async function emptyJobs(database, slots, round) {
  const queue = new JobQueue(database, id);
  const ids = Array.from({ length: JOBS }, (_, i) => uuid(10_000 * round + i));
  const job = { kind: 'evaluate', supernet: 'f'.repeat(64), genotype: '2-2-2:cc|cc|cc' };
  await queue.put(ids.map((one, order) => ({ id: one, job, order, weights: 'f'.repeat(64) })));
  const evaluator = { slots, run: async () => ({ loss: 1.23456789, accuracy: 0.5 }) };
  const stop = new AbortController();
  const own = { evaluator, worker: 'bench', computes: 'nothing', ready: async () => 0, note: console.error };
  const started = performance.now();
  const serving = new JobLoop({ database, run: id, lease: 300, ...own }).serve(stop.signal);
  while ((await new Results(database, id).of(ids)).length < JOBS)
    await new Promise((done) => setTimeout(done, 5));
  const took = performance.now() - started;
  stop.abort();
  await serving;
  return took / JOBS;
}

const database = await Database.open(clusterAddress(url), console.error);
try {
  const runs = new Runs(database);
  await runs.open(id, { protocol: 0, version: 'bench', place: 'bench' });
  const queue = new JobQueue(database, id);
  await queue.create(300);
  let round = 0;
  for (const slots of [1, 2, 4, 8]) {
    const times = [];
    for (let i = 0; i < 5; i++) times.push(await emptyJobs(database, slots, ++round));
    console.log(
      `empty jobs, ${slots} at once: ${median(times).toFixed(2)} ms a job (best ${Math.min(...times).toFixed(2)})`,
    );
  }
  await queue.drop();
  await runs.remove(id);
} finally {
  await database.close();
}

if (run !== undefined) {
  const lines = readFileSync(join(run, 'cluster.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const deed of ['scored', 'trained']) {
    const jobs = lines.filter(({ job }) => job.endsWith(deed));
    if (jobs.length === 0) continue;
    const seconds = jobs.map((one) => one.seconds);
    const sum = (key) => jobs.reduce((total, one) => total + one[key], 0);
    const workers = new Set(jobs.map(({ worker }) => worker)).size;
    console.log(
      `${jobs.length} ${deed} by ${workers} workers: median ${median(seconds)} s, longest ${Math.max(...seconds)} s; ` +
        `weights fetched ${sum('bytesIn')} bytes in all, weights returned ${Math.round(sum('bytesOut') / jobs.length)} bytes a job`,
    );
  }
}
