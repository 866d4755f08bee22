/** A thread that makes batches: takes wanted slots, fills them, and sleeps when there are none. */
import { workerData } from 'node:worker_threads';
import { BatchMaker, type BatchOptions } from '../batches.ts';
import { BatchDecoder } from '../decodebatch.ts';
import type { RingMemory } from '../picturering.ts';
import {
  BELL,
  type Exchange,
  echoesTold,
  FAILED,
  READY,
  reportUnreadable,
  STOP,
  slotOf,
  stateOf,
  TAKEN,
  WANTED,
} from './exchange.ts';

export interface WorkerStart {
  readonly options: BatchOptions;
  readonly exchange: Exchange;
  readonly ring?: RingMemory | undefined;
}

/** Milliseconds until it looks for orders again without having been woken. */
const LOOK = 4;

const { options, exchange, ring } = workerData as WorkerStart;
const control = new Int32Array(exchange.control);
const maker = new BatchMaker(options);
const decoder =
  options.set.files === undefined
    ? undefined
    : new BatchDecoder(options.set, maker.indices, {
        ...{ full: maker.full, ring },
        report: (index) => reportUnreadable(exchange, control, index),
      });
let echoes = 0;
const slots = Array.from({ length: exchange.slots }, (_, i) => slotOf(exchange, i));

while (Atomics.load(control, STOP) === 0) {
  const bell = Atomics.load(control, BELL);
  const slot = take();
  if (slot < 0) Atomics.wait(control, BELL, bell, LOOK);
  else await fill(slot);
}

/** The earliest wanted slot, which is the first that will be asked for; -1 when none is wanted. */
function take(): number {
  for (;;) {
    let first = -1;
    for (let slot = 0; slot < exchange.slots; slot++) {
      if (Atomics.load(control, stateOf(slot)) !== WANTED) continue;
      if (first < 0 || before(slot, first)) first = slot;
    }
    if (first < 0) return -1;
    if (Atomics.compareExchange(control, stateOf(first), WANTED, TAKEN) === WANTED) {
      Atomics.notify(control, stateOf(first));
      return first;
    }
  }
}

function before(a: number, b: number): boolean {
  const [x, y] = [stateOf(a), stateOf(b)];
  return (
    control[x + 1] < control[y + 1] || (control[x + 1] === control[y + 1] && control[x + 2] < control[y + 2])
  );
}

async function fill(slot: number): Promise<void> {
  const state = stateOf(slot);
  try {
    const [epoch, step] = [control[state + 1], control[state + 2]];
    for (const echo of echoesTold(exchange, control, echoes)) {
      maker.echo(echo);
      echoes++;
    }
    const decoded = await decoder?.decode(maker.items(epoch, step));
    control[state + 3] = maker.batch(epoch, step, slots[slot], decoded).count;
    Atomics.store(control, state, READY);
  } catch {
    // whoever waits makes the batch itself and meets the error where it can be told
    Atomics.store(control, state, FAILED);
  }
  Atomics.notify(control, state);
}
