/**
 * Training as a phase of a run: goes on from its checkpoint, saves every so often and when asked to stop, and
 * leaves its final weights. One file serves the supernet, the retrained networks and `train`.
 */
import type { Tensor } from '../../autograd/graph.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { RunEvent } from '../../core/events.ts';
import type { TensorData } from '../../core/safetensors.ts';
import { isPlain, type Recipe } from '../../data/augment/recipe.ts';
import type { Split } from '../../data/split.ts';
import { adderScales, describeScales } from '../../supernet/adder-scales.ts';
import type { AlignedWeights } from '../../supernet/alignment.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { WeightAverage } from '../../training/average.ts';
import type { Distillation, Heads } from '../../training/distillation.ts';
import { type ImageBatches, imageBatches } from '../../training/image-batches.ts';
import { locateBadNumber } from '../../training/locate.ts';
import type { Optimiser, OptimiserState } from '../../training/optimiser.ts';
import { rankBatches } from '../../training/rank-batches.ts';
import { RankedGradients, type Ranks } from '../../training/ranks.ts';
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
import { type LoadedCheckpoint, loadCheckpoint } from '../checkpoint.ts';
import type { RunConfig } from '../options.ts';
import { checkpointPath, type JobContext } from './context.ts';
import { optimiserOf, scheduleOf } from './optimiser-of.ts';

/** Where a training keeps what it has become, and who hears what happens. */
export interface TrainingRecord {
  load(): LoadedCheckpoint<SavedTraining> | undefined;
  save(state: SavedTraining, tensors: ReadonlyMap<string, TensorData>): void;
  tell(event: RunEvent): void;
  /** Whether to save and stop; then `stop` throws. */
  stopped(): boolean;
  stop(): never;
}

export interface TrainPhase<Path> {
  /** Identifier, as events name it. */
  readonly phase: string;
  /** For people. */
  readonly title: string;
  readonly record: TrainingRecord;
  readonly network: TrainableNetwork<Path>;
  readonly epochs: number;
  /** What a step trains: always the same, or a path of the supernet. */
  pathAt(step: number): Path;
  /** An addition to the loss of a step, made from the effective weights of its blocks. */
  penalty?(weights: AlignedWeights, step: number): Tensor | undefined;
  /** A teacher beside the labels. */
  readonly distillation?: Distillation;
  /** Gives a network its first weights, before anything of it is trained. */
  start?(network: TrainableNetwork<Path>): Promise<void>;
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
}

/** Trains to the end and returns the curve. The network then holds its final weights. */
export async function runTrainPhase<Path>(
  context: JobContext,
  phase: TrainPhase<Path>,
): Promise<readonly CurvePoint[]> {
  const { config } = context;
  const { network, record } = phase;
  const optimiser = optimiserFor(context, network);
  const average = averageFor(context, phase, network);
  let batches: ImageBatches | undefined;
  try {
    batches = trainingBatches(context, streamOf(phase));
    const saved = record.load();
    if (saved !== undefined) {
      checkRanks(phase, saved.state);
      restore(network, optimiser, saved.tensors, saved.state.optimiser, average);
    }
    if (saved?.state.done) return saved.state.training.curve;

    const source = batches;
    const emit = (event: RunEvent) => record.tell(event);
    const job = stepJob(context, phase, network, optimiser, source);
    if (saved === undefined) await phase.start?.(network);
    const steps = phase.epochs * batches.stepsPerEpoch;
    const started = Date.now();
    const firstStep = saved?.state.training.step ?? 0;
    let savedAt = Date.now();
    const save = async (training: TrainingState, done: boolean) => {
      const tensors = await collect(network, optimiser, average);
      const several = phase.ranks === undefined ? {} : { ranks: phase.ranks.size };
      record.save({ training, optimiser: optimiser.state(), done, ...several }, tensors);
      savedAt = Date.now();
    };
    const last = await train(
      {
        ...job,
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
          const stopped = record.stopped();
          if (stopped || Date.now() - savedAt > context.saveEvery * 1000) await save(training, false);
          if (stopped) record.stop();
        },
      },
    );
    average?.swap(); // from here on the network is its average
    tellWaiting(context, phase, batches, (Date.now() - started) / 1000);
    const scales = await adderScales(network);
    if (scales !== undefined) {
      const text = describeScales(scales, network.config.sharing);
      emit({ type: 'note', text: `${phase.phase}: scales of its adders: ${text}` });
    }
    emit({ type: 'phase-ended', phase: phase.phase, seconds: (Date.now() - started) / 1000 });
    await save(last, true);
    return last.curve;
  } finally {
    for (const file of batches?.unreadable() ?? []) context.unreadable.add(file);
    batches?.dispose();
    average?.dispose();
    optimiser.dispose();
  }
}

/** Networks that are trained alone get the same images and the same draws: only they differ. */
function streamOf({ phase }: Pick<TrainPhase<unknown>, 'phase'>): 'supernet' | 'alone' {
  return phase === 'supernet' ? 'supernet' : 'alone';
}

/** Norms see a rank's part of a batch, and ranks may train different paths: another number trains something else. */
function checkRanks({ ranks, title }: TrainPhase<unknown>, saved: SavedTraining): void {
  const [before, now] = [saved.ranks ?? 1, ranks?.size ?? 1];
  if (saved.done || before === now) return;
  const start = before === 1 ? 'without mpirun' : `with mpirun -n ${before}`;
  throw new ShiftAddError(
    'usage',
    `${title} must go on with as many ranks as it began with, ${before}, but there ${now === 1 ? 'is 1' : `are ${now}`}; resume it ${start}`,
    { ranks: now, began: before },
  );
}

function batchSize({ batch }: RunConfig, { kept }: Split): number {
  return Math.min(batch, kept.length);
}

/** How images are changed for training, by the settings of a run. */
function recipeOf({ randAugment, jitter, erasing, mixup, cutmix, repeats }: RunConfig): Recipe {
  return { randAugment, jitter, erasing, mixup, cutmix, repeats };
}

/** Augmented, shuffled batches of the images that train; the same for every network that is trained. */
export function trainingBatches(
  { dataset, split, config, random }: JobContext,
  label: 'supernet' | 'alone',
): ImageBatches {
  const padding = config.padding === 'black' ? 'black' : 'edge';
  return imageBatches({
    set: dataset.train,
    normal: dataset,
    batchSize: batchSize(config, split),
    indices: split.kept,
    random: random.split(`batches:${label}`).state(),
    augmentation: {
      mirror: dataset.mirrorable,
      // images that are decoded while training come as random parts of themselves
      cropPad: dataset.train.files === undefined ? config.cropPad : 0,
      padding,
    },
    smoothing: config.smoothing,
    recipe: recipeOf(config),
  });
}

/** Which part of this process's training time went by without a batch to train on; said where batches cost something. */
function tellWaiting(
  { config }: JobContext,
  { phase, record }: Pick<TrainPhase<unknown>, 'phase' | 'record'>,
  batches: ImageBatches,
  seconds: number,
): void {
  if (isPlain(recipeOf(config))) return;
  const waitedSeconds = batches.waitedSeconds();
  const waitedShare = waitedSeconds / Math.max(seconds, 1e-3);
  record.tell({
    type: 'batches-waited',
    phase,
    waitedSeconds,
    waitedShare,
    makers: batches.threads,
  });
}

function averageFor(
  { backend }: JobContext,
  { averaging = 0 }: Pick<TrainPhase<unknown>, 'averaging'>,
  network: TrainableNetwork<unknown>,
): WeightAverage | undefined {
  return averaging > 0 ? new WeightAverage(backend, network.store.parameters(), averaging) : undefined;
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

function optimiserFor(
  { backend, config, sharing }: JobContext,
  network: TrainableNetwork<unknown>,
): Optimiser {
  return optimiserOf(backend, config, sharing.families, network);
}

function stepJob<Path>(
  { backend, config, random, split, sharing }: JobContext,
  phase: TrainPhase<Path>,
  network: TrainableNetwork<Path>,
  optimiser: Optimiser,
  whole: BatchSource,
): StepJob {
  const { ranks } = phase;
  const drops = random.split(`drop path:${streamOf(phase)}`);
  // images at the same place of the ranks' parts are others
  const dropped = ranks === undefined || ranks.rank === 0 ? drops : drops.split(`rank ${ranks.rank}`);
  const steps = phase.epochs * whole.stepsPerEpoch;
  return {
    backend,
    batches: ranks === undefined ? whole : rankBatches(whole, ranks, batchSize(config, split)),
    ...(ranks === undefined
      ? {}
      : { ranks: new RankedGradients(ranks, network.store.parameters(), sharing.families) }),
    schedule: scheduleOf(config, steps),
    optimiser,
    ...(config.clip > 0 ? { clip: config.clip } : {}),
    ...(phase.distillation === undefined ? {} : { distillation: phase.distillation }),
    forward: (x, step) => {
      const weights = { conv: [] as Tensor[], add: [] as Tensor[] };
      let heads: Heads | undefined;
      const logits = network.forward(x, phase.pathAt(step), {
        mode: { kind: 'train' },
        ...(config.dropPath > 0 ? { dropPath: { rate: config.dropPath, random: dropped.split(step) } } : {}),
        onWeight: (family, weight) => {
          if (family === 'add' || family === 'conv') weights[family].push(weight);
        },
        onHeads: (labels, teacher) => {
          heads = { labels, teacher };
        },
      });
      const penalty = phase.penalty?.(weights, step);
      return {
        logits,
        ...(heads === undefined ? {} : { heads }),
        ...(penalty === undefined ? {} : { penalty }),
      };
    },
  };
}

/**
 * Where the bad number of a step was born. By the time a loss is read its step has spoiled every weight, so the
 * steps since the last checkpoint are walked again, up to this one, and its forward pass is looked at.
 */
async function locateByReplay<Path>(
  context: JobContext,
  phase: TrainPhase<Path>,
  batches: BatchSource,
  step: number,
): Promise<string> {
  const network = phase.network.untrained();
  const optimiser = optimiserFor(context, network);
  try {
    const saved = phase.record.load();
    if (saved !== undefined) restore(network, optimiser, saved.tensors, saved.state.optimiser);
    else await phase.start?.(network);
    const job = stepJob(context, phase, network, optimiser, batches);
    for (let at = saved?.state.training.step ?? 0; at < step; at++) trainStep(job, at);
    return await locateBadNumber(network, phase.pathAt(step), job.batches.batch(step), batches.shape);
  } finally {
    optimiser.dispose();
    network.dispose();
  }
}

/** Gives a network the weights that the finished training of `phase` left in its checkpoint; false where there is none. */
export function loadTrained(
  context: Pick<JobContext, 'checkpoints'>,
  phase: string,
  network: TrainableNetwork<never>,
): boolean {
  const saved = loadCheckpoint<SavedTraining>(checkpointPath(context, phase));
  if (saved === undefined || !saved.state.done) return false;
  network.store.load((name) => saved.tensors.get(WEIGHT + name));
  return true;
}

const WEIGHT = 'weight:';
const MOMENT = 'moment:';
const AVERAGE = 'average:';

async function collect(
  network: TrainableNetwork<unknown>,
  optimiser: Optimiser,
  average: WeightAverage | undefined,
): Promise<Map<string, TensorData>> {
  const { backend } = network.store;
  const tensors = new Map<string, TensorData>();
  for (const { name, shape, buffer } of network.store.tensors()) {
    tensors.set(WEIGHT + name, { shape, data: (await backend.read(buffer)) as Float32Array });
  }
  for (const [prefix, buffers] of [
    [MOMENT, optimiser.moments()],
    [AVERAGE, average?.buffers ?? new Map()],
  ] as const) {
    for (const [name, buffer] of buffers) {
      const data = (await backend.read(buffer)) as Float32Array;
      tensors.set(prefix + name, { shape: [buffer.length], data });
    }
  }
  return tensors;
}

function restore(
  network: TrainableNetwork<unknown>,
  optimiser: Optimiser,
  tensors: ReadonlyMap<string, TensorData>,
  state: OptimiserState,
  average?: WeightAverage,
): void {
  const { backend } = network.store;
  network.store.load((name) => tensors.get(WEIGHT + name));
  optimiser.restore(state);
  for (const [prefix, buffers] of [
    [MOMENT, optimiser.moments()],
    [AVERAGE, average?.buffers ?? new Map()],
  ] as const) {
    for (const [name, buffer] of buffers) {
      const saved = tensors.get(prefix + name);
      if (saved !== undefined) backend.write(buffer, saved.data);
    }
  }
}
