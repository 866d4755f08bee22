/** What an evaluator and its threads say to each other: plain data, posted. */
import type { BackendLink } from '../../backends/backend.ts';
import { type ErrorCode, type ErrorFields, ShiftAddError } from '../../core/errors.ts';
import type { RandomState } from '../../core/random.ts';
import type { SharedNetwork } from '../../supernet/shared-network.ts';
import type { SharedImages } from '../../training/score.ts';
import type { JobContext } from '../pipeline/context.ts';
import type { EvaluateJob, Job, JobEvent } from './evaluator.ts';

/** What a thread starts with. */
export interface ThreadStart {
  readonly link: BackendLink;
  /** One word that the evaluator writes: the number of a job that is to end early. */
  readonly abort: Int32Array;
}

/** What trainings need, with images in shared memory. */
export type Material = Omit<JobContext, 'backend' | 'random' | 'unreadable'> & {
  readonly random: RandomState;
};

export type ToThread =
  | { readonly kind: 'material'; readonly material: Material }
  | { readonly kind: 'offer'; readonly supernet: string; readonly network: SharedNetwork }
  | { readonly kind: 'withdraw' }
  | {
      readonly kind: 'images';
      readonly share: number;
      readonly calibration: SharedImages;
      readonly scoring: SharedImages;
    }
  | { readonly kind: 'job'; readonly id: number; readonly job: Job }
  | { readonly kind: 'end' };

export type FromThread =
  | { readonly kind: 'told'; readonly id: number; readonly told: JobEvent }
  | {
      readonly kind: 'done';
      readonly id: number;
      readonly result: unknown;
      readonly unreadable: readonly string[];
    }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PostedError }
  | { readonly kind: 'ended' };

/** An error on its way between threads: what a class has is lost when it is posted. */
export interface PostedError {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly fields: ErrorFields;
}

export function postable(error: unknown): PostedError {
  if (error instanceof ShiftAddError) {
    return { code: error.code, sentence: error.message, fields: error.fields };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', sentence: `internal: a thread failed: ${text}`, fields: {} };
}

export function received({ code, sentence, fields }: PostedError): ShiftAddError {
  return new ShiftAddError(code, sentence, fields);
}

/** What a job ends with that was withdrawn. */
export function withdrawn(): ShiftAddError {
  return new ShiftAddError('interrupted', 'the job was withdrawn before it was done');
}

/** What a job gets that names weights nobody offers. */
export function notOffered({ supernet, genotype }: EvaluateJob): ShiftAddError {
  const sentence = `a candidate is scored with weights that are offered, but ${genotype} asks for ${supernet.slice(0, 12)}, which are not; offer them first`;
  return new ShiftAddError('usage', sentence, { supernet, genotype });
}
