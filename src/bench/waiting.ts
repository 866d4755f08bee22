/** Training on batches that are made meanwhile: what part of its time it stands still for them, and whether it is stopped then. */
import { ShiftAddError } from '../core/errors.ts';
import type { ImageBatches } from '../training/image-batches.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { batchesStep, type NetworkSizes } from './networks.ts';
import { atMost, type Row } from './row.ts';
import { type Finish, finishOf, median, sleep } from './timing.ts';

const MOST_WAITING = 3;
/** Time in which training that waits too much is to be stopped; see data/augment/waiting-limit.ts. */
const STOPPED_MS = 40_000;

export interface WaitingTimes {
  readonly warmUpMs: number;
  readonly trainedMs: number;
  readonly stoppedMs?: number;
}

export const WAITING_TIMES: WaitingTimes = { warmUpMs: 400, trainedMs: 1200 };

export interface Waiting extends Pick<Row, 'id' | 'title'> {
  /** Of the all-convolution network that is trained. */
  readonly sizes: NetworkSizes;
  /** Disposed of in the end. */
  readonly batches: ImageBatches;
}

/** The share of waiting, over rounds of a second. */
export async function waitingRow(
  m: Measuring,
  { id, title, sizes, batches }: Waiting,
  { warmUpMs, trainedMs }: WaitingTimes = WAITING_TIMES,
): Promise<Row> {
  const step = batchesStep(m.backend, sizes, batches);
  const shares: number[] = [];
  let images = 0;
  let seconds = 0;
  try {
    await trainFor(warmUpMs, step.run, finishOf(m.backend));
    for (let round = 0; round < m.rounds; round++) {
      stopIfAsked(m);
      const waited = batches.waitedSeconds();
      const { steps, spent } = await trainFor(trainedMs, step.run, finishOf(m.backend));
      shares.push((100 * (batches.waitedSeconds() - waited)) / spent);
      images += steps * sizes.batch;
      seconds += spent;
      m.progress((round + 1) / m.rounds);
    }
  } finally {
    step.dispose();
    batches.dispose();
  }
  return {
    ...{ group: 'data', id, title, unit: '%' },
    shape: `batch ${sizes.batch}, ${sizes.side}x${sizes.side}x3, data threads: ${batches.threads}${showUses(batches)}`,
    ...{ best: Math.min(...shares), median: median(shares) },
    rate: { value: images / seconds, unit: 'images/s' },
    bars: [atMost('% waiting', median(shares), MOST_WAITING)],
  };
}

/** A row of `waitingRow`, and how long a run of the same images goes on waiting. `batches`: as runs make them. */
export async function untilStopped(
  m: Measuring,
  row: Row,
  { sizes, batches }: Pick<Waiting, 'sizes' | 'batches'>,
  stoppedMs = STOPPED_MS,
): Promise<Row> {
  const step = batchesStep(m.backend, sizes, batches);
  const from = performance.now();
  let seconds = Number.POSITIVE_INFINITY;
  try {
    await trainFor(stoppedMs, step.run, finishOf(m.backend));
  } catch (error) {
    if (!(error instanceof ShiftAddError) || error.code !== 'disk') throw error;
    seconds = (performance.now() - from) / 1e3;
  } finally {
    step.dispose();
    batches.dispose();
  }
  return { ...row, bars: [...row.bars, atMost('s until stopped', seconds, stoppedMs / 1e3)] };
}

/** Nothing where each picture is used once. */
function showUses({ echoes }: ImageBatches): string {
  const uses = echoes.at(-1)?.uses ?? 1;
  return uses === 1 ? '' : `, uses of a decoded picture: ${uses}`;
}

/** Steps until so much time is spent; between them signals are served, as in training. */
async function trainFor(
  ms: number,
  run: () => void,
  finish: Finish,
): Promise<{ steps: number; spent: number }> {
  const from = performance.now();
  let steps = 0;
  do {
    run();
    steps++;
    if (steps % 10 === 0) {
      await finish?.();
      await sleep(0);
    }
  } while (performance.now() - from < ms);
  await finish?.();
  return { steps, spent: (performance.now() - from) / 1e3 };
}
