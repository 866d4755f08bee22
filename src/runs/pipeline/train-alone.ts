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
      const held = heldBatches(context, set, indices);
      try {
        return await score(network, path, held);
      } finally {
        held.dispose();
      }
    };
    return await finish({ network, curve, measure });
  } finally {
    teacher?.dispose();
    calibration.dispose();
    scoring.dispose();
    network.dispose();
  }
}
