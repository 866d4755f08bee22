/** Whole computations, some milliseconds to a second long, measured in rounds; the peer's in turns with ours. */
import type { Backend } from '../backends/backend.ts';
import type { GroupName } from './groups.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { atMost, type Row } from './row.ts';
import { burstOf, finishOf, median, PEER_SETTLES_MS, sleep } from './timing.ts';

/** A computation that is ready: one call, one time. */
export interface Runnable {
  run(): void | Promise<void>;
  dispose(): void;
}

export interface WholeCase {
  readonly id: string;
  readonly title: string;
  readonly shape: string;
  /** What one run deals with: so many images, tokens. */
  readonly count: number;
  readonly unit: string;
  readonly peer?: { readonly job: object; readonly most: number };
  /** Called while no scope of the backend is open. */
  make(backend: Backend): Runnable;
}

const BURST_MS = 150;

/** In rounds over all cases. */
export async function measureWhole(
  m: Measuring,
  group: GroupName,
  cases: readonly WholeCase[],
): Promise<Row[]> {
  const made = cases.map(({ make }) => make(m.backend));
  const series = cases.map(() => ({ times: [] as number[], peer: [] as number[], pairs: [] as number[] }));
  try {
    for (let round = 0; round < m.rounds; round++) {
      for (const [i, { peer }] of cases.entries()) {
        stopIfAsked(m);
        const { times, peer: peerTimes, pairs } = series[i];
        const ms = await burstOf(() => made[i].run(), finishOf(m.backend), BURST_MS);
        times.push(ms);
        if (m.peer !== undefined && peer !== undefined) {
          const theirs = Math.min(...(await m.peer.time(peer.job, BURST_MS)));
          peerTimes.push(theirs);
          pairs.push(ms / theirs);
          await sleep(PEER_SETTLES_MS);
        }
        m.progress((round * cases.length + i + 1) / (m.rounds * cases.length));
      }
      await sleep(0);
    }
  } finally {
    for (const one of made) one.dispose();
  }
  return cases.map(({ id, title, shape, count, unit, peer }, i): Row => {
    const { times, peer: peerTimes, pairs } = series[i];
    const best = Math.min(...times);
    const compared = pairs.length > 0 && peer !== undefined;
    return {
      ...{ group, id, title, shape, unit: 'ms', best, median: median(times) },
      rate: { value: (1e3 * count) / best, unit: `${unit}/s` },
      ...(compared ? { peer: { median: median(peerTimes), ratio: median(pairs), pairs: pairs.length } } : {}),
      bars: compared ? [atMost('peer', median(pairs), peer.most)] : [],
    };
  });
}
