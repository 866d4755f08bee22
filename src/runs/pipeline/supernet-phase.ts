/** Trains the supernet as a phase of a run, alone or as rank 0 of several processes, and scores it on probe paths. */
import { Network } from '../../supernet/network.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { leadingRecord } from '../ranks/record.ts';
import type { RunContext } from './context.ts';
import { phaseRecord } from './phase-record.ts';
import { ProbePaths } from './probe-paths.ts';
import { openTeacher } from './teacher.ts';
import { SUPERNET_PHASE, trainSupernet } from './train-supernet.ts';

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
  const probes = new ProbePaths(context, network, ranks);
  const validate = () => probes.score();
  const record = phaseRecord(context, { type: 'phase-started', ...SUPERNET_PHASE, index: 1, of });
  try {
    const curve =
      ranks === undefined
        ? await trainSupernet(context, { network, record, validate })
        : await ranks.together(() =>
            trainSupernet(context, { network, ranks, record: leadingRecord(ranks, record), validate }),
          );
    return { network, curve };
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    probes.dispose();
  }
}
