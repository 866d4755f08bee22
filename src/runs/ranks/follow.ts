/** A rank above 0: trains the supernet with rank 0, to which everything else of the run belongs. */
import { ShiftAddError } from '../../core/errors.ts';
import { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { JobContext } from '../pipeline/context.ts';
import { ProbePaths } from '../pipeline/probe-paths.ts';
import { trainSupernet } from '../pipeline/train-supernet.ts';
import { followingRecord } from './record.ts';

/** What ends the training of all ranks at the same step; rank 0 reports it. */
const OF_ALL = ['interrupted', 'diverged', 'usage'];

export async function followSupernet(
  context: Omit<JobContext, 'checkpoints' | 'saveEvery'>,
  ranks: Ranks,
): Promise<void> {
  const { backend, space, task, sharing, quantisation, random } = context;
  const settings = { space, task, sharing, quantisation };
  const network = new Network(backend, settings, random.split('supernet weights'));
  const probes = new ProbePaths(context, network, ranks);
  const nothingKept = { checkpoints: '', saveEvery: Number.POSITIVE_INFINITY };
  try {
    await trainSupernet(
      { ...context, ...nothingKept },
      { network, ranks, record: followingRecord(ranks), validate: () => probes.score() },
    );
  } catch (error) {
    if (!(error instanceof ShiftAddError && OF_ALL.includes(error.code))) throw error;
  } finally {
    probes.dispose();
    network.dispose();
  }
}
