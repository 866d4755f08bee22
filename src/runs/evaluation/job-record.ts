/**
 * A network trained alone as a job: its checkpoint holds what it told so far, beside its state, and knows nothing of
 * the run's journal. Several can be trained at once, or elsewhere, and the journal is still written in one order.
 */
import type { RunEvent } from '../../core/events.ts';
import { loadCheckpoint, saveCheckpoint } from '../checkpoint.ts';
import { checkpointPath, type JobContext } from '../pipeline/context.ts';
import type { SavedTraining, TrainingRecord } from '../pipeline/train-phase.ts';
import type { JobEvent } from './evaluator.ts';
import { withdrawn } from './thread-messages.ts';

interface SavedJob extends SavedTraining {
  /** Absent in runs of earlier versions, whose journals hold them. */
  readonly events?: readonly RunEvent[];
}

export interface JobRecordOptions {
  readonly phase: string;
  readonly onEvent: (told: JobEvent) => void;
  /** Whether the job is withdrawn. */
  readonly stopped: () => boolean;
}

export function jobRecord(
  context: Pick<JobContext, 'checkpoints'>,
  { phase, onEvent, stopped }: JobRecordOptions,
): TrainingRecord {
  const path = checkpointPath(context, phase);
  const events: RunEvent[] = [];
  const tell = (event: RunEvent, repeated: boolean) => {
    onEvent({ event, at: events.length, repeated });
    events.push(event);
  };
  let begun = false;
  return {
    load: () => {
      const found = loadCheckpoint<SavedJob>(path);
      if (begun) return found;
      begun = true;
      if (found?.note !== undefined) {
        onEvent({ event: { type: 'note', text: found.note }, at: -1, repeated: false });
      }
      for (const event of found?.state.events ?? []) tell(event, true);
      return found;
    },
    save: (state, tensors) => saveCheckpoint<SavedJob>(path, { state: { ...state, events }, tensors }),
    tell: (event) => tell(event, false),
    stopped,
    stop: () => {
      throw withdrawn();
    },
  };
}
