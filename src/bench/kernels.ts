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
import { BURST_MS, burst, PEER_SETTLES_MS, sleep } from './timing.ts';

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
      if (withPeaks) for (const name of PEAK_NAMES) reading(m, readings, name);
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

function reading(m: Measuring, readings: Readings, name: PeakName): number {
  const rate = m.peaks?.read(name);
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
  const ours = () => {
    // as for our burst, the best of several readings counts: what disturbs can only make a peak lower
    const ideal = () => {
      const once = () => idealMs(workOf(one.job), (name) => reading(m, readings, name));
      return Math.min(...Array.from({ length: READINGS }, once));
    };
    const before = ideal();
    const ms = burst(run);
    series.ideals.push(Math.min(before, ideal()));
    series.times.push(ms);
    return ms;
  };
  const spent = series.peerTimes.reduce((sum, ms) => sum + ms, 0);
  const { peer } = m;
  if (peer === undefined || !one.peer || (spent > PEER_ENOUGH_MS && series.pairs.length > 0)) {
    ours();
    return;
  }
  const theirs = async () => {
    const ms = Math.min(...(await peer.time(one.job, BURST_MS)));
    series.peerTimes.push(ms);
    await sleep(PEER_SETTLES_MS);
    return ms;
  };
  const [a, b] = round % 2 === 0 ? [ours(), await theirs()] : await theirs().then((ms) => [ours(), ms]);
  series.pairs.push(a / b);
}
