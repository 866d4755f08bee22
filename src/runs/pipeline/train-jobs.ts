/**
 * Several networks trained alone, as many at once as the evaluator does, with a journal as if they had been trained
 * one after the other: what a training tells waits until it is its turn.
 *
 *   turn      1                 2            3
 *   journal   start, steps ...  start, ...                told at once
 *   waiting                     steps ...    steps ...    told when the turn comes
 */
import type { PhaseStarted } from '../../core/events.ts';
import type { JobEvent, TrainJob, TrainResult } from '../evaluation/evaluator.ts';
import { ordered, type RunJob } from '../evaluation/in-order.ts';
import { type Frame, type RunContext, repeat, stopIfAsked, tell } from './context.ts';

export interface TrainTask<J extends { readonly phase: string } = TrainJob> {
  readonly job: J;
  /** For people: `training all-conv (2-2:cc|cc)`. */
  readonly title: string;
  readonly place: { readonly index: number; readonly of: number };
}

/** Who trains networks, and how many at once. */
export interface Trains<J, R> {
  readonly slots: number;
  readonly run: RunJob<J, R>;
}

/** The evaluator of a run, as the one who trains. */
export function trainsWith({ evaluator }: Pick<RunContext, 'evaluator'>): Trains<TrainJob, TrainResult> {
  return { slots: evaluator.slots, run: (job, options) => evaluator.run(job, options) };
}

/** Trains through the evaluator of the run, as `inTurns` does. */
export function trainTasks<T extends TrainTask>(
  context: RunContext,
  tasks: readonly T[],
): AsyncGenerator<{ readonly task: T; readonly result: TrainResult }, void, void> {
  return inTurns<TrainJob, TrainResult, T>(context, tasks, trainsWith(context));
}

/**
 * Trains and gives the results in the order of the tasks; whoever takes one has told and saved what follows from it
 * before the next one's turn begins. Throws 'interrupted' when the run is asked to stop.
 */
export async function* inTurns<J extends { readonly phase: string }, R, T extends TrainTask<J>>(
  context: Frame,
  tasks: readonly T[],
  { slots, run }: Trains<J, R>,
): AsyncGenerator<{ readonly task: T; readonly result: R }, void, void> {
  const { signal } = context;
  const turns = new Turns(context, tasks, slots);
  for (const [from, to] of batches(tasks.length, slots)) {
    turns.begin(from);
    const jobs = tasks.slice(from, to).map(({ job }) => job);
    let at = from;
    const hear = (i: number, told: JobEvent) => turns.hear(from + i, told);
    for await (const { result } of ordered<J, R>(run, jobs, signal, hear)) {
      yield { task: tasks[at], result };
      at++;
      if (at < to) turns.begin(at);
    }
    stopIfAsked(context);
  }
}

/** One that would be left over for a single slot comes first and alone: it then has all threads, not one. */
function batches(count: number, slots: number): [number, number][] {
  const single = slots > 1 && count > 1 && count % slots === 1;
  return single
    ? [
        [0, 1],
        [1, count],
      ]
    : [[0, count]];
}

class Turns {
  private readonly context: Frame;
  private readonly tasks: readonly TrainTask<{ readonly phase: string }>[];
  private readonly slots: number;
  private turn = -1;
  private readonly waiting: JobEvent[][];
  /** Number of the next event of each task that nobody has heard. */
  private readonly next: number[];
  /** Whether one goes on from its checkpoint: then its pace is not that of its steps so far. */
  private resumed = false;
  /** Part of each training that is done. */
  private readonly done: number[];

  constructor(context: Frame, tasks: readonly TrainTask<{ readonly phase: string }>[], slots: number) {
    this.slots = slots;
    this.context = context;
    this.tasks = tasks;
    this.waiting = tasks.map(() => []);
    this.next = tasks.map(() => 0);
    this.done = tasks.map(() => 0);
  }

  begin(turn: number): void {
    if (turn >= this.tasks.length) return;
    const { job, title, place } = this.tasks[turn];
    const { phase } = job;
    this.turn = turn;
    const started: PhaseStarted = { type: 'phase-started', phase, ...place, title };
    if (!this.context.told.started.has(phase)) tell(this.context, phase, started);
    for (const told of this.waiting[turn].splice(0)) this.tell(turn, told, true);
  }

  hear(i: number, told: JobEvent): void {
    if (told.at < 0) {
      this.context.bus.emit(told.event);
      return;
    }
    if (told.at < this.next[i]) return;
    this.next[i] = told.at + 1;
    if (i === this.turn) this.tell(i, told, false);
    else this.waiting[i].push(told);
    const { event } = told;
    if (told.repeated) this.resumed = true;
    if (event.type === 'train-step') this.done[i] = event.step / event.steps;
    if (event.type === 'train-step' && !told.repeated) this.tellAll();
  }

  /** Steps of an earlier time are written down, but would show a person a pace that never was. */
  private tell(i: number, { event, repeated }: JobEvent, waited: boolean): void {
    const { phase } = this.tasks[i].job;
    if (repeated || (waited && event.type === 'train-step')) repeat(this.context, phase, event);
    else tell(this.context, phase, event);
  }

  /** Several at once are shown together, and so are those that began earlier. */
  private tellAll(): void {
    if ((this.slots < 2 || this.tasks.length < 2) && !this.resumed) return;
    const networks = this.tasks.map(({ job: { phase } }, i) => ({ phase, done: this.done[i] }));
    this.context.bus.emit({ type: 'networks-training', networks });
  }
}
