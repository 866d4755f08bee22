/** Trains the supernet: one uniformly drawn path a step (spec 13.3). */

import { sample } from '../../spaces/sample.ts';
import { RELEASED_WEIGHT, releasedAlignment } from '../../supernet/alignment.ts';
import { Network } from '../../supernet/network.ts';
import { calibrate, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { calibrationBatches, type RunContext, scoringBatches } from './context.ts';
import { runTrainPhase } from './train-phase.ts';

/** Paths whose mean held-out score stands for the supernet in its curve. */
const PROBES = 3;

export interface TrainedSupernet {
  readonly network: Network;
  readonly curve: readonly CurvePoint[];
}

/** The trained supernet; the caller disposes of its network. */
export async function runSupernetPhase(context: RunContext, of: number): Promise<TrainedSupernet> {
  const { backend, space, task, sharing, random, config } = context;
  const network = new Network(backend, { space, task, sharing }, random.split('supernet weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  const paths = random.split('supernet paths');
  const probes = Array.from({ length: PROBES }, (_, i) => sample(space, random.split(`probe path ${i}`)));
  try {
    const curve = await runTrainPhase(context, {
      phase: 'supernet',
      title: 'training the supernet',
      index: 1,
      of,
      network,
      epochs: config.supernetEpochs,
      genotypeAt: (step) => sample(space, paths.split(step)),
      ...(config.alignment === 'released'
        ? {
            penalty: (weights, step) =>
              releasedAlignment(weights, random.split('alignment').split(step), RELEASED_WEIGHT),
          }
        : {}),
      validate: async () => {
        let [loss, accuracy] = [0, 0];
        for (const genotype of probes) {
          calibrate(network, genotype, calibration);
          const found = await score(network, genotype, scoring);
          loss += found.loss / PROBES;
          accuracy += found.accuracy / PROBES;
        }
        return { loss, accuracy };
      },
    });
    return { network, curve };
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    calibration.dispose();
    scoring.dispose();
  }
}
