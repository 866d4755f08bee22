/**
 * Batches made ahead of time in threads of their own: while one trains, the next ones are being made. They are the
 * batches that `BatchMaker` makes, byte for byte, for a batch is a function of its epoch and step. A batch that no
 * thread has begun when it is asked for is made on the spot, so a thread that comes up late or never is no error.
 * Only images that are decoded while training cannot be: decoding is asynchronous, and the thread that trains waits.
 * Where training waits often, another thread is started: it takes time from the kernels, so there is none before it is needed.
 * Where it then still waits for pictures that are decoded, each is used more often (echo.ts).
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { require_, ShiftAddError } from '../../core/errors.ts';
import { workerProgram } from '../../core/worker-program.ts';
import { type Batch, BatchMaker, type BatchMemory, type BatchOptions } from '../batches.ts';
import { decodedBytes } from '../crops.ts';
import type { ImageSet } from '../dataset.ts';
import { checkUnreadable, mostUnreadable } from '../decodebatch.ts';
import { type Echo, echoFromStart, moreUses, newAt } from '../echo.ts';
import { openRing, type RingMemory } from '../picturering.ts';
import {
  BELL,
  EMPTY,
  type Exchange,
  openExchange,
  READY,
  STOP,
  slotOf,
  stateOf,
  TAKEN,
  tellEcho,
  unreadableImages,
  WANTED,
} from './exchange.ts';
import { isHeavy, PLAIN_RECIPE } from './recipe.ts';
import { SPAN_MS, WaitingLimit } from './waiting-limit.ts';
import type { WorkerStart } from './worker.ts';

export interface ThreadOptions {
  /** At the start. */
  readonly threads: number;
  /** Where training waits; as many as at the start unless given. */
  readonly mostThreads?: number | undefined;
  /** Milliseconds of a span that tells whether training waits too much, where the set has a limit; see waiting-limit.ts. */
  readonly spanMs?: number | undefined;
  /** Batches made ahead for each thread. Default: as many as `AHEAD_BYTES` hold, 2 to 16. */
  readonly ahead?: number;
  /** The worker's compiled program; the one beside this file by default. */
  readonly program?: URL;
}

/**
 * Depth of the queue. Where the kernels keep every core busy, a thread is given its turn in pieces of milliseconds;
 * what it makes in one of them must last until the next.
 */
const AHEAD_BYTES = 64 * 2 ** 20;

function depth(batchBytes: number, threads: number): number {
  return Math.max(2, Math.min(16, Math.floor(AHEAD_BYTES / (batchBytes * threads))));
}

/** Bytes of a picture that is kept, as multiples of a usual one: panoramas are larger. */
const ROOM = 1.5;

/** A thread that holds a batch for longer than this has died, milliseconds. */
const PATIENCE = 60_000;

/** Milliseconds between two looks at how long training has waited for its batches, and the share of them that is too much. */
const LOOK_MS = 500;
const OFTEN = 0.02;
/** Parts of the span that tells whether training waits too much: three of them tell whether pictures should be used more often. */
const ECHO_SPANS = 5;

const besideThisFile = () => workerProgram(import.meta.url, 'worker');

/** How many threads a recipe deserves: none where batches are cheap, or where there is one core or no program. */
export function threadsFor({ recipe = PLAIN_RECIPE, set }: BatchOptions): number {
  const cores = availableParallelism();
  if (set.files !== undefined) return Math.min(4, Math.ceil(cores / 4));
  if (!isHeavy(recipe) || cores < 2 || besideThisFile() === undefined) return 0;
  return Math.min(4, Math.ceil(cores / 4));
}

/** How many more it may become where training waits for them. */
export function mostThreadsFor(threads: number): number {
  return threads === 0 ? 0 : Math.max(threads, Math.min(4, availableParallelism()));
}

const shared = new WeakMap<ImageSet, ImageSet>();

/** The same images in memory that threads can share; copied once for each set. */
function sharedSet(set: ImageSet): ImageSet {
  if (set.files !== undefined || set.pixels.buffer instanceof SharedArrayBuffer) return set;
  let found = shared.get(set);
  if (found === undefined) {
    const pixels = new Uint8Array(new SharedArrayBuffer(set.pixels.length));
    pixels.set(set.pixels);
    found = { ...set, pixels };
    shared.set(set, found);
  }
  return found;
}

export class BatchThreads {
  readonly stepsPerEpoch: number;
  /** Milliseconds that `batch` has taken so far. */
  waited = 0;
  private readonly maker: BatchMaker;
  private readonly exchange: Exchange;
  private readonly control: Int32Array;
  private readonly workers: Worker[];
  private readonly startAnother: () => Worker;
  private readonly mostThreads: number;
  private readonly spanMs: number;
  private limit: WaitingLimit | undefined;
  /** When the last look was, and what had been waited by then. */
  private lastLook: { readonly at: number; readonly waited: number } | undefined;
  /** The step, counted over all epochs, that each slot holds or is to hold. */
  private readonly held: number[];
  /** How often pictures that are decoded meanwhile are used; in the order of steps. */
  readonly echoes: Echo[] = [];
  /** Whether more uses are chosen where training waits. */
  private mayEcho: boolean;
  private readonly set: ImageSet;
  private readonly slots: readonly BatchMemory[];

  /** Throws as BatchMaker does. `dispose` ends the threads; they do not keep the process alive. */
  constructor(
    options: BatchOptions,
    { threads, mostThreads = threads, spanMs = SPAN_MS, ahead, program = besideThisFile() }: ThreadOptions,
  ) {
    this.maker = new BatchMaker(options);
    this.stepsPerEpoch = this.maker.stepsPerEpoch;
    const { set, batchSize, normal } = options;
    const pixels = batchSize * set.height * set.width * set.channels;
    const slots = threads * (ahead ?? depth(4 * pixels, threads)) + 1;
    this.set = set;
    require_(
      set.files === undefined || program !== undefined,
      'missing',
      'images that are decoded while training need the compiled program; build it with: npm run build',
    );
    this.exchange = openExchange(slots, {
      images: pixels,
      targets: batchSize * this.maker.classes,
      labels: batchSize,
      reports:
        set.files === undefined
          ? 0
          : mostThreads * (mostUnreadable(set.files.unreadableShare, set.count) + 1),
    });
    this.control = new Int32Array(this.exchange.control);
    this.held = new Array<number>(this.exchange.slots).fill(-1);
    this.slots = Array.from({ length: slots }, (_, slot) => slotOf(this.exchange, slot));
    const { classes, mean, deviation } = normal;
    const start: WorkerStart = {
      options: { ...options, set: sharedSet(set), normal: { classes, mean, deviation } },
      exchange: this.exchange,
      ring: ringOf(options, this.maker, slots),
    };
    this.startAnother = () => {
      const worker = new Worker(program as URL, { workerData: start, execArgv: [] });
      worker.on('error', () => {});
      worker.unref();
      return worker;
    };
    this.mostThreads = program === undefined ? 0 : Math.max(threads, mostThreads);
    this.spanMs = spanMs;
    this.mayEcho = start.ring !== undefined && options.uses === undefined;
    if (start.ring !== undefined && (options.uses ?? 1) > 1) {
      this.echo(echoFromStart(options.uses ?? 1, this.maker.echoShape));
    }
    this.workers = Array.from({ length: program === undefined ? 0 : threads }, this.startAnother);
  }

  /** Threads by now. */
  get threads(): number {
    return this.workers.length;
  }

  /** Whether a thread has made the batch of `step`, which was ordered by an earlier call of `batch`. */
  has(step: number): boolean {
    const slot = step % this.exchange.slots;
    return this.held[slot] === step && Atomics.load(this.control, stateOf(slot)) === READY;
  }

  /**
   * Batch `step` of the run, counted from 0 over all epochs. The next call overwrites it.
   *
   * @throws ShiftAddError 'run' where a thread fails, 'data' where too many files cannot be read, 'disk' where training
   * waits more than the set's `mostWaiting` although pictures are used as often as they may be
   */
  batch(step: number): Batch {
    const started = performance.now();
    this.want(step);
    const slot = step % this.exchange.slots;
    const batch =
      this.set.files !== undefined
        ? this.decoded(slot, step)
        : this.taken(slot)
          ? this.view(slot)
          : this.made(step);
    this.waited += performance.now() - started;
    this.look();
    this.judge(step);
    return batch;
  }

  /** Starts another thread where training has waited often. The first batch, which waits for the first thread, does not count. */
  private look(): void {
    const [last, at] = [this.lastLook, performance.now()];
    if (last !== undefined && at - last.at < LOOK_MS) return;
    const often = last !== undefined && this.waited - last.waited > OFTEN * (at - last.at);
    if (often && this.workers.length < this.mostThreads) this.workers.push(this.startAnother());
    this.lastLook = { at, waited: this.waited };
  }

  /**
   * Where there is a limit to waiting, and all threads are there: has pictures used more often, and throws where that does not
   * help. Batches that were ordered before pictures were used as often as now do not count.
   */
  private judge(step: number): void {
    const most = this.set.files?.mostWaiting;
    if (most === undefined || this.workers.length < this.mostThreads) return;
    if (step < (this.echoes.at(-1)?.step ?? 0)) return;
    // where it can be helped it is looked at sooner, and helped before it is too much
    this.limit ??= this.mayEcho
      ? new WaitingLimit(most / 2, { spanMs: this.spanMs / ECHO_SPANS, settled: ECHO_SPANS })
      : new WaitingLimit(most, { spanMs: this.spanMs, settled: 1 });
    const share = this.limit.exceeded(this.waited, performance.now());
    if (share === undefined) return;
    if (!this.mayEcho) throw waitsTooMuch(share, this.set.files?.root);
    this.limit = undefined;
    this.useMore(share);
  }

  /** From the first step on that is not ordered yet. */
  private useMore(share: number): void {
    const { distinct, distance } = this.maker.echoShape;
    const last = this.echoes.at(-1);
    const uses = moreUses(last?.uses ?? 1, share, distinct);
    if (uses === undefined) {
      this.mayEcho = false;
      return;
    }
    const step = Math.max(distance, ...this.held.map((held) => held + 1));
    this.echo({
      step,
      uses,
      from: last === undefined ? this.maker.newAt(step) : newAt(last, step, distinct),
    });
  }

  private echo(echo: Echo): void {
    this.echoes.push(echo);
    this.maker.echo(echo);
    tellEcho(this.exchange, this.control, echo);
  }

  /** Goes on as a run did that had these; before the first batch. */
  restore(echoes: readonly Echo[]): void {
    for (const echo of echoes.slice(this.echoes.length)) this.echo(echo);
  }

  dispose(): void {
    Atomics.store(this.control, STOP, 1);
    this.ring();
    for (const worker of this.workers) void worker.terminate();
  }

  /** Files that could not be read so far: others were taken, or they were left out. */
  unreadable(): string[] {
    const { files } = this.set;
    if (files === undefined) return [];
    return unreadableImages(this.exchange, this.control).map((index) => join(files.root, files.names[index]));
  }

  /**
   * Orders `step` and those after it, one for each slot. Threads look for orders by themselves; they are woken only where
   * less than half is there, for the system lets a thread that is woken run at once, in place of the one that trains.
   */
  private want(step: number): void {
    const { slots } = this.exchange;
    let missing = 0;
    for (let at = step; at < step + slots; at++) {
      const slot = at % slots;
      const state = stateOf(slot);
      if (this.held[slot] === at) {
        if (Atomics.load(this.control, state) === WANTED) missing++;
        continue;
      }
      missing++;
      // an order that no thread has begun is withdrawn; one that it has begun is waited for
      if (Atomics.compareExchange(this.control, state, WANTED, EMPTY) === TAKEN) this.settle(slot, TAKEN);
      this.held[slot] = at;
      this.control[state + 1] = Math.floor(at / this.stepsPerEpoch);
      this.control[state + 2] = at % this.stepsPerEpoch;
      Atomics.store(this.control, state, WANTED);
    }
    if (2 * missing > slots) this.ring();
  }

  /** Whether a thread has made the batch of a slot; false when it is to be made here. */
  private taken(slot: number): boolean {
    const before = Atomics.compareExchange(this.control, stateOf(slot), WANTED, EMPTY);
    if (before === TAKEN) this.settle(slot, TAKEN);
    return Atomics.load(this.control, stateOf(slot)) === READY;
  }

  /**
   * Sleeps while a slot is in one of these states. A thread wakes whoever sleeps when it takes a slot and again when it is
   * done, and the first of these may come when this one already waits for the second: so the state is what counts.
   */
  private settle(slot: number, ...states: readonly number[]): void {
    const until = performance.now() + PATIENCE;
    for (;;) {
      const state = Atomics.load(this.control, stateOf(slot));
      const left = until - performance.now();
      if (!states.includes(state) || left <= 0) return;
      Atomics.wait(this.control, stateOf(slot), state, left);
    }
  }

  /** A slot is ordered again by the call after this one, so what it holds needs no copy. */
  private view(slot: number): Batch {
    const count = this.control[stateOf(slot) + 3];
    const { images, targets, labels } = this.slots[slot];
    return {
      count,
      images: images.subarray(0, (images.length / labels.length) * count),
      targets: targets.subarray(0, (targets.length / labels.length) * count),
      labels: labels.subarray(0, count),
    };
  }

  /** Waits for a batch that only a thread can make. */
  private decoded(slot: number, step: number): Batch {
    const at = stateOf(slot);
    this.settle(slot, WANTED, TAKEN);
    const { count, files } = this.set;
    if (files !== undefined) {
      const [place, share] = [files.root, files.unreadableShare];
      checkUnreadable({ place, share, count, files: this.unreadable() });
    }
    if (Atomics.load(this.control, at) === READY) return this.view(slot);
    throw new ShiftAddError(
      'run',
      `batch ${step} of ${this.set.files?.root} was not made: its thread failed or took longer than ` +
        `${PATIENCE / 1000} s; check that the files are still there, then go on with --resume`,
      { step },
    );
  }

  private made(step: number): Batch {
    return this.maker.batch(Math.floor(step / this.stepsPerEpoch), step % this.stepsPerEpoch);
  }

  private ring(): void {
    Atomics.add(this.control, BELL, 1);
    Atomics.notify(this.control, BELL);
  }
}

/** Memory for pictures that are used more than once; undefined where there are none. */
function ringOf(
  { set, recipe, uses }: BatchOptions,
  { full, echoShape: { distinct, distance } }: BatchMaker,
  slots: number,
): RingMemory | undefined {
  const { files } = set;
  if (files === undefined || files.stored !== undefined || !full) return undefined;
  const bytes = ROOM * decodedBytes(set);
  // half of a batch at most is new where batches share pictures
  const shares = (uses ?? (files.mostWaiting === undefined ? 1 : 2)) > 1;
  if (shares) return openRing(distinct * (distance + Math.ceil(slots / 2)), bytes);
  return (recipe?.repeats ?? 1) > 1 ? openRing(distinct * slots, bytes) : undefined;
}

function waitsTooMuch(share: number, root?: string): ShiftAddError {
  return new ShiftAddError(
    'disk',
    `training waits ${Math.round(100 * share)} % of its time for pictures of ${root}, which are decoded meanwhile because ` +
      `there is no room to keep them decoded; make room and go on with --resume (--data-disk allows more, ` +
      `SHIFTADDNAS_CACHE names another disk), or go on as slowly with --resume and --data-disk 0`,
    { share },
  );
}
