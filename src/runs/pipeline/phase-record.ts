/** A training that is a phase of the run itself: its checkpoints count the lines of the journal. */
import type { PhaseStarted } from '../../core/events.ts';
import { type Frame, interrupt, loadPhase, savePhase, tell } from './context.ts';
import type { SavedTraining, TrainingRecord } from './train-phase.ts';

/** `started` is told when there is nothing to go on from. */
export function phaseRecord(context: Frame, started: PhaseStarted): TrainingRecord {
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
