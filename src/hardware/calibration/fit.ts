import { Random } from '../../core/random.ts';
import type { Workload } from '../workload.ts';
import { FEATURE_NAMES, type FeatureName, latencyFamily, latencyFeatures } from './features.ts';
import { latencyOf } from './latency.ts';
import { relativeFit } from './least-squares.ts';

/**
 * A latency model from measurements: for every operator family, time = sum of coefficients x features, none negative.
 * Errors count relative to the measured time, and large ones less than quadratically, because timings on a shared
 * machine err upwards now and then. Which features a family gets is decided by cross-validation inside the training
 * part; the held-out part decides nothing. The same measurements and seed give the same fit.
 */
export interface Measurement {
  readonly load: Workload;
  /** Milliseconds of one run. */
  readonly ms: number;
}

export type Coefficients = Readonly<Partial<Record<FeatureName, number>>>;

export interface RelativeError {
  readonly median: number;
  readonly p95: number;
}

export interface LatencyFit {
  readonly families: Readonly<Record<string, Coefficients>>;
  /** Relative error on shapes the fit has not seen. */
  readonly heldOutError: RelativeError;
  readonly trainError: RelativeError;
  readonly byFamily: Readonly<Record<string, { train: number; heldOut: number; error: RelativeError }>>;
  readonly heldOut: readonly { readonly load: Workload; readonly ms: number; readonly fittedMs: number }[];
}

/** A feature must lower the cross-validated error by so much to be taken in. */
const CLEARLY = 0.95;
const FOLDS = 5;
const MOST_FEATURES = 7;

/** `share` of every family's shapes is held out, drawn by `seed`; a family of fewer than four is all training. */
export function fitLatency(
  measurements: readonly Measurement[],
  seed: number | string = 0,
  share = 0.25,
): LatencyFit {
  const groups = new Map<string, Measurement[]>();
  for (const measurement of measurements) {
    const family = latencyFamily(measurement.load);
    groups.set(family, [...(groups.get(family) ?? []), measurement]);
  }
  const families: Record<string, Coefficients> = {};
  const byFamily: Record<string, { train: number; heldOut: number; error: RelativeError }> = {};
  const heldOut: { load: Workload; ms: number; fittedMs: number }[] = [];
  const trainErrors: number[] = [];
  for (const [family, members] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const order = Random.fromSeed(seed).split(family).shuffle(members);
    const held = members.length < 4 ? 0 : Math.max(1, Math.round(members.length * share));
    const [test, train] = [order.slice(0, held), order.slice(held)];
    const coefficients = chooseFit(train);
    families[family] = coefficients;
    const unseen = test.map(({ load, ms }) => ({ load, ms, fittedMs: latencyOf(coefficients, load) }));
    heldOut.push(...unseen);
    trainErrors.push(...train.map(({ load, ms }) => Math.abs(latencyOf(coefficients, load) / ms - 1)));
    const error = relativeErrors(unseen.map(({ ms, fittedMs }) => Math.abs(fittedMs / ms - 1)));
    byFamily[family] = { train: train.length, heldOut: test.length, error };
  }
  const heldOutError = relativeErrors(heldOut.map(({ ms, fittedMs }) => Math.abs(fittedMs / ms - 1)));
  return { families, heldOutError, trainError: relativeErrors(trainErrors), byFamily, heldOut };
}

/** Where the choice of features starts: arithmetic, words moved, or arithmetic in whole vectors. */
const STARTS: readonly (readonly FeatureName[])[] = [
  ['call', 'macs'],
  ['call', 'input', 'output'],
  ['call', 'eights', 'weight', 'input', 'output'],
  ['call', 'sixteens', 'weight', 'window', 'output'],
];

/**
 * From every start, features one after another, each time the one that predicts unseen training shapes best, while
 * it clearly helps; the best of all.
 */
function chooseFit(train: readonly Measurement[]): Coefficients {
  let chosen: { error: number; names: readonly FeatureName[] } = { error: Infinity, names: ['call'] };
  for (const start of STARTS) {
    // Fewer shapes than this say nothing about a richer model.
    const most = Math.min(MOST_FEATURES, Math.floor(train.length / 3));
    if (start.length > Math.max(2, most)) continue;
    let [names, error] = [start, crossValidated(train, start)];
    while (names.length < most) {
      let best = { error: error * CLEARLY, names };
      for (const name of FEATURE_NAMES) {
        if (names.includes(name)) continue;
        const more = [...names, name];
        const its = crossValidated(train, more);
        if (its < best.error) best = { error: its, names: more };
      }
      if (best.names === names) break;
      ({ names, error } = best);
    }
    if (error < chosen.error) chosen = { error, names };
  }
  return solveFor(train, chosen.names);
}

/** Mean relative error (each at most 1) over folds; Infinity where there are too few shapes for folds. */
function crossValidated(train: readonly Measurement[], names: readonly FeatureName[]): number {
  if (train.length < FOLDS) return Number.MAX_VALUE;
  let total = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const inside = train.filter((_, i) => i % FOLDS !== fold);
    const coefficients = solveFor(inside, names);
    for (const [i, { load, ms }] of train.entries()) {
      if (i % FOLDS === fold) total += Math.min(1, Math.abs(latencyOf(coefficients, load) / ms - 1));
    }
  }
  return total / train.length;
}

function solveFor(train: readonly Measurement[], names: readonly FeatureName[]): Coefficients {
  const nanoseconds = train.map(({ ms }) => ms * 1e6);
  const rows = train.map(({ load }, i) => {
    const features = latencyFeatures(load);
    return names.map((name) => features[name] / nanoseconds[i]);
  });
  const x = relativeFit(rows);
  return Object.fromEntries(names.map((name, j) => [name, x[j]]).filter(([, value]) => value !== 0));
}

/** Median and 95th percentile of errors; 0 of nothing. */
export function relativeErrors(errors: readonly number[]): RelativeError {
  const sorted = [...errors].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0;
  const middle = sorted.length >> 1;
  const median =
    sorted.length === 0 ? 0 : sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, p95: at(0.95) };
}
