/**
 * Training as a phase of a run: goes on from its checkpoint, saves every so often and when asked to stop, and
 * leaves its final weights. One file serves the supernet, the retrained networks and `train`.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/events.ts';
import type { TensorSource } from '../../core/safetensors-writer.ts';
import type { Echo } from '../../data/echo.ts';
import { adderScales, describeScales } from '../../supernet/adder-scales.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { WeightAverage } from '../../training/average.ts';
import type { Optimiser, OptimiserState } from '../../training/optimiser.ts';
import { RankedGradients, type Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import {
  type CurvePoint,
  INITIAL_TRAINING,
  type StepJob,
  type TrainingState,
  train,
  trainStep,
} from '../../training/trainer.ts';
import type { LoadedCheckpoint } from '../checkpoint.ts';
import type { JobContext } from './context.ts';
import { describeNormalised, optimiserOf, scheduleOf } from './optimiser-of.ts';
import { restoreTraining, trainingTensors } from './training-tensors.ts';

/** Where a training keeps what it has become, and who hears what happens. */
export interface TrainingRecord {
  load(): LoadedCheckpoint<SavedTraining> | undefined;
  /** Reads the tensors one after the other; until it is done, nobody may change them. */
  save(state: SavedTraining, tensors: ReadonlyMap<string, TensorSource>): Promise<void>;
  tell(event: RunEvent): void;
  /** Whether to save and stop; then `stop` throws. */
  stopped(): boolean;
  stop(): never;
}

/** What the steps of a training are made of: the task's own part of it. */
export interface Material {
  readonly stepsPerEpoch: number;
  /** Examples of a step, as the pace shown counts them. */
  readonly examples: number;
  /** The scalar that a step of `network` makes smaller. */
  loss(network: Learner): StepJob['loss'];
  /** Where the bad number of step `step` is, with the weights before it. */
  locate(network: Learner, step: number): Promise<string>;
  /** How often pictures that are decoded meanwhile are used, since which steps; grows while it trains. */
  readonly echoes?: readonly Echo[];
  /** Goes on as a training did that had these. */
  restore?(echoes: readonly Echo[]): void;
  /** What is to be said of its batches after `seconds` of training. */
  told?(seconds: number): RunEvent | undefined;
  dispose(): void;
}

/** A network that can be trained: of images or of sentences. */
export type Learner = Pick<TrainableNetwork<unknown>, 'store' | 'config' | 'dispose'> & {
  untrained(): Learner;
};

/** What training takes of a run. */
export type TrainContext = Pick<JobContext, 'config' | 'backend' | 'sharing' | 'saveEvery'>;

export interface TrainPhase {
  /** Identifier, as events name it. */
  readonly phase: string;
  /** For people. */
  readonly title: string;
  readonly record: TrainingRecord;
  readonly network: Learner;
  readonly epochs: number;
  /** Made once it is known that there is something to train; it is given back at the end. */
  material(): Material;
  /** Gives a network its first weights, before anything of it is trained. */
  start?(network: Learner): Promise<void>;
  /** Decay of the moving average of weights that is validated and kept in the end. */
  readonly averaging?: number;
  /** Processes that train this network together. Each runs this phase and keeps a record of its own. */
  readonly ranks?: Ranks;
  validate(): Promise<Score>;
}

export interface SavedTraining {
  readonly training: TrainingState;
  readonly optimiser: OptimiserState;
  readonly done: boolean;
  /** How many processes train it, where there are several. */
  readonly ranks?: number;
  /** Those of its material, where there are any. */
  readonly echoes?: readonly Echo[];
}

/** Trains to the end and returns the curve. The network then holds its final weights. */
export async function runTrainPhase(
  context: TrainContext,
  phase: TrainPhase,
): Promise<readonly CurvePoint[]> {
  const { config } = context;
  const { network, record } = phase;
  const optimiser = optimiserFor(context, network);
  const average = averageFor(context, phase, network);
  let material: Material | undefined;
  try {
    material = phase.material();
    const saved = record.load();
    if (saved !== undefined) {
      checkRanks(phase, saved.state);
      restoreTraining(network, optimiser, saved, average);
      material.restore?.(saved.state.echoes ?? []);
    }
    if (saved?.state.done) return saved.state.training.curve;

    const source = material;
    const emit = (event: RunEvent) => record.tell(event);
    const job = stepJob(context, phase, network, optimiser, source);
    if (saved === undefined) {
      await phase.start?.(network);
      const normalised = describeNormalised(config, network);
      if (normalised !== undefined) emit({ type: 'note', text: `${phase.phase}: ${normalised}` });
    }
    const steps = phase.epochs * source.stepsPerEpoch;
    const started = Date.now();
    const firstStep = saved?.state.training.step ?? 0;
    let savedAt = Date.now();
    let told = source.echoes?.length ?? 0;
    const tellEchoes = () => {
      for (const echo of source.echoes?.slice(told) ?? []) {
        told++;
        emit({ type: 'note', text: `${phase.phase}: ${describeEcho(echo)}` });
      }
    };
    // All tensors are of one step although they are read one after the other: only the loop below changes them, and it
    // waits for this, as `between` does in the middle and as nothing is left to train at the end.
    const save = async (training: TrainingState, done: boolean) => {
      const several = phase.ranks === undefined ? {} : { ranks: phase.ranks.size };
      const { echoes = [] } = source;
      const echoed = echoes.length === 0 ? {} : { echoes: [...echoes] };
      const state = { training, optimiser: optimiser.state(), done, ...several, ...echoed };
      await record.save(state, trainingTensors(network, optimiser, average));
      savedAt = Date.now();
    };
    const last = await train(
      {
        ...job,
        stepsPerEpoch: source.stepsPerEpoch,
        stepped: (step) => average?.update(step),
        epochs: phase.epochs,
        validate: async () => {
          average?.swap();
          try {
            return finite(await phase.validate(), phase.title, config.rate);
          } finally {
            average?.swap();
          }
        },
        locate: (step) => locateByReplay(context, phase, source, step),
      },
      saved?.state.training ?? INITIAL_TRAINING,
      {
        onStep: ({ step, loss, rate }) => {
          const seconds = (Date.now() - started) / 1000;
          const imagesPerSecond = ((step - firstStep) * source.examples) / Math.max(seconds, 1e-3);
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
          tellEchoes();
          const stopped = record.stopped();
          if (stopped || Date.now() - savedAt > context.saveEvery * 1000) await save(training, false);
          if (stopped) record.stop();
        },
      },
    );
    average?.swap(); // from here on the network is its average
    tellEchoes();
    const waited = source.told?.((Date.now() - started) / 1000);
    if (waited !== undefined) emit(waited);
    const scales = await adderScales(network);
    if (scales !== undefined) {
      const text = describeScales(scales, network.config.sharing);
      emit({ type: 'note', text: `${phase.phase}: scales of its adders: ${text}` });
    }
    emit({ type: 'phase-ended', phase: phase.phase, seconds: (Date.now() - started) / 1000 });
    await save(last, true);
    return last.curve;
  } finally {
    material?.dispose();
    average?.dispose();
    optimiser.dispose();
  }
}

function describeEcho({ step, uses }: Echo): string {
  return (
    `from step ${step + 1} on each picture that is decoded is used in ${uses} batches, changed anew each time, for training ` +
    'waits for decoding; --picture-uses says how often from the beginning on'
  );
}

/** Norms see a rank's part of a batch, and ranks may train different paths: another number trains something else. */
function checkRanks({ ranks, title }: TrainPhase, saved: SavedTraining): void {
  const [before, now] = [saved.ranks ?? 1, ranks?.size ?? 1];
  if (saved.done || before === now) return;
  const start = before === 1 ? 'without mpirun' : `with mpirun -n ${before}`;
  throw new ShiftAddError(
    'usage',
    `${title} must go on with as many ranks as it began with, ${before}, but there ${now === 1 ? 'is 1' : `are ${now}`}; resume it ${start}`,
    { ranks: now, began: before },
  );
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

function optimiserFor({ backend, config, sharing }: TrainContext, network: Learner): Optimiser {
  return optimiserOf(backend, config, sharing.families, network);
}

function averageFor(
  { backend }: TrainContext,
  { averaging = 0 }: Pick<TrainPhase, 'averaging'>,
  network: Learner,
): WeightAverage | undefined {
  return averaging > 0 ? new WeightAverage(backend, network.store.parameters(), averaging) : undefined;
}

function stepJob(
  { backend, config, sharing }: TrainContext,
  { epochs, ranks }: TrainPhase,
  network: Learner,
  optimiser: Optimiser,
  material: Material,
): StepJob {
  return {
    backend,
    ...(ranks === undefined
      ? {}
      : { ranks: new RankedGradients(ranks, network.store.parameters(), sharing.families) }),
    schedule: scheduleOf(config, epochs * material.stepsPerEpoch),
    optimiser,
    ...(config.clip > 0 ? { clip: config.clip } : {}),
    loss: material.loss(network),
  };
}

/**
 * Where the bad number of a step was born. By the time a loss is read its step has spoiled every weight, so the
 * steps since the last checkpoint are walked again, up to this one, and its forward pass is looked at.
 */
async function locateByReplay(
  context: TrainContext,
  phase: TrainPhase,
  material: Material,
  step: number,
): Promise<string> {
  const network = phase.network.untrained();
  const optimiser = optimiserFor(context, network);
  try {
    const saved = phase.record.load();
    if (saved !== undefined) restoreTraining(network, optimiser, saved);
    else await phase.start?.(network);
    const job = stepJob(context, phase, network, optimiser, material);
    for (let at = saved?.state.training.step ?? 0; at < step; at++) trainStep(job, at);
    return await material.locate(network, step);
  } finally {
    optimiser.dispose();
    network.dispose();
  }
}
