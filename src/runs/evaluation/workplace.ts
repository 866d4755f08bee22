/**
 * What jobs of a run are done with, opened: on the machine that searches, or on one that helps it. Whoever sends jobs from
 * one to the other knows a run by this, and nothing of images or sentences.
 */
import type { Backend } from '../../backends/backend.ts';
import { Random } from '../../core/random.ts';
import { fingerprint } from '../../data/fingerprint.ts';
import type { AnySpace } from '../../spaces/load.ts';
import { Network } from '../../supernet/network.ts';
import type { Quantisation } from '../../supernet/quantisation.ts';
import type { RunConfig } from '../options.ts';
import type { JobContext } from '../pipeline/context.ts';
import type { Evaluator, ImageJobs, JobTypes } from './evaluator.ts';
import { openEvaluator } from './open-evaluator.ts';

export interface Workplace<T extends JobTypes = ImageJobs> {
  readonly config: RunConfig;
  readonly backend: Backend;
  readonly space: AnySpace;
  /** SHA-256 of the data (src/data/fingerprint.ts). */
  readonly data: string;
  /** Bits of weights and activations, where they are few. */
  readonly quantisation?: Quantisation | undefined;
  /** File that says how sentences become subwords. */
  readonly subwordsFile?: string;
  /** Files that could not be decoded so far. */
  readonly unreadable: ReadonlySet<string>;
  /** Who does the jobs on this machine. */
  evaluator(workers?: number): Evaluator<T>;
  /** A supernet of the run whose weights are still to come; the caller disposes of it. */
  supernet(): T['network'];
}

/** Of a run on images. */
export function imageWorkplace(context: JobContext): Workplace {
  const { config, backend, dataset, space, task, sharing, quantisation, unreadable } = context;
  return {
    ...{ config, backend, space, quantisation, unreadable },
    data: fingerprint(dataset),
    evaluator: (workers) => openEvaluator(context, workers),
    supernet: () => new Network(backend, { space, task, sharing, quantisation }, Random.fromSeed(0)),
  };
}
