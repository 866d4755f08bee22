/** What the cluster keeps in PostgreSQL, on a server of the test's own: nothing is lost, nothing is there twice. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../backends/open.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import { EventBus, type RunEvent } from '../core/events.ts';
import { Random } from '../core/random.ts';
import type { EvaluateJob, Evaluator, ImageJobs, JobEvent, TrainJob } from '../runs/evaluation/evaluator.ts';
import type { OpenRun } from '../runs/folder.ts';
import { DEFAULT_CONFIG } from '../runs/options.ts';
import { loadSpace } from '../spaces/load.ts';
import { clusterAddress } from './address.ts';
import { BlobCache, Blobs, sha256Of } from './blobs.ts';
import { openCluster } from './cluster-evaluator.ts';
import { Database } from './database.ts';
import { EventSender, eventsFrom } from './event-rows.ts';
import { JobLoop } from './job-loop.ts';
import { JobQueue, TRIES } from './job-queue.ts';
import { type Outcome, Results } from './outcomes.ts';
import type { RunCard } from './run-card.ts';
import { Runs } from './runs.ts';
import { PIECE, QUEUES } from './tables.ts';
import { fetchTeacher, sendTeacher } from './teacher-blobs.ts';
import { type Postgres, startPostgres, withoutPostgres } from './testing/postgres.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const reason = withoutPostgres();
if (reason !== undefined) console.log(`skipped: ${reason}`);

const RUN = '00000000-0000-0000-0000-000000000001';
const job = (n: number) => `00000000-0000-0000-0001-${String(n).padStart(12, '0')}`;
const evaluate = (genotype: string): EvaluateJob => ({ kind: 'evaluate', supernet: 'weights', genotype });

describe.skipIf(reason !== undefined)('in the database', () => {
  let folder: string;
  let postgres: Postgres;
  let database: Database;

  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'in-database-'));
    postgres = await startPostgres();
    // Several at once find no tables.
    const opened = await Promise.all(
      [1, 2, 3].map(() => Database.open(clusterAddress(postgres.url), () => {})),
    );
    database = opened[0];
    await Promise.all(opened.slice(1).map((other) => other.close()));
  });

  beforeEach(async () => {
    await database.query(`TRUNCATE shiftaddnas.runs CASCADE; TRUNCATE ${QUEUES}.job`);
    await new Runs(database).open(RUN, {} as RunCard);
    await new JobQueue(database, RUN).create(60);
  });

  afterAll(async () => {
    await database.close();
    postgres.remove();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  describe('blobs', () => {
    const bytes = Uint8Array.from({ length: 2 * PIECE + 5 }, (_, i) => (i * i) >> 3);

    test('come back as they were, are kept once, and go', async () => {
      const blobs = new Blobs(database, RUN);
      const address = await blobs.put(bytes);
      expect(address).toBe(sha256Of(bytes));
      expect(await blobs.put(bytes)).toBe(address);
      const [{ count }] = await database.query<{ count: string }>('SELECT count(*) FROM shiftaddnas.blobs');
      expect(count).toBe('3');
      expect(Buffer.compare(await blobs.get(address), bytes)).toBe(0);
      expect((await blobs.get(await blobs.put(new Uint8Array(0)))).length).toBe(0);
      await blobs.remove(address);
      await expect(blobs.get(address)).rejects.toThrow(/its piece 1 of 1 is not there; resume the run/);
    });

    test('that were altered or torn are noticed when they arrive', async () => {
      const blobs = new Blobs(database, RUN);
      const address = await blobs.put(bytes);
      await database.query('UPDATE shiftaddnas.blobs SET bytes = set_byte(bytes, 7, 99) WHERE piece = 1');
      await expect(blobs.get(address)).rejects.toMatchObject({ code: 'run', message: /it hashes to/ });
      await database.query('DELETE FROM shiftaddnas.blobs WHERE piece = 2');
      await expect(blobs.get(address)).rejects.toThrow(/its piece 3 of 3 is not there/);
      expect(await blobs.put(bytes)).toBe(address); // sends the piece that is missing
    });

    test('bring a teacher along, as the folder that --distill takes', async () => {
      const [blobs, run] = [new Blobs(database, RUN), join(folder, 'taught')];
      expect(await sendTeacher(run, blobs)).toBeUndefined();
      fs.mkdirSync(join(run, 'winner'), { recursive: true });
      fs.writeFileSync(join(run, 'winner', 'architecture.json'), '{"a":1}');
      fs.writeFileSync(join(run, 'winner', 'weights.safetensors'), bytes);
      const teacher = await sendTeacher(run, blobs);
      const cache = new BlobCache(join(folder, 'teachers-blobs'));
      const dir = await fetchTeacher(teacher!, { blobs, cache, folder: join(folder, 'teachers') });
      expect(fs.readFileSync(join(dir, 'architecture.json'), 'utf8')).toBe('{"a":1}');
      expect(Buffer.compare(fs.readFileSync(join(dir, 'weights.safetensors')), bytes)).toBe(0);
    });

    test('are fetched once, also when asked for at the same time, and again when the file was damaged', async () => {
      const blobs = new Blobs(database, RUN);
      const address = await blobs.put(bytes);
      const cache = new BlobCache(join(folder, 'cache'));
      await Promise.all([cache.get(address, blobs), cache.get(address, blobs)]);
      expect(cache.fetched).toBe(bytes.length);
      const shared = new BlobCache(join(folder, 'cache'));
      expect(Buffer.compare(await shared.get(address, blobs), bytes)).toBe(0);
      expect(shared.fetched).toBe(0);
      fs.truncateSync(join(folder, 'cache', address), 1000);
      expect(Buffer.compare(await shared.get(address, blobs), bytes)).toBe(0);
      expect(shared.fetched).toBe(bytes.length);
    });
  });

  describe('jobs', () => {
    const put = (queue: JobQueue, ...numbers: number[]) =>
      queue.put(numbers.map((n) => ({ id: job(n), job: evaluate(`${n}`), order: n })));
    /** All that workers have was taken a minute and more ago. */
    const silence = () =>
      database.query(
        `UPDATE ${QUEUES}.job SET started_on = now() - interval '61 seconds' WHERE state = 'active'`,
      );
    const hurry = () => database.query(`UPDATE ${QUEUES}.job SET start_after = now() - interval '1 second'`);

    test('are queued once and taken once, in their order', async () => {
      const queue = new JobQueue(database, RUN);
      await put(queue, 2, 1, 3);
      await put(queue, 3, 2);
      const [first, second] = await Promise.all([queue.take(2), queue.take(2)]);
      const taken = [...first, ...second].map(({ id }) => id).sort();
      expect(taken).toEqual([job(1), job(2), job(3)]);
      await put(queue, 1);
      expect(await queue.take(9)).toEqual([]);
    });

    test('of a silent worker are handed to another, and its own late signs of life count no more', async () => {
      const queue = new JobQueue(database, RUN);
      await put(queue, 1, 2);
      const [one, two] = await queue.take(2);
      await silence();
      expect(await queue.beat([two])).toEqual(new Set([job(2)]));
      await queue.expire();
      await hurry();
      const [again, ...rest] = await queue.take(2);
      expect(rest).toEqual([]);
      expect(again).toEqual({ ...one, attempt: 1 });
      expect(await queue.beat([one, two])).toEqual(new Set([job(2)]));
      await queue.giveBack([one]); // not its any more
      expect(await queue.beat([again])).toEqual(new Set([job(1)]));
    });

    test('that are given back lose no try; those that nobody gets done are given up with the last reason', async () => {
      const queue = new JobQueue(database, RUN);
      await put(queue, 1, 2);
      for (let i = 0; i < 2 * TRIES; i++) await queue.giveBack(await queue.take(2));
      for (let i = 0; i < TRIES; i++) {
        expect(await queue.givenUp()).toEqual([]);
        const [one, two] = await queue.take(2);
        expect([one.attempt, two.attempt]).toEqual([i, i]);
        await queue.fail(one.id, `no luck ${i}`);
        await silence();
        await queue.expire();
        await hurry();
      }
      const last = (await queue.givenUp()).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(last).toEqual([
        { id: job(1), sentence: `no luck ${TRIES - 1}` },
        { id: job(2), sentence: 'the worker fell silent' },
      ]);
      expect(await queue.take(2)).toEqual([]);
      await queue.clear();
      expect(await queue.givenUp()).toEqual([]);
    });

    test('end with their queue', async () => {
      const queue = new JobQueue(database, RUN);
      await put(queue, 1, 2);
      await queue.take(1);
      await queue.drop();
      expect(await queue.take(1)).toEqual([]);
      expect(await queue.waiting()).toBe(0);
      await queue.complete(job(1));
    });
  });

  test('a result that arrives twice is there once, as it was the first time', async () => {
    const results = new Results(database, RUN);
    const origin = { worker: 'a', computes: 'x', seconds: 1, bytesIn: 0, bytesOut: 0 };
    const scored = (loss: number): Outcome => ({ kind: 'scored', score: { loss, accuracy: 0.5 } });
    expect(await results.has(job(1))).toBe(false);
    expect(await results.put(job(1), scored(0.1 + 0.2), origin)).toBe(true);
    expect(await results.put(job(1), scored(9), { ...origin, worker: 'b' })).toBe(false);
    expect(await results.put(job(2), scored(Number.NaN), origin)).toBe(true);
    const found = await results.of([job(1), job(2), job(3)]);
    expect(found).toEqual([
      { job: job(1), outcome: scored(0.1 + 0.2), origin },
      { job: job(2), outcome: scored(Number.NaN), origin },
    ]);
    await new Runs(database).remove(RUN);
    expect(await results.put(job(4), scored(1), origin)).toBe(false); // nobody waits for it
  });

  test('what a training tells twice is told once, in order and without gaps', async () => {
    const note = (at: number, text: string): JobEvent => ({
      event: { type: 'note', text },
      at,
      repeated: false,
    });
    const first = new EventSender(database, RUN, job(1));
    first.tell(note(0, 'zero'));
    first.tell(note(1, 'one'));
    first.tell(note(-1, 'here only'));
    await Promise.all([first.flush(), first.flush()]);
    const second = new EventSender(database, RUN, job(1));
    for (const at of [0, 1, 2, 4]) second.tell(note(at, `again ${at}`));
    await second.flush();
    const texts = async (from: number) =>
      (await eventsFrom(database, RUN, job(1), from)).map(({ event }) => (event as { text: string }).text);
    expect(await texts(0)).toEqual(['zero', 'one', 'again 2']);
    expect(await texts(2)).toEqual(['again 2']);
    expect(await texts(3)).toEqual([]);
  });

  describe('an evaluator', () => {
    const train: TrainJob = { kind: 'train', phase: 'retrain:x', architecture: { zoo: 'x' }, tests: false };
    const nothing = { validation: { loss: 1, accuracy: 0 }, curve: [] };

    async function open(): Promise<{ evaluator: Evaluator; run: string; events: RunEvent[] }> {
      const dir = fs.mkdtempSync(join(folder, 'run-'));
      const [bus, events] = [new EventBus(), [] as RunEvent[]];
      bus.subscribe((event) => events.push(event));
      const backend = await openBackend('auto'); // which a card probes: the slow reference would take seconds
      const own = { config: DEFAULT_CONFIG, backend, space: loadSpace('micro'), data: 'd' };
      const elsewhere = () => internal('all is done by workers');
      const place = { ...own, unreadable: new Set<string>(), evaluator: elsewhere, supernet: elsewhere };
      const frame = { run: { dir } as OpenRun, bus, signal: new AbortController().signal };
      const options = { address: clusterAddress(postgres.url), only: true };
      const evaluator = await openCluster<ImageJobs>(place, frame, options);
      const runs = await new Runs(database).all();
      return { evaluator, run: runs.filter(({ id }) => id !== RUN)[0].id, events };
    }

    const names = Random.fromSeed('workers');
    /** A worker that answers a training with `work`. */
    function serving(run: string, work: Evaluator['run'], lease = 60): { stop(): Promise<void> } {
      const stop = new AbortController();
      const evaluator = { description: '', slots: 1, run: work } as unknown as Evaluator;
      const own = {
        evaluator,
        worker: `w${names.integer(2 ** 32)}`,
        computes: 'x',
        ready: async () => 0,
        note: () => {},
      };
      const done = new JobLoop({ database, run, lease, ...own }).serve(stop.signal);
      return {
        stop: () => {
          stop.abort();
          return done;
        },
      };
    }

    test('settles a job asked for twice with one result, and tells what it told', async () => {
      const { evaluator, run } = await open();
      let times = 0;
      const worker = serving(run, async (_, options) => {
        options?.onEvent?.({ event: { type: 'note', text: 'hello' }, at: 0, repeated: false });
        times++;
        return nothing as never;
      });
      const heard: JobEvent[] = [];
      const both = [evaluator.run(train, { onEvent: (told) => heard.push(told) }), evaluator.run(train)];
      expect(await Promise.all(both)).toEqual([nothing, nothing]);
      expect(heard).toEqual([{ event: { type: 'note', text: 'hello' }, at: 0, repeated: false }]);
      expect(await evaluator.run(train)).toEqual(nothing); // the result is there
      expect(times).toBe(1);
      await worker.stop();
      await evaluator.dispose();
      await expect(evaluator.run(train)).rejects.toMatchObject({ code: 'interrupted' });
    });

    test("rejects with the job's own error at once, and with the worker's when no try is left", async () => {
      const { evaluator, run } = await open();
      const diverging = serving(run, async () => {
        throw new ShiftAddError('diverged', 'the loss is NaN');
      });
      await expect(evaluator.run(train)).rejects.toMatchObject({
        code: 'diverged',
        message: 'the loss is NaN',
      });
      await diverging.stop();
      const failing = Array.from({ length: TRIES }, (_, i) =>
        serving(run, async () => {
          throw new ShiftAddError('disk', `disk ${i} is full`);
        }),
      );
      const hurry = setInterval(() => {
        void database
          .query(`UPDATE ${QUEUES}.job SET start_after = now() - interval '1 second'`)
          .catch(() => {});
      }, 50);
      await expect(evaluator.run(train)).rejects.toThrow(
        /one of 5 tries must .* none got x trained; the last worker said: w.*: disk \d is full; put that right/,
      );
      clearInterval(hurry);
      await Promise.all(failing.map((one) => one.stop()));
      // It can be asked for again.
      const working = serving(run, async () => nothing as never);
      expect(await evaluator.run(train)).toEqual(nothing);
      await working.stop();
      await evaluator.dispose();
    });

    test('withdraws a job from the worker that has it', async () => {
      const { evaluator, run } = await open();
      let begun = () => {};
      const under = new Promise<void>((resolve) => {
        begun = resolve;
      });
      let ended = () => {};
      const aborted = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const worker = serving(
        run,
        (_, options) =>
          new Promise((_resolve, reject) => {
            begun();
            options?.signal?.addEventListener('abort', () => {
              ended();
              reject(new ShiftAddError('interrupted', 'withdrawn'));
            });
          }),
        1,
      );
      const stop = new AbortController();
      const asked = evaluator.run(train, { signal: stop.signal });
      await under;
      stop.abort();
      await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
      await aborted; // at its next sign of life
      await expect(evaluator.run(evaluate('1-1:c|c'))).rejects.toThrow(/offer them first/);
      await worker.stop();
      await evaluator.dispose();
    });

    test('says who works and who does not', async () => {
      const { evaluator, run, events } = await open();
      const worker = serving(run, async () => nothing as never);
      await evaluator.run(train);
      while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(events[0]).toMatchObject({ type: 'note', text: /^worker w0\..* takes part: x, 1 job at once$/ });
      expect(evaluator.slots).toBe(1);
      await worker.stop();
      await evaluator.dispose();
    });
  });

  test('a run is known once all that workers need of it is there', async () => {
    const [runs, id] = [new Runs(database), '00000000-0000-0000-0000-000000000002'];
    await runs.reserve(id);
    await new Blobs(database, id).put(Uint8Array.of(1));
    expect((await runs.all()).map((run) => run.id)).toEqual([RUN]);
    await runs.open(id, {} as RunCard);
    await runs.reserve(id); // resumed: workers still know it
    expect((await runs.all()).map((run) => run.id)).toEqual([RUN, id]);
  });

  test('a database that goes away is waited for', async () => {
    const said: string[] = [];
    const other = await Database.open(clusterAddress(postgres.url), (line) => said.push(line));
    postgres.stop('immediate');
    const answer = other.query('SELECT 1 AS one');
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    postgres.start();
    expect(await answer).toEqual([{ one: 1 }]);
    expect(said).toEqual([expect.stringMatching(/does not answer/), expect.stringMatching(/answers again/)]);
    await expect(other.query('SELECT nonsense')).rejects.toMatchObject({ code: 'run', message: /refuses: / });
    await other.close();
    await expect(other.query('SELECT 1')).rejects.toMatchObject({ code: 'interrupted' });
  });
});
