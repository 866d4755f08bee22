/** Trains the supernet: one path a step (spec 13.3), drawn uniformly over architectures or over stage tuples. */

import type { PhaseStarted } from '../../core/events.ts';
import { type SampleMode, sample } from '../../spaces/sample.ts';
import { alignmentLoss } from '../../supernet/alignment.ts';
import { Network } from '../../supernet/network.ts';
import { calibrate, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import {
  calibrationBatches,
  interrupt,
  loadPhase,
  type RunContext,
  savePhase,
  scoringBatches,
  tell,
} from './context.ts';
import { openTeacher } from './teacher.ts';
import { runTrainPhase, type SavedTraining, type TrainingRecord } from './train-phase.ts';

/** Paths whose mean held-out score stands for the supernet in its curve. */
const PROBES = 3;

export interface TrainedSupernet {
  readonly network: Network;
  readonly curve: readonly CurvePoint[];
}

/** The trained supernet; the caller disposes of its network. */
export async function runSupernetPhase(context: RunContext, of: number): Promise<TrainedSupernet> {
  const { backend, space, task, sharing, quantisation, random, config } = context;
  openTeacher(context)?.dispose(); // a wrong one is better found now than when the first network is retrained
  const settings = { space, task, sharing, quantisation };
  const network = new Network(backend, settings, random.split('supernet weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  const paths = random.split('supernet paths');
  const probes = Array.from({ length: PROBES }, (_, i) => sample(space, random.split(`probe path ${i}`)));
  try {
    const [phase, title] = ['supernet', 'training the supernet'];
    const curve = await runTrainPhase(context, {
      phase,
      title,
      record: phaseRecord(context, { type: 'phase-started', phase, title, index: 1, of }),
      network,
      epochs: config.supernetEpochs,
      pathAt: (step) => sample(space, paths.split(step), config.paths as SampleMode),
      penalty: (weights, step) =>
        alignmentLoss(sharing.alignment, weights, random.split('alignment').split(step)),
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

/** The supernet is a phase of the run itself: its checkpoints count the lines of the journal. */
function phaseRecord(context: RunContext, started: PhaseStarted): TrainingRecord {
  const { phase } = started;
  let begun = false;
  return {
    load: () => {
      const saved = loadPhase<SavedTraining>(context, phase);
      if (saved === undefined && !begun) tell(context, phase, started);
      begun = true;
      return saved;
    },
    save: (state, tensors) => savePhase(context, phase, state, tensors),
    tell: (event) => tell(context, phase, event),
    stopped: () => context.signal.aborted,
    stop: () => interrupt(context),
  };
}
