/**
 * Records of a training that several ranks do together. Rank 0 keeps it and says when to stop; the others start from
 * what it has and keep nothing, so they need no folder.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { SavedTraining, TrainingRecord } from '../pipeline/train-phase.ts';
import { shareCheckpoint } from './messages.ts';

/** Rank 0's record, which the others follow. */
export function leadingRecord(ranks: Ranks, record: TrainingRecord): TrainingRecord {
  return {
    ...record,
    load: () => {
      const found = record.load();
      shareCheckpoint(ranks, found);
      return found;
    },
    stopped: () => anyRank(ranks, record.stopped()),
  };
}

export function followingRecord(ranks: Ranks): TrainingRecord {
  return {
    load: () => shareCheckpoint<SavedTraining>(ranks),
    save: async () => {},
    tell: () => {},
    stopped: () => anyRank(ranks, false),
    stop: () => {
      throw new ShiftAddError('interrupted', 'rank 0 was asked to stop');
    },
  };
}

/** Whether it holds on any rank. */
function anyRank(ranks: Ranks, here: boolean): boolean {
  const count = Float32Array.of(here ? 1 : 0);
  ranks.sumNumbers(count);
  return count[0] > 0;
}
