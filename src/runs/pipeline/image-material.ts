/** The steps of a training on images: augmented batches, the path that runs, and what is added to its loss. */
import type { Tensor } from '../../autograd/graph.ts';
import { isPlain, type Recipe } from '../../data/augment/recipe.ts';
import type { Split } from '../../data/split.ts';
import type { AlignedWeights } from '../../supernet/alignment.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import type { Distillation, Heads } from '../../training/distillation.ts';
import { type ImageBatches, imageBatches } from '../../training/image-batches.ts';
import { type ImageForward, imageLoss } from '../../training/image-loss.ts';
import { locateBadNumber } from '../../training/locate.ts';
import { rankBatches } from '../../training/rank-batches.ts';
import { drawsOfRank, type Ranks } from '../../training/ranks.ts';
import type { RunConfig } from '../options.ts';
import type { ImagesContext } from './context.ts';
import type { Learner, Material } from './train-phase.ts';

/** Networks that are trained alone get the same images and the same draws: only they differ. `tuned`: trained further. */
export type Stream = 'supernet' | 'alone' | 'tuned';

export interface ImageTraining<Path> {
  readonly phase: string;
  readonly stream: Stream;
  /** What a step trains: always the same, or a path of the supernet. */
  pathAt(step: number): Path;
  /** An addition to the loss of a step, made from the effective weights of its blocks. */
  penalty?(weights: AlignedWeights, step: number): Tensor | undefined;
  /** A teacher beside the labels. */
  readonly distillation?: Distillation;
  readonly ranks?: Ranks;
}

/** Made when a training begins. `Learner`s it is asked about are networks whose paths are `Path`s. */
export function imageMaterial<Path>(context: ImagesContext, training: ImageTraining<Path>): Material {
  const { config, split } = context;
  const { ranks, stream, phase, distillation } = training;
  const whole = trainingBatches(context, stream, ranks !== undefined);
  const { stepsPerEpoch } = whole;
  const batches = ranks === undefined ? whole : rankBatches(whole, ranks, batchSize(config, split));
  const own = (network: Learner) => network as unknown as TrainableNetwork<Path>;
  return {
    stepsPerEpoch,
    examples: config.batch,
    loss: (network) =>
      imageLoss({ batches, distillation, forward: forwardOf(context, own(network), training) }),
    locate: (network, step) =>
      locateBadNumber(own(network), training.pathAt(step), batches.batch(step), whole.shape),
    told(seconds) {
      // said where batches cost something
      if (isPlain(recipeOf(config))) return undefined;
      const waitedSeconds = whole.waitedSeconds();
      const waitedShare = waitedSeconds / Math.max(seconds, 1e-3);
      return { type: 'batches-waited', phase, waitedSeconds, waitedShare, makers: whole.threads };
    },
    echoes: whole.echoes,
    restore: (echoes) => whole.restore(echoes),
    dispose() {
      for (const file of whole.unreadable()) context.unreadable.add(file);
      whole.dispose();
    },
  };
}

function forwardOf<Path>(
  { config, random }: ImagesContext,
  network: TrainableNetwork<Path>,
  { stream, pathAt, penalty: penaltyOf, ranks }: ImageTraining<Path>,
): ImageForward {
  const { dropPath, supernetDropPath } = config;
  const rate = stream === 'alone' || supernetDropPath === 'same' ? dropPath : supernetDropPath;
  const dropped = drawsOfRank(random.split(`drop path:${stream}`), ranks);
  return (x, step) => {
    const weights = { conv: [] as Tensor[], add: [] as Tensor[] };
    let heads: Heads | undefined;
    const logits = network.forward(x, pathAt(step), {
      mode: { kind: 'train' },
      ...(rate > 0 ? { dropPath: { rate, random: dropped.split(step) } } : {}),
      onWeight: (family, weight) => {
        if (family === 'add' || family === 'conv') weights[family].push(weight);
      },
      onHeads: (labels, teacher) => {
        heads = { labels, teacher };
      },
    });
    const penalty = penaltyOf?.(weights, step);
    return {
      logits,
      ...(heads === undefined ? {} : { heads }),
      ...(penalty === undefined ? {} : { penalty }),
    };
  };
}

function batchSize({ batch }: RunConfig, { kept }: Split): number {
  return Math.min(batch, kept.length);
}

/** How images are changed for training, by the settings of a run. */
function recipeOf({ randAugment, jitter, erasing, mixup, cutmix, repeats }: RunConfig): Recipe {
  return { randAugment, jitter, erasing, mixup, cutmix, repeats };
}

/**
 * Augmented, shuffled batches of the images that train; the same for every network that is trained, unless pictures are
 * used more often where it waits for them. `ranked`: each rank makes the same ones, so that none chooses how often.
 */
function trainingBatches(
  { dataset, split, config, random }: ImagesContext,
  stream: Stream,
  ranked: boolean,
): ImageBatches {
  const uses = config.pictureUses > 0 ? config.pictureUses : ranked ? 1 : undefined;
  const padding = config.padding === 'black' ? 'black' : 'edge';
  return imageBatches({
    set: dataset.train,
    normal: dataset,
    batchSize: batchSize(config, split),
    indices: split.kept,
    random: random.split(`batches:${stream}`).state(),
    augmentation: {
      mirror: dataset.mirrorable,
      // images that are decoded while training come as random parts of themselves
      cropPad: dataset.train.files === undefined ? config.cropPad : 0,
      padding,
    },
    smoothing: config.smoothing,
    recipe: recipeOf(config),
    uses,
  });
}
