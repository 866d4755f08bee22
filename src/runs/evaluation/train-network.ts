/**
 * One network trained alone, with the recipe that every network of a run gets: same images in the same order, same
 * rates, same parametrisation of its adders. Winners, baselines and ranked paths are comparable because of it.
 */
import { internal } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { ImageSet } from '../../data/dataset.ts';
import { checkUnreadable } from '../../data/decodebatch.ts';
import { decodeAny } from '../../spaces/genotype.ts';
import { layerTable } from '../../supernet/layer-table.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { calibrate, checkMeasured, score } from '../../training/score.ts';
import { findBaseline } from '../../zoo/index.ts';
import type { Architecture } from '../network-files.ts';
import { calibrationBatches, heldBatches, type JobContext, scoringBatches } from '../pipeline/context.ts';
import { fromWeights } from '../pipeline/from-weights.ts';
import { imageMaterial } from '../pipeline/image-material.ts';
import { spaceTrainable } from '../pipeline/space-subject.ts';
import type { Trainable } from '../pipeline/subject.ts';
import { openTeacher, type Teacher } from '../pipeline/teacher.ts';
import { runTrainPhase } from '../pipeline/train-phase.ts';
import { zooTrainable } from '../pipeline/zoo-subject.ts';
import type { TrainJob, TrainResult } from './evaluator.ts';
import type { TrainingOptions } from './in-this-thread.ts';
import { inheriting } from './inheriting.ts';
import { jobRecord } from './job-record.ts';

/** Images measured at a time, of a set that is decoded while training. */
const AT_ONCE = 512;

/** Trains (or goes on training) and measures. */
export async function trainNetwork(
  run: JobContext,
  job: TrainJob,
  { onEvent = () => {}, stopped = () => false }: TrainingOptions = {},
): Promise<TrainResult> {
  const { phase, seed } = job;
  const context = seed === undefined ? run : { ...run, random: Random.fromSeed(seed) };
  const { backend, config, random, dataset, split } = context;
  const drawn = trainableOf(context, job.architecture);
  const { weights, architecture } = job;
  const inReal = () => trainableOf({ ...context, quantisation: undefined }, architecture);
  const { path, build } =
    weights === undefined ? drawn : fromWeights(drawn, inReal(), architecture, context.task, weights);
  const network = build(backend, random.split('retrained weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  let teacher: Teacher | undefined;
  try {
    teacher = openTeacher(context);
    const record = jobRecord(context, { phase, onEvent, stopped });
    const curve = await runTrainPhase(context, {
      phase,
      title: `training ${nameOf(job.architecture)}`,
      record,
      network,
      epochs: job.epochs ?? config.epochs,
      material: () =>
        imageMaterial(context, {
          ...{ phase, stream: 'alone', pathAt: () => path },
          ...(teacher === undefined ? {} : { distillation: teacher.distillation }),
        }),
      averaging: config.averaging,
      ...(job.inherits === true ? { start: inheriting(context, phase, record) } : {}),
      validate: () => {
        calibrate(network, path, calibration);
        return score(network, path, scoring);
      },
    });
    calibrate(network, path, calibration);
    const measure = async (set: ImageSet, indices: ArrayLike<number>) => {
      // what does not fit into memory as bytes does not fit onto the backend as floats either
      const most = set.files === undefined ? indices.length : AT_ONCE;
      let [loss, right, images] = [0, 0, 0];
      for (let from = 0; from < indices.length; from += most) {
        const part = Array.prototype.slice.call(indices, from, from + most);
        const held = heldBatches(context, set, part);
        try {
          if (held.count === 0) continue;
          const found = await score(network, path, held);
          if (held.count === indices.length) return found;
          loss += found.loss * held.count;
          right += found.accuracy * held.count;
          images += held.count;
        } finally {
          held.dispose();
        }
      }
      checkReadable(set, context);
      checkMeasured(images);
      const found = { loss: loss / images, accuracy: right / images };
      return images === indices.length ? found : { ...found, images };
    };
    const validation = await measure(dataset.train, split.held);
    if (!job.tests) return { validation, curve };
    const all = Uint32Array.from({ length: dataset.test.count }, (_, i) => i);
    const test = await measure(dataset.test, all);
    const layers = await layerTable(network);
    return { validation, curve, test, tensors: await tensorsOf(network), layers };
  } finally {
    teacher?.dispose();
    calibration.dispose();
    scoring.dispose();
    network.dispose();
  }
}

/** Parts of a set are decoded one after the other, and none knows how many images the others lack. */
function checkReadable({ count, files }: ImageSet, { unreadable }: JobContext): void {
  if (files === undefined) return;
  const { root: place, unreadableShare: share } = files;
  checkUnreadable({ place, share, count, files: [...unreadable].filter((file) => file.startsWith(place)) });
}

/** The network that a job names. */
function trainableOf(context: JobContext, architecture: Architecture): Trainable {
  if ('zoo' in architecture) {
    const baseline = findBaseline(architecture.zoo) ?? internal(`the zoo has no ${architecture.zoo}`);
    return zooTrainable(context, baseline);
  }
  const { genotype, space } = architecture;
  return spaceTrainable(context, decodeAny(space, genotype), space);
}

/** What a job's network is called. */
export function nameOf(architecture: Architecture): string {
  return 'zoo' in architecture ? architecture.zoo : architecture.genotype;
}

/** Weights and calibrated norms: all that using the network needs. */
async function tensorsOf({ store }: TrainableNetwork<unknown>): Promise<ReadonlyMap<string, TensorData>> {
  const tensors = new Map<string, TensorData>();
  for (const { name, shape, buffer } of store.tensors()) {
    tensors.set(name, { shape, data: (await store.backend.read(buffer)) as Float32Array });
  }
  return tensors;
}
