/**
 * Training as a phase of a run: goes on from its checkpoint, saves every so often and when asked to stop, and
 * leaves its final weights. One file serves the supernet, the retrained networks and `train`.
 */
import type { Tensor } from '../../autograd/graph.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/events.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { Genotype } from '../../spaces/space.ts';
import { adderScales } from '../../supernet/adder-scales.ts';
import type { Network } from '../../supernet/network.ts';
import { AdamW, DEFAULT_ADAMW } from '../../training/adamw.ts';
import { locateBadNumber } from '../../training/locate.ts';
import type { Optimiser, OptimiserState } from '../../training/optimiser.ts';
import type { Score } from '../../training/score.ts';
import {
  type BatchSource,
  type CurvePoint,
  INITIAL_TRAINING,
  type StepJob,
  type TrainingState,
  train,
  trainStep,
} from '../../training/trainer.ts';
import { loadPhase, type RunContext, savePhase, stopIfAsked, tell, trainingBatches } from './context.ts';

export interface TrainPhase {
  /** Identifier and title, as events name it. */
  readonly phase: string;
  readonly title: string;
  readonly index: number;
  readonly of: number;
  readonly network: Network;
  readonly epochs: number;
  /** Which network a step trains: always the same one, or a path of the supernet. */
  genotypeAt(step: number): Genotype;
  /** An addition to the loss of a step, made from the effective weights of its add blocks. */
  penalty?(addWeights: readonly Tensor[], step: number): Tensor | undefined;
  validate(): Promise<Score>;
}

interface SavedTraining {
  readonly training: TrainingState;
  readonly optimiser: OptimiserState;
  readonly done: boolean;
}

/** Trains to the end and returns the curve. The network then holds its final weights. */
export async function runTrainPhase(context: RunContext, phase: TrainPhase): Promise<readonly CurvePoint[]> {
  const { config, signal } = context;
  const { network } = phase;
  const optimiser = optimiserFor(context, network);
  try {
    const batches = trainingBatches(context, phase.phase === 'supernet' ? 'supernet' : 'alone');
    const saved = loadPhase<SavedTraining>(context, phase.phase);
    if (saved !== undefined) restore(network, optimiser, saved.tensors, saved.state.optimiser);
    if (saved?.state.done) return saved.state.training.curve;

    const { index, of, title } = phase;
    const emit = (event: RunEvent) => tell(context, phase.phase, event);
    if (saved === undefined) emit({ type: 'phase-started', phase: phase.phase, index, of, title });
    const steps = phase.epochs * batches.stepsPerEpoch;
    const started = Date.now();
    const firstStep = saved?.state.training.step ?? 0;
    let savedAt = Date.now();
    const save = async (training: TrainingState, done: boolean) => {
      const tensors = await collect(network, optimiser);
      savePhase<SavedTraining>(
        context,
        phase.phase,
        { training, optimiser: optimiser.state(), done },
        tensors,
      );
      savedAt = Date.now();
    };
    const last = await train(
      {
        ...stepJob(context, phase, network, optimiser, batches),
        epochs: phase.epochs,
        validate: async () => finite(await phase.validate(), phase.title, config.rate),
        locate: (step) => locateByReplay(context, phase, batches, step),
      },
      saved?.state.training ?? INITIAL_TRAINING,
      {
        onStep: ({ step, loss, rate }) => {
          const seconds = (Date.now() - started) / 1000;
          const imagesPerSecond = ((step - firstStep) * config.batch) / Math.max(seconds, 1e-3);
          emit({ type: 'train-step', phase: phase.phase, step, steps, loss, rate, imagesPerSecond });
        },
        onEpoch: ({ epoch, trainLoss, validationLoss, validationAccuracy }, epochs) =>
          emit({
            type: 'epoch-ended',
            phase: phase.phase,
            epoch,
            epochs,
            trainLoss,
            validationLoss,
            validationAccuracy,
          }),
        between: async (training) => {
          if (signal.aborted || Date.now() - savedAt > context.saveEvery * 1000) await save(training, false);
          stopIfAsked(context);
        },
      },
    );
    const scales = await adderScales(network);
    if (scales !== undefined) {
      const text = `scales of its adders: ${scales.low.toFixed(2)} to ${scales.high.toFixed(2)} (${config.adderScale})`;
      emit({ type: 'note', text: `${phase.phase}: ${text}` });
    }
    emit({ type: 'phase-ended', phase: phase.phase, seconds: (Date.now() - started) / 1000 });
    await save(last, true);
    return last.curve;
  } finally {
    optimiser.dispose();
  }
}

/** The last step of an epoch can spoil the weights without a loss that shows it. */
function finite(found: Score, title: string, rate: number): Score {
  if (Number.isFinite(found.loss)) return found;
  throw new ShiftAddError(
    'diverged',
    `the loss must be a finite number, but on held-out images it is ${found.loss} after an epoch of ${title}; start a new run with a lower --rate (now ${rate})`,
    { place: title },
  );
}

function optimiserFor({ backend, config, sharing }: RunContext, network: Network): Optimiser {
  return new AdamW(backend, network.store.parameters(), {
    ...DEFAULT_ADAMW,
    decay: config.decay,
    families: sharing.families,
  });
}

function stepJob(
  { backend, config }: RunContext,
  phase: TrainPhase,
  network: Network,
  optimiser: Optimiser,
  batches: BatchSource,
): StepJob {
  const steps = phase.epochs * batches.stepsPerEpoch;
  const warmupSteps = Math.min(Math.ceil(steps / 20), 200);
  return {
    backend,
    batches,
    schedule: { kind: 'cosine', rate: config.rate, warmupSteps, steps, floor: 0 },
    optimiser,
    forward: (x, step) => {
      const addWeights: Tensor[] = [];
      const logits = network.forward(x, phase.genotypeAt(step), {
        mode: { kind: 'train' },
        onWeight: (family, weight) => {
          if (family === 'add') addWeights.push(weight);
        },
      });
      const penalty = phase.penalty?.(addWeights, step);
      return penalty === undefined ? { logits } : { logits, penalty };
    },
  };
}

/**
 * Where the bad number of a step was born. By the time a loss is read its step has spoiled every weight, so the
 * steps since the last checkpoint are walked again, up to this one, and its forward pass is looked at.
 */
async function locateByReplay(
  context: RunContext,
  phase: TrainPhase,
  batches: BatchSource,
  step: number,
): Promise<string> {
  const network = phase.network.untrained();
  const optimiser = optimiserFor(context, network);
  try {
    const saved = loadPhase<SavedTraining>(context, phase.phase);
    if (saved !== undefined) restore(network, optimiser, saved.tensors, saved.state.optimiser);
    const job = stepJob(context, phase, network, optimiser, batches);
    for (let at = saved?.state.training.step ?? 0; at < step; at++) trainStep(job, at);
    return await locateBadNumber(network, phase.genotypeAt(step), batches.batch(step), batches.shape);
  } finally {
    optimiser.dispose();
    network.dispose();
  }
}

const WEIGHT = 'weight:';
const MOMENT = 'moment:';

async function collect(network: Network, optimiser: Optimiser): Promise<Map<string, TensorData>> {
  const { backend } = network.store;
  const tensors = new Map<string, TensorData>();
  for (const { name, shape, buffer } of network.store.tensors()) {
    tensors.set(WEIGHT + name, { shape, data: (await backend.read(buffer)) as Float32Array });
  }
  for (const [name, buffer] of optimiser.moments()) {
    tensors.set(MOMENT + name, {
      shape: [buffer.length],
      data: (await backend.read(buffer)) as Float32Array,
    });
  }
  return tensors;
}

function restore(
  network: Network,
  optimiser: Optimiser,
  tensors: ReadonlyMap<string, TensorData>,
  state: OptimiserState,
): void {
  const { backend } = network.store;
  network.store.load((name) => tensors.get(WEIGHT + name));
  optimiser.restore(state);
  for (const [name, buffer] of optimiser.moments()) {
    const saved = tensors.get(MOMENT + name);
    if (saved !== undefined) backend.write(buffer, saved.data);
  }
}
