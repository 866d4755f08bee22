/**
 * Who does the work of a search: scores candidates with the supernet's weights, trains networks alone. Jobs and
 * results are plain data, so the same job can be done in this process, in a thread beside it or on another machine.
 *
 *   const { supernet, withdraw } = await evaluator.offer(network)
 *   const score = await evaluator.run({ kind: 'evaluate', supernet, genotype })     // any number at a time
 *   const { validation, tensors } = await evaluator.run({ kind: 'train', phase, architecture, tests: true })
 *
 *   bits     a result depends on the job, the run's settings and the kind of backend; never on who did the job,
 *            how many did jobs beside it, or which jobs were done there before
 *   order    jobs begin in the order of `run` and end in any; whoever asks takes results in the order asked
 *            (in-order.ts), so that journal and checkpoints do not depend on the number of workers
 *   once     the promise of a job settles once. A worker that is lost is replaced and its job done again; an error
 *            of the job itself (a loss that is no number, a full disk) rejects with the ShiftAddError it had there
 *   run      an evaluator belongs to one run: settings, data, space and prices are those it was opened with, and
 *            jobs do not repeat them. One that sends jobs away sends `RunConfig`, the program's version and a
 *            fingerprint of the data with them, and refuses workers that have others
 *   task     what networks are and what a training is asked with differ between images and sentences (`JobTypes`);
 *            what is done with jobs does not
 */
import type { RunEvent } from '../../core/events.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { Score as SearchScore } from '../../search/problem.ts';
import type { LayerRecord } from '../../supernet/layer-table.ts';
import type { Network } from '../../supernet/network.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import type { Architecture } from '../network-files.ts';
import type { TranslatorJob, TranslatorTraining } from '../translation/jobs.ts';

/**
 * Score a path of the supernet on held-out examples: cross-entropy and accuracy, of images after its norms were
 * recalibrated, of sentences with BLEU where it is an objective.
 */
export interface EvaluateJob {
  readonly kind: 'evaluate';
  /** Content address of the supernet's weights, as `offer` gave it. */
  readonly supernet: string;
  /** The word of src/spaces/genotype.ts, or of src/spaces/seq2seq/genotype.ts. */
  readonly genotype: string;
  /** The part of the evaluation set, above 0 up to 1; all of it when absent. */
  readonly share?: number;
}

/** Train a network alone by the run's recipe, and measure it. */
export interface TrainJob {
  readonly kind: 'train';
  /** Identifier, unique in the run, which events and checkpoints of this training carry: `retrain:all-conv`. */
  readonly phase: string;
  readonly architecture: Architecture;
  /** File of this machine with the tensors to start from (pipeline/from-weights.ts); drawn ones when absent. */
  readonly weights?: string;
  /** First weights, batches and calibration follow it in place of the run's own. */
  readonly seed?: number;
  /** First weights come from the run's supernet, as far as they fit: its checkpoint lies in the run's folder. */
  readonly inherits?: boolean;
  /** In place of the run's. */
  readonly epochs?: number;
  /** Measure it on the test set too, and return its weights: asked for what may win, not for ranked paths. */
  readonly tests: boolean;
}

export interface TrainResult {
  /** On the held-out images. */
  readonly validation: Score;
  readonly curve: readonly CurvePoint[];
  /** With `tests`: on the test images; weights and calibrated norms by name. */
  readonly test?: Score;
  readonly tensors?: ReadonlyMap<string, TensorData>;
  /** Bits and ranges of its layers, where they are few. */
  readonly layers?: readonly LayerRecord[];
}

/** What a task gives to do: the networks that are offered, what a training is asked with and what it comes to. */
export interface JobTypes {
  readonly network: Network | Translator;
  readonly train: TrainJob | TranslatorJob;
  readonly trained: TrainResult | TranslatorTraining;
}

export interface ImageJobs extends JobTypes {
  readonly network: Network;
  readonly train: TrainJob;
  readonly trained: TrainResult;
}

export type Job<T extends JobTypes = ImageJobs> = EvaluateJob | T['train'];

/** What a job of this kind gives. */
export type ResultOf<J extends Job<T>, T extends JobTypes = ImageJobs> = J extends EvaluateJob
  ? SearchScore
  : T['trained'];

export interface RunJobOptions {
  /** Jobs that are asked for at once, this one among them; 1 unless said. */
  readonly together?: number;
  /** Aborted: a job not begun is withdrawn, one begun ends soon, and the promise rejects with 'interrupted'. */
  readonly signal?: AbortSignal;
  /** What a training tells after its phase's start, which whoever asks for it tells. Scores tell nothing. */
  readonly onEvent?: (told: JobEvent) => void;
}

/**
 * An event of a training. A training that goes on from a checkpoint first repeats what was told up to it, so that every
 * listener hears all of it in order, and knows by the number what it has heard already.
 */
export interface JobEvent {
  readonly event: RunEvent;
  /** 0, 1, 2 ... from the start of the training; -1 for what concerns only who trains: a checkpoint that was damaged. */
  readonly at: number;
  /** It happened before this process took part. */
  readonly repeated: boolean;
}

/** Weights that jobs may name until they are withdrawn. */
export interface Offer {
  /** SHA-256 over names, shapes and values (weights-address.ts). */
  readonly supernet: string;
  /** No job names them from now on; jobs under way have ended or been aborted. */
  withdraw(): Promise<void>;
}

export interface Evaluator<T extends JobTypes = ImageJobs> {
  /** One line for people: `in process`, `2 threads`, `cluster postgres://host/db`. */
  readonly description: string;
  /** Jobs that are done at once, at least 1: so many should be waiting. It may change while workers come and go. */
  readonly slots: number;
  /** Makes the weights of a trained supernet known. The network must stay as it is until they are withdrawn. */
  offer(network: T['network']): Promise<Offer>;
  /** Does a job. Throws 'usage' for weights that are not offered, 'interrupted' when aborted, else what the job threw. */
  run<J extends Job<T>>(job: J, options?: RunJobOptions): Promise<ResultOf<J, T>>;
  /** Ends every worker; jobs under way reject with 'interrupted'. */
  dispose(): Promise<void>;
}
