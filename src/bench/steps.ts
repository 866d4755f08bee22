/** Training steps of whole networks: forward, backward and the optimiser, on a batch that stands in memory. */
import type { Backend } from '../backends/backend.ts';
import { cnnStep } from './cnn.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { BATCH, baselineStep, DEFAULT_SIZES, type TrainingStep } from './networks.ts';
import { atMost, type Row } from './row.ts';
import { burstOf, finishOf, median, PEER_SETTLES_MS, sleep } from './timing.ts';

interface StepCase {
  readonly id: string;
  readonly title: string;
  readonly shape: string;
  readonly peer?: { readonly job: object; readonly most: number };
  make(backend: Backend): TrainingStep;
}

const CASES: readonly StepCase[] = [
  {
    id: 'cnn',
    title: 'convolutional network, SGD step',
    shape: `batch ${BATCH}, 32x32x3`,
    peer: { job: { kind: 'cnnStep', batch: BATCH }, most: 0.65 },
    make: (backend) => cnnStep(backend, BATCH),
  },
  ...(['conv', 'add', 'shift'] as const).map(
    (operator): StepCase => ({
      id: `all-${operator}`,
      title: `all-${operator} of space ${DEFAULT_SIZES.space}, AdamW step`,
      shape: `batch ${BATCH}, 32x32x3`,
      make: (backend) => baselineStep(backend, operator, DEFAULT_SIZES),
    }),
  ),
];

const STEP_BURST_MS = 150;

/** In rounds over all networks; the peer's step in turns with ours. */
export async function measureSteps(m: Measuring): Promise<Row[]> {
  const steps = CASES.map(({ make }) => make(m.backend));
  const series = CASES.map(() => ({ times: [] as number[], peer: [] as number[], pairs: [] as number[] }));
  try {
    for (let round = 0; round < m.rounds; round++) {
      for (const [i, { peer }] of CASES.entries()) {
        stopIfAsked(m);
        const { times, peer: peerTimes, pairs } = series[i];
        const ms = await burstOf(steps[i].run, finishOf(m.backend), STEP_BURST_MS);
        times.push(ms);
        if (m.peer !== undefined && peer !== undefined) {
          const theirs = Math.min(...(await m.peer.time(peer.job, STEP_BURST_MS)));
          peerTimes.push(theirs);
          pairs.push(ms / theirs);
          await sleep(PEER_SETTLES_MS);
        }
        m.progress((round * CASES.length + i + 1) / (m.rounds * CASES.length));
      }
      await sleep(0);
    }
  } finally {
    for (const step of steps) step.dispose();
  }
  return CASES.map(({ id, title, shape, peer }, i): Row => {
    const { times, peer: peerTimes, pairs } = series[i];
    const best = Math.min(...times);
    const compared = pairs.length > 0 && peer !== undefined;
    return {
      ...{ group: 'steps', id, title, shape, unit: 'ms', best, median: median(times) },
      rate: { value: (1e3 * BATCH) / best, unit: 'images/s' },
      ...(compared ? { peer: { median: median(peerTimes), ratio: median(pairs), pairs: pairs.length } } : {}),
      bars: compared ? [atMost('peer', median(pairs), peer.most)] : [],
    };
  });
}
