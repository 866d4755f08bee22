/** What a step of the supernet trains (spec 13.3): one path, drawn uniformly over architectures or stage tuples. */
import type { Random } from '../../core/random.ts';
import { type SampleMode, sample } from '../../spaces/sample.ts';
import { alignmentLoss } from '../../supernet/alignment.ts';
import type { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import type { JobContext } from './context.ts';
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
  const { space, sharing, random, config } = context;
  const paths = random.split('supernet paths');
  const alignment = random.split('alignment');
  // Rank 0 draws what a process alone would draw.
  const apart = ranks !== undefined && ranks.rank > 0 && config.rankPaths === 'own';
  const drawn = (stream: Random, step: number) =>
    apart ? stream.split(step).split(`rank ${ranks.rank}`) : stream.split(step);
  return runTrainPhase(context, {
    ...SUPERNET_PHASE,
    ...training,
    ...(ranks === undefined ? {} : { ranks }),
    epochs: config.supernetEpochs,
    pathAt: (step) => sample(space, drawn(paths, step), config.paths as SampleMode),
    penalty: (weights, step) => alignmentLoss(sharing.alignment, weights, drawn(alignment, step)),
  });
}
