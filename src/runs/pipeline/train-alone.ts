/**
 * One network trained alone, with the recipe that every network of a run gets: same images in the same order, same
 * rates, same parametrisation of its adders. Winners, baselines and ranked paths are comparable because of it.
 */
import type { ImageSet } from '../../data/dataset.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { calibrate, type Score, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { calibrationBatches, heldBatches, type RunContext, scoringBatches } from './context.ts';
import type { Subject } from './subject.ts';
import { openTeacher, type Teacher } from './teacher.ts';
import { runTrainPhase } from './train-phase.ts';

/** Images measured at a time, of a set that is decoded while training. */
const AT_ONCE = 512;

export interface Training<Path> {
  readonly phase: string;
  readonly title: string;
  readonly place: { readonly index: number; readonly of: number };
  readonly subject: Subject<Path>;
}

/** A network at the end of its training, its norms calibrated; it lives until `finish` returns. */
export interface Trained {
  readonly network: TrainableNetwork<unknown>;
  readonly curve: readonly CurvePoint[];
  measure(set: ImageSet, indices: ArrayLike<number>): Promise<Score>;
}

/** Trains (or goes on training) and hands the network to `finish`, whose result this is. */
export async function trainAlone<Path, Result>(
  context: RunContext,
  { phase, title, place, subject }: Training<Path>,
  finish: (trained: Trained) => Promise<Result>,
): Promise<Result> {
  const { backend, config, random } = context;
  const { path } = subject;
  const network = subject.build(backend, random.split('retrained weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  let teacher: Teacher | undefined;
  try {
    teacher = openTeacher(context);
    const curve = await runTrainPhase(context, {
      phase,
      title,
      ...place,
      network,
      epochs: config.epochs,
      pathAt: () => path,
      averaging: config.averaging,
      ...(teacher === undefined ? {} : { distillation: teacher.distillation }),
      validate: () => {
        calibrate(network, path, calibration);
        return score(network, path, scoring);
      },
    });
    calibrate(network, path, calibration);
    const measure = async (set: ImageSet, indices: ArrayLike<number>) => {
      // what does not fit into memory as bytes does not fit onto the backend as floats either
      const most = set.files === undefined ? indices.length : AT_ONCE;
      let [loss, right] = [0, 0];
      for (let from = 0; from < indices.length; from += most) {
        const part = Array.prototype.slice.call(indices, from, from + most);
        const held = heldBatches(context, set, part);
        try {
          const found = await score(network, path, held);
          if (part.length === indices.length) return found;
          loss += found.loss * part.length;
          right += found.accuracy * part.length;
        } finally {
          held.dispose();
        }
      }
      return { loss: loss / indices.length, accuracy: right / indices.length };
    };
    return await finish({ network, curve, measure });
  } finally {
    teacher?.dispose();
    calibration.dispose();
    scoring.dispose();
    network.dispose();
  }
}
