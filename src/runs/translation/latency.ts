/**
 * How long translators take where a predictor says it, in place of the accelerator: a file that `calibrate --networks`
 * wrote for the space in use and for sentences of as many subwords as are priced.
 */
import { require_ } from '../../core/errors.ts';
import { readLatencyFile } from '../../search/latency/file.ts';
import type { TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import type { LatencySource } from '../latency-source.ts';

export interface PredictedLatency {
  /** ms of a network of the space. */
  readonly of: (genotype: TranslationGenotype) => number;
  /** Where it comes from and how far it is off, for results. */
  readonly source: LatencySource;
}

/** What has to be the same as when the networks were timed. */
export interface LatencyTask {
  readonly tokens: number;
  readonly bits: number;
  /** The flag that sets `tokens`. */
  readonly flag: string;
}

/** Throws 'data' for a damaged file, 'usage' for one of another space, of other sentences or of another bit width. */
export function openLatency(
  path: string,
  space: TranslationSpace,
  { tokens, bits, flag }: LatencyTask,
): PredictedLatency {
  const { predictor, file } = readLatencyFile(path, space);
  const { machine, timing, networks, heldOutError } = file;
  require_(
    timing.tokens === tokens,
    'usage',
    `${path} predicts the latency of sentences of ${timing.tokens} subwords, but those of ${tokens} are priced; ` +
      `give ${flag} ${timing.tokens}, or time networks with calibrate --tokens ${tokens}`,
    { path, found: timing.tokens, expected: tokens },
  );
  require_(
    bits === 32,
    'usage',
    `${path} predicts the latency of networks that were timed at 32 bits, but --bits is ${bits}; leave one of them out`,
    { path, bits },
  );
  return {
    of: (genotype) => predictor.predict(genotype),
    source: { space: space.name, machine, ...timing, networks, heldOutError },
  };
}

/** A part of a network whose latency is predicted as a whole: its own is unknown. */
export function withoutLatency<T extends { readonly latencyMs: number }>({
  latencyMs: _,
  ...part
}: T): Omit<T, 'latencyMs'> {
  return part;
}
