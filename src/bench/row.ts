/** A line of the result: what was measured, in which unit, how it stands to the peaks, the peer and its bars. */
import type { GroupName } from './groups.ts';

export interface BarResult {
  /** `% of peak >= 80`, `peer <= 0.65` */
  readonly text: string;
  readonly value: number;
  readonly met: boolean;
}

export interface Row {
  readonly group: GroupName;
  readonly id: string;
  readonly title: string;
  /** Sizes, or what else it was measured on. */
  readonly shape: string;
  /** Of `best` and `median`: ms and us are better low, rates better high. */
  readonly unit: 'ms' | 'us' | 'MB' | 'x' | '%' | 's' | 'GFLOP/s' | 'G el/s' | 'GB/s';
  readonly best: number;
  readonly median: number;
  /** Of the best time. */
  readonly rate?: { readonly value: number; readonly unit: string };
  /** Least time that the peaks of this run allow, by time taken: best by best, and the median over rounds. */
  readonly share?: { readonly best: number; readonly median: number };
  /** Median time (or size) of the peer, and the median over pairs of ours by the peer's. */
  readonly peer?: { readonly median: number; readonly ratio: number; readonly pairs: number };
  readonly bars: readonly BarResult[];
}

export function atMost(text: string, value: number, most: number): BarResult {
  return { text: `${text} <= ${short(most)}`, value, met: value <= most };
}

export function atLeast(text: string, value: number, least: number): BarResult {
  return { text: `${text} >= ${short(least)}`, value, met: value >= least };
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
