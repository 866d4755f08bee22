/** What a step of the supernet trains (spec 13.3): one path, drawn uniformly over architectures or stage tuples. */
import type { Random } from '../../core/random.ts';
import { accumulates } from '../../hardware/workload.ts';
import { networkWorkloads, planNetwork } from '../../spaces/layout.ts';
import { type SampleMode, sample } from '../../spaces/sample.ts';
import type { Genotype } from '../../spaces/space.ts';
import { alignmentLoss } from '../../supernet/alignment.ts';
import type { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { EvenPaths } from '../ranks/even-paths.ts';
import type { JobContext } from './context.ts';
import { imageMaterial } from './image-material.ts';
import { runTrainPhase, type TrainingRecord } from './train-phase.ts';

/** For events, and for people. */
export const SUPERNET_PHASE = { phase: 'supernet', title: 'training the supernet' } as const;

export interface SupernetTraining {
  readonly network: Network;
  readonly record: TrainingRecord;
  /** Processes that train it together, each its own path of a step or all the same (`rankPaths`). */
  readonly ranks?: Ranks | undefined;
  validate(): Promise<Score>;
}

export function trainSupernet(
  context: JobContext,
  { ranks, ...training }: SupernetTraining,
): Promise<readonly CurvePoint[]> {
  const { sharing, random, config } = context;
  const alignment = random.split('alignment');
  const apart = ranks !== undefined && config.rankPaths === 'own' ? ranks : undefined;
  const several = ranks === undefined ? {} : { ranks };
  return runTrainPhase(context, {
    ...SUPERNET_PHASE,
    ...training,
    ...several,
    epochs: config.supernetEpochs,
    material: () =>
      imageMaterial(context, {
        ...{ phase: SUPERNET_PHASE.phase, stream: 'supernet', pathAt: pathsOf(context, apart), ...several },
        penalty: (weights, step) => {
          const drawn = alignment.split(step);
          const mine = apart === undefined ? drawn : drawn.split(`rank ${apart.rank}`);
          return alignmentLoss(sharing.alignment, weights, mine);
        },
      }),
  });
}

/** The path of a step; `apart`: ranks that train one each. */
function pathsOf(
  { space, task, random, config }: JobContext,
  apart: Ranks | undefined,
): (step: number) => Genotype {
  const paths = random.split('supernet paths');
  const draw = (from: Random) => sample(space, from, config.paths as SampleMode);
  if (apart === undefined) return (step) => draw(paths.split(step));
  const cost = (path: Genotype) =>
    networkWorkloads(planNetwork(space, path, task)).reduce((sum, load) => sum + accumulates(load), 0);
  const even = new EvenPaths({ random: paths, ranks: apart.size, draw, cost });
  return (step) => even.at(step, apart.rank);
}
