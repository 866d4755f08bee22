/** What a step of the supernet trains (spec 13.3): one path, drawn uniformly over architectures or stage tuples. */
import type { Tensor } from '../../autograd/graph.ts';
import type { Random } from '../../core/random.ts';
import { networkWorkloads, planNetwork } from '../../spaces/layout.ts';
import { type SampleMode, sample } from '../../spaces/sample.ts';
import type { Genotype } from '../../spaces/space.ts';
import { type AlignedWeights, alignmentLoss } from '../../supernet/alignment.ts';
import type { Network } from '../../supernet/network.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { pathsOf } from '../ranks/even-paths.ts';
import { stepCost } from '../ranks/step-cost.ts';
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
  const { config } = context;
  const apart = config.rankPaths === 'own' ? ranks : undefined;
  const several = ranks === undefined ? {} : { ranks };
  return runTrainPhase(context, {
    ...SUPERNET_PHASE,
    ...training,
    ...several,
    epochs: config.supernetEpochs,
    material: () =>
      imageMaterial(context, {
        ...{
          phase: SUPERNET_PHASE.phase,
          stream: 'supernet',
          pathAt: drawnPaths(context, apart),
          ...several,
        },
        ...alignmentOf(context, apart),
      }),
  });
}

/** What alignment adds to the loss of a supernet's step, as its material takes it. `apart`: ranks with a path each. */
export function alignmentOf(
  { sharing: { alignment }, random }: { readonly sharing: SharingConfig; readonly random: Random },
  apart: Pick<Ranks, 'rank'> | undefined,
): { penalty?(weights: AlignedWeights, step: number): Tensor | undefined } {
  if (alignment === 'none') return {};
  const draws = random.split('alignment');
  return {
    penalty: (weights, step) => {
      const drawn = draws.split(step);
      const mine = apart === undefined ? drawn : drawn.split(`rank ${apart.rank}`);
      return alignmentLoss(alignment, weights, mine);
    },
  };
}

function drawnPaths(
  { space, task, random, config }: JobContext,
  apart: Ranks | undefined,
): (step: number) => Genotype {
  return pathsOf(apart, {
    random: random.split('supernet paths'),
    draw: (from) => sample(space, from, config.paths as SampleMode),
    cost: (path) => stepCost(networkWorkloads(planNetwork(space, path, task))),
  });
}
