/** Trains the supernet as a phase of a run, alone or as rank 0 of several processes, and scores it on probe paths. */
import { sample } from '../../spaces/sample.ts';
import { Network } from '../../supernet/network.ts';
import { calibrate, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { shareScore } from '../ranks/messages.ts';
import { leadingRecord } from '../ranks/record.ts';
import { calibrationBatches, type RunContext, scoringBatches } from './context.ts';
import { phaseRecord } from './phase-record.ts';
import { openTeacher } from './teacher.ts';
import { SUPERNET_PHASE, trainSupernet } from './train-supernet.ts';

/** Paths whose mean held-out score stands for the supernet in its curve. */
const PROBES = 3;

export interface TrainedSupernet {
  readonly network: Network;
  readonly curve: readonly CurvePoint[];
}

/** The trained supernet; the caller disposes of its network. */
export async function runSupernetPhase(context: RunContext, of: number): Promise<TrainedSupernet> {
  const { backend, space, task, sharing, quantisation, random, ranks } = context;
  openTeacher(context)?.dispose(); // a wrong one is better found now than when the first network is retrained
  const settings = { space, task, sharing, quantisation };
  const network = new Network(backend, settings, random.split('supernet weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  const probes = Array.from({ length: PROBES }, (_, i) => sample(space, random.split(`probe path ${i}`)));
  const validate = async () => {
    let [loss, accuracy] = [0, 0];
    for (const genotype of probes) {
      calibrate(network, genotype, calibration);
      const found = await score(network, genotype, scoring);
      loss += found.loss / PROBES;
      accuracy += found.accuracy / PROBES;
    }
    return { loss, accuracy };
  };
  const record = phaseRecord(context, { type: 'phase-started', ...SUPERNET_PHASE, index: 1, of });
  try {
    const curve =
      ranks === undefined
        ? await trainSupernet(context, { network, record, validate })
        : await ranks.together(() =>
            trainSupernet(context, {
              ...{ network, ranks, record: leadingRecord(ranks, record) },
              validate: async () => shareScore(ranks, await validate()),
            }),
          );
    return { network, curve };
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    calibration.dispose();
    scoring.dispose();
  }
}
