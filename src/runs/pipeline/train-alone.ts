/**
 * One network trained alone, with the recipe that every network of a run gets: same images in the same order, same
 * rates, same parametrisation of its adders. Winners, baselines and ranked paths are comparable because of it.
 */
import type { ImageSet } from '../../data/dataset.ts';
import type { Genotype } from '../../spaces/space.ts';
import { Network } from '../../supernet/network.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { calibrate, type Score, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { calibrationBatches, heldBatches, type RunContext, scoringBatches } from './context.ts';
import { openTeacher, type Teacher } from './teacher.ts';
import { runTrainPhase } from './train-phase.ts';

export interface Training {
  readonly phase: string;
  readonly title: string;
  readonly place: { readonly index: number; readonly of: number };
  readonly genotype: Genotype;
}

/** A network at the end of its training, its norms calibrated; it lives until `finish` returns. */
export interface Trained {
  readonly network: Network;
  readonly curve: readonly CurvePoint[];
  measure(set: ImageSet, indices: ArrayLike<number>): Promise<Score>;
}

/** Sharing of a network that is alone: none, with the same transformations. */
export function alone(sharing: SharingConfig): SharingConfig {
  return { ...sharing, families: [], alignment: 'none' };
}

/** Trains (or goes on training) and hands the network to `finish`, whose result this is. */
export async function trainAlone<Result>(
  context: RunContext,
  { phase, title, place, genotype }: Training,
  finish: (trained: Trained) => Promise<Result>,
): Promise<Result> {
  const { backend, space, task, config, random } = context;
  const sharing = alone(context.sharing);
  const network = new Network(backend, { space, task, sharing, genotype }, random.split('retrained weights'));
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
      genotypeAt: () => genotype,
      averaging: config.averaging,
      ...(teacher === undefined ? {} : { distillation: teacher.distillation }),
      validate: () => {
        calibrate(network, genotype, calibration);
        return score(network, genotype, scoring);
      },
    });
    calibrate(network, genotype, calibration);
    const measure = async (set: ImageSet, indices: ArrayLike<number>) => {
      const held = heldBatches(context, set, indices);
      try {
        return await score(network, genotype, held);
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
