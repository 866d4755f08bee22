/** Where the latencies of a run come from when no model gives them, and how far they are off: a sentence for people. */
import type { Accelerator, RelativeError } from '../hardware/index.ts';
import type { Result } from './result.ts';

/** Whole networks that were timed, and what was learned from them. */
export type LatencySource = NonNullable<Result['latency']>;

export function describePrediction({ machine, networks, heldOutError }: LatencySource): string {
  return `latency is predicted, from ${networks} networks timed on ${machine}${error('networks', heldOutError)}`;
}

/** Undefined for an accelerator whose latency is a model's. */
export function describeMeasured({ calibration }: Pick<Accelerator, 'calibration'>): string | undefined {
  if (calibration === undefined) return undefined;
  const { machine, heldOutError } = calibration;
  return `latency is a sum of layers that were timed on ${machine}${error('layers', heldOutError)}`;
}

function error(what: string, found: RelativeError | undefined): string {
  if (found === undefined) return '';
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  return `: relative error on ${what} not learned from, median ${percent(found.median)}, 95th percentile ${percent(found.p95)}`;
}
