/** A rank above 0: trains the supernet with rank 0, to which everything else of the run belongs. */
import { ShiftAddError } from '../../core/errors.ts';
import { Network } from '../../supernet/network.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { JobContext } from '../pipeline/context.ts';
import { ProbePaths } from '../pipeline/probe-paths.ts';
import { trainSupernet } from '../pipeline/train-supernet.ts';
import type { SentenceContext } from '../translation/context.ts';
import { type SupernetContext, trainSentenceSupernet } from '../translation/train-supernet.ts';
import { untrainedSupernet } from '../translation/untrained.ts';
import { followingRecord } from './record.ts';

/** What a rank has opened: a run on images, or one on sentences. It keeps nothing of it. */
export type ImageRank = Omit<JobContext, 'checkpoints' | 'saveEvery'>;
export type SentenceRank = Omit<SupernetContext, 'saveEvery'> & Pick<SentenceContext, 'dataset'>;
export type OpenedRank = ImageRank | SentenceRank;

export function hasSentences(opened: OpenedRank): opened is SentenceRank {
  return 'subwords' in opened;
}

/** What ends the training of all ranks at the same step; rank 0 reports it. */
const OF_ALL = ['interrupted', 'diverged', 'usage'];

const NEVER = { saveEvery: Number.POSITIVE_INFINITY };

export async function followSupernet(opened: OpenedRank, ranks: Ranks): Promise<void> {
  try {
    await (hasSentences(opened) ? followOnSentences(opened, ranks) : followOnImages(opened, ranks));
  } catch (error) {
    if (!(error instanceof ShiftAddError && OF_ALL.includes(error.code))) throw error;
  }
}

async function followOnImages(opened: ImageRank, ranks: Ranks): Promise<void> {
  const { backend, space, task, sharing, quantisation, random } = opened;
  const settings = { space, task, sharing, quantisation };
  const network = new Network(backend, settings, random.split('supernet weights'));
  const probes = new ProbePaths(opened, network, ranks);
  try {
    await trainSupernet(
      { ...opened, ...NEVER, checkpoints: '' },
      { network, ranks, record: followingRecord(ranks), validate: () => probes.score() },
    );
  } finally {
    probes.dispose();
    network.dispose();
  }
}

async function followOnSentences(opened: SentenceRank, ranks: Ranks): Promise<void> {
  const supernet = untrainedSupernet(opened, opened.random.split('supernet weights'));
  try {
    const record = followingRecord(ranks);
    await trainSentenceSupernet({ ...opened, ...NEVER }, { supernet, ranks, record });
  } finally {
    supernet.dispose();
  }
}
