/** Networks trained alone for their held-out scores only: ranked paths, and candidates on trial. */
import { internal } from '../../core/errors.ts';
import type { Score } from '../../training/score.ts';
import { type Frame, loadPhase, measuredPhase, savePhase } from './context.ts';
import { inTurns, type Trains, type TrainTask } from './train-jobs.ts';

/** What is asked of a training. */
export interface Held {
  readonly validation: Score;
}

/** Phases of these trainings in the run: `prefix:1`, `prefix:2` ... from number `first` (1) on, and `index` of `of`. */
export interface AlonePlaces {
  readonly prefix: string;
  readonly first?: number;
  readonly index: number;
  readonly of: number;
}

/** What the phases of `count` such trainings are called. */
export function alonePhases(prefix: string, count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}:${first + i}`);
}

/** A training to ask for; what it lacks is the name of its phase. */
export interface AloneTask<J extends { readonly phase: string }> {
  readonly title: string;
  job(phase: string): J;
}

/** Held-out scores in the order of the tasks. Each is saved when it is known. Throws 'interrupted' when asked to stop. */
export async function scoresAlone<J extends { readonly phase: string }>(
  context: Frame,
  { prefix, first, index, of }: AlonePlaces,
  trains: Trains<J, Held>,
  asked: readonly AloneTask<J>[],
): Promise<Score[]> {
  const scores: (Score | undefined)[] = asked.map(() => undefined);
  const tasks: (TrainTask<J> & { readonly at: number })[] = [];
  const phases = alonePhases(prefix, asked.length, first);
  for (const [at, { title, job }] of asked.entries()) {
    const phase = phases[at];
    const measured = loadPhase<{ readonly alone: Score }>(context, measuredPhase(phase));
    if (measured !== undefined) scores[at] = measured.state.alone;
    else tasks.push({ job: job(phase), title, place: { index: index + at, of }, at });
  }
  for await (const { task, result } of inTurns<J, Held, (typeof tasks)[number]>(context, tasks, trains)) {
    const { loss, accuracy } = result.validation;
    await savePhase(context, measuredPhase(task.job.phase), { alone: { loss, accuracy } });
    scores[task.at] = { loss, accuracy };
  }
  return scores.map((score, at) => score ?? internal(`${phases[at]} was not trained`));
}
