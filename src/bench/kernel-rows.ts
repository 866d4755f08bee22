/** What the timings of a case say: best and median, share of the peaks, ratio to the peer, bars. */
import { PEAK_NAMES, PEAKS, type PeakName } from '../backends/peaks.ts';
import type { Bar, KernelCase } from './cases.ts';
import { describeJob, type Work, workOf } from './job.ts';
import { atLeast, atMost, type BarResult, type Row } from './row.ts';
import { median } from './timing.ts';

export interface Series {
  readonly times: number[];
  /** Least time that the peaks read just before and after allow, a round. */
  readonly ideals: number[];
  readonly peerTimes: number[];
  readonly pairs: number[];
}

/** Readings of every peak that was asked for, operations a second. */
export type Readings = Map<PeakName, number[]>;

const entriesOf = (work: Work) => Object.entries(work) as [PeakName, number][];

/** Milliseconds that work takes at the given rates. */
export const idealMs = (work: Work, rateOf: (name: PeakName) => number): number =>
  entriesOf(work).reduce((sum, [name, amount]) => sum + (1e3 * amount) / rateOf(name), 0);

export function peakRows(readings: Readings): Row[] {
  return PEAK_NAMES.filter((name) => readings.has(name)).map((name) => {
    const { title, unit } = PEAKS[name];
    const rates = (readings.get(name) ?? []).map((rate) => rate / 1e9);
    const shape = 'peak';
    return {
      group: 'peaks',
      id: name,
      title,
      shape,
      unit,
      best: Math.max(...rates),
      median: median(rates),
      bars: [],
    };
  });
}

export function rowOf(
  one: KernelCase,
  { times, ideals, peerTimes, pairs }: Series,
  readings: Readings,
  seriesOf: ReadonlyMap<string, Series>,
): Row {
  const best = Math.min(...times);
  const work = workOf(one.job);
  const peakOf = (name: PeakName) => Math.max(...(readings.get(name) ?? [Number.NaN]));
  const share = {
    best: idealMs(work, peakOf) / best,
    median: median(times.map((ms, i) => ideals[i] / ms)),
  };
  const entries = entriesOf(work);
  const [name, amount] = entries[0];
  const peer =
    pairs.length === 0 ? undefined : { median: median(peerTimes), ratio: median(pairs), pairs: pairs.length };
  const known = Number.isFinite(share.best);
  const bar = (limit: Bar): BarResult[] => {
    switch (limit.of) {
      case 'share':
        return known ? [atLeast('% of peak', 100 * share.median, 100 * limit.least)] : [];
      case 'peer':
        return peer === undefined ? [] : [atMost('peer', peer.ratio, limit.most)];
      case 'case': {
        const other = seriesOf.get(limit.id);
        if (other === undefined) return [];
        return [atMost('conv', median(times.map((ms, i) => ms / other.times[i])), limit.most)];
      }
    }
  };
  return {
    group: one.group,
    id: one.id,
    ...describeJob(one.job),
    unit: 'ms',
    best,
    median: median(times),
    ...(entries.length === 1 ? { rate: { value: amount / best / 1e6, unit: PEAKS[name].unit } } : {}),
    ...(known ? { share } : {}),
    ...(peer === undefined ? {} : { peer }),
    bars: one.bars.flatMap(bar),
  };
}
