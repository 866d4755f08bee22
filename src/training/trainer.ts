/**
 * The training loop. Its state is plain data: a step number and what the curves need; batches, paths and rates are
 * functions of that number. Stopped anywhere and resumed from a checkpoint, it walks through the same bits as a
 * loop that was never stopped.
 */
import { Graph, type Tensor } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import { clipGradients } from './clip.ts';
import { gradientsOf } from './gradients.ts';
import type { Optimiser } from './optimiser.ts';
import type { RankedGradients } from './ranks.ts';
import { rateAt, type ScheduleConfig } from './schedule.ts';

export interface CurvePoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Sum of the losses of the current epoch's steps so far. */
  readonly lossSum: number;
  readonly curve: readonly CurvePoint[];
}

export const INITIAL_TRAINING: TrainingState = { step: 0, lossSum: 0, curve: [] };

/** What one step needs. */
export interface StepJob {
  readonly backend: Backend;
  readonly schedule: ScheduleConfig;
  readonly optimiser: Optimiser;
  /** The scalar that step `step` makes smaller, on its graph. */
  loss(graph: Graph, step: number): Tensor;
  /** Gradients together are at most this long; as long as they are when absent. */
  readonly clip?: number;
  /** Processes that train this network together, each on its part of every batch. */
  readonly ranks?: RankedGradients;
  /** Called after the weights of step `step` have changed. */
  stepped?(step: number): void;
}

export interface TrainingJob extends StepJob {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Loss and accuracy on held-out examples, asked for after every epoch. */
  validate(): Promise<{ readonly loss: number; readonly accuracy: number }>;
  /** Says where a bad number is, after a loss that is not finite. */
  locate(step: number): Promise<string>;
}

export interface TrainingHooks {
  onStep?(progress: { step: number; steps: number; loss: number; rate: number }): void;
  onEpoch?(point: CurvePoint, epochs: number): void;
  /** Called between steps; saves when it is time to. */
  between(state: TrainingState): Promise<void>;
}

/** Losses are read this many steps at a time: the device is not asked on every step. */
const WINDOW = 10;
const WHOLE = { offset: 0, stride: 1 };

/** Trains from `state` to the end and returns the last state. Throws 'diverged' on a loss that is not finite. */
export async function train(
  job: TrainingJob,
  state: TrainingState,
  hooks: TrainingHooks,
): Promise<TrainingState> {
  const { backend, stepsPerEpoch } = job;
  const steps = job.epochs * stepsPerEpoch;
  const window = backend.allocate(WINDOW);
  let { step, lossSum } = state;
  const curve = [...state.curve];
  let pending = 0;

  const collect = async () => {
    if (pending === 0) return;
    const losses = await backend.read(window);
    for (let i = 0; i < pending; i++) {
      const at = step - pending + i;
      if (!Number.isFinite(losses[i])) await diverged(job, at, losses[i]);
      lossSum += losses[i];
    }
    hooks.onStep?.({ step, steps, loss: losses[pending - 1], rate: rateAt(job.schedule, step - 1) });
    pending = 0;
  };

  try {
    while (step < steps) {
      const slot = { offset: pending, stride: 1 };
      trainStep(job, step, (loss) => backend.copyBlocks(loss, window, 1, 1, WHOLE, slot, false));
      step++;
      pending++;
      const epochEnds = step % stepsPerEpoch === 0;
      if (pending === WINDOW || epochEnds) {
        await collect();
        await breathe();
        if (epochEnds) {
          const { loss, accuracy } = await job.validate();
          const point: CurvePoint = {
            epoch: step / stepsPerEpoch,
            trainLoss: lossSum / stepsPerEpoch,
            validationLoss: loss,
            validationAccuracy: accuracy,
          };
          curve.push(point);
          lossSum = 0;
          hooks.onEpoch?.(point, job.epochs);
        }
        await hooks.between({ step, lossSum, curve: [...curve] });
      }
    }
  } finally {
    backend.free(window);
  }
  return { step, lossSum, curve };
}

/** One step; `keep` is shown the loss while it is there. */
export function trainStep(job: StepJob, step: number, keep: (loss: Buffer) => void = () => {}): void {
  const graph = new Graph(job.backend, { training: true });
  try {
    const { clip } = job;
    const loss = job.loss(graph, step);
    graph.backward(loss);
    const summed = job.ranks?.combine(graph, loss.buffer) ?? {
      gradients: gradientsOf(graph),
      loss: loss.buffer,
    };
    if (clip !== undefined) clipGradients(job.backend, summed.gradients, clip);
    job.optimiser.step(summed.gradients, rateAt(job.schedule, step));
    keep(summed.loss);
  } finally {
    graph.close();
  }
  job.stepped?.(step);
}

async function diverged(job: TrainingJob, step: number, loss: number): Promise<never> {
  const place = await job.locate(step);
  throw new ShiftAddError(
    'diverged',
    `the loss must be a finite number, but it is ${loss} at step ${step + 1}; first seen in ${place}; start a new run with a lower --rate (now ${job.schedule.rate})`,
    { step: step + 1, place },
  );
}

/** Lets signals and timers be served between steps. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
