/** Timing on machines that others use too: short bursts, many rounds, ratios of neighbours. */
import type { Backend } from '../backends/backend.ts';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** Length of a burst, ms. */
export const BURST_MS = 25;
const MOST_RUNS = 200;
/** A first run this many bursts long is the measurement itself: nothing is warm after that. */
const SLOW = 20;

/**
 * Milliseconds of the quickest of several runs, after one that does not count. What disturbs can only make a run
 * longer. The peer does the same (bench/peer/torch_peer.py).
 */
export async function burst(run: () => void | Promise<void>, budget = BURST_MS): Promise<number> {
  const once = async (): Promise<number> => {
    const from = performance.now();
    const pending = run();
    // a turn of the event loop's queue would count as part of a short run
    if (pending !== undefined) await pending;
    return performance.now() - from;
  };
  const first = await once();
  if (first > SLOW * budget) return first;
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  for (let runs = 0; runs < MOST_RUNS && (spent < budget || runs < 2); runs++) {
    const ms = await once();
    best = Math.min(best, ms);
    spent += ms;
  }
  return best;
}

/** Waits for launches that return before they have run; undefined where a call returns when its work is done. */
export type Finish = (() => Promise<void>) | undefined;

export const finishOf = (backend: Backend): Finish =>
  backend.name === 'webgpu' ? () => backend.finish() : undefined;

/**
 * The same where launches may be queued: of those, so many at once that waiting for them does not count, and the
 * quickest of a few such batches.
 */
export async function burstOf(
  run: () => void | Promise<void>,
  finish: Finish,
  budget = BURST_MS,
): Promise<number> {
  if (finish === undefined) return burst(run, budget);
  const batch = async (count: number): Promise<number> => {
    const from = performance.now();
    for (let i = 0; i < count; i++) await run();
    await finish();
    return performance.now() - from;
  };
  const first = await batch(1); // compiles
  if (first > SLOW * budget) return batch(1);
  let count = 1;
  let ms = await batch(count);
  while (ms < budget && count < MOST_RUNS) ms = await batch((count *= 2));
  return Math.min(ms, await batch(count), await batch(count)) / count;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Worker threads of a library look for work for a while after a call; ours must not share the machine with them. */
export const PEER_SETTLES_MS = 40;
