/**
 * Kernels in rounds. A round goes through all cases: first the peaks that a case's work has, then our burst and the
 * peer's, in turns of order. Shares and ratios are therefore between neighbours in time, whatever the machine does
 * from minute to minute.
 */
import { PEAK_NAMES, type PeakName } from '../backends/peaks.ts';
import type { KernelCase } from './cases.ts';
import { workOf } from './job.ts';
import { idealMs, peakRows, type Readings, rowOf, type Series } from './kernel-rows.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { prepare } from './prepare.ts';
import type { Row } from './row.ts';
import { BURST_MS, burstOf, finishOf, PEER_SETTLES_MS, sleep } from './timing.ts';

/** Readings of a peak before a burst, and as many after it. */
const READINGS = 4;

/** A peer that has taken this long over a case has said enough, ms. */
const PEER_ENOUGH_MS = 4000;

/** Rows of the cases in their order; rows of all peaks before them when `withPeaks`. */
export async function measureKernels(
  m: Measuring,
  cases: readonly KernelCase[],
  withPeaks: boolean,
): Promise<Row[]> {
  const readings: Readings = new Map();
  const scope = m.backend.openScope();
  try {
    const runs = cases.map(({ job }) => prepare(m.backend, job));
    const series = cases.map((): Series => ({ times: [], ideals: [], peerTimes: [], pairs: [] }));
    for (let round = 0; round < m.rounds; round++) {
      if (withPeaks) for (const name of PEAK_NAMES) await reading(m, readings, name);
      for (const [i, one] of cases.entries()) {
        stopIfAsked(m);
        await turn(m, one, runs[i], series[i], readings, round);
        m.progress((round * cases.length + i + 1) / (m.rounds * cases.length));
      }
      // timers and signals are served between rounds
      await sleep(0);
    }
    const seriesOf = new Map(cases.map(({ id }, i) => [id, series[i]]));
    const rows = cases.map((one, i) => rowOf(one, series[i], readings, seriesOf));
    return withPeaks ? [...peakRows(readings), ...rows] : rows;
  } finally {
    scope.close();
  }
}

async function reading(m: Measuring, readings: Readings, name: PeakName): Promise<number> {
  const rate = await m.peaks?.read(name);
  if (rate === undefined) return Number.NaN;
  const all = readings.get(name);
  if (all === undefined) readings.set(name, [rate]);
  else all.push(rate);
  return rate;
}

async function turn(
  m: Measuring,
  one: KernelCase,
  run: () => void,
  series: Series,
  readings: Readings,
  round: number,
): Promise<void> {
  const work = workOf(one.job);
  // as for our burst, the best of several readings counts: what disturbs can only make a peak lower
  const ideal = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < READINGS; i++) {
      const rates = new Map<PeakName, number>();
      for (const name of Object.keys(work) as PeakName[]) rates.set(name, await reading(m, readings, name));
      const ms = idealMs(work, (name) => rates.get(name) as number);
      least = Math.min(least, ms);
    }
    return least;
  };
  const ours = async () => {
    const before = await ideal();
    const ms = await burstOf(run, finishOf(m.backend));
    series.ideals.push(Math.min(before, await ideal()));
    series.times.push(ms);
    return ms;
  };
  const spent = series.peerTimes.reduce((sum, ms) => sum + ms, 0);
  const { peer } = m;
  if (peer === undefined || !one.peer || (spent > PEER_ENOUGH_MS && series.pairs.length > 0)) {
    await ours();
    return;
  }
  const theirs = async () => {
    const ms = Math.min(...(await peer.time(one.job, BURST_MS)));
    series.peerTimes.push(ms);
    await sleep(PEER_SETTLES_MS);
    return ms;
  };
  const first = round % 2 === 0 ? await ours() : undefined;
  const other = await theirs();
  series.pairs.push((first ?? (await ours())) / other);
}
