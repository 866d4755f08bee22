/**
 * How long a run still takes: the work that is left of its phases, each kind at its own pace. A kind of which little is
 * seen yet goes as fast as the others, for the plan counts all of them in one unit.
 *
 *   planned   supernet 16   search 2   ten short trainings of 1   six of 5     passes over the training data
 *   seen      4 in 80 s                                                        20 s a pass
 *   left      12          + 2        + 10                       + 30           18 minutes
 *
 * What was seen of a resumed run stands in its journal, which is heard at the times it was written at.
 */
import type { PlannedPhase, RunEvent } from '../core/events.ts';
import { showDuration } from './duration.ts';
import type { JournalEntry } from './journal.ts';

/** How much was done in how many milliseconds. */
interface Seen {
  ms: number;
  done: number;
}

interface Kind extends Seen {
  left: number;
  planned: number;
}

interface PhaseClock {
  /** Milliseconds in which it was the phase of the run. */
  ms: number;
  /** Part of it that was done before it was first heard of, and that is done now. */
  first: number;
  done: number;
}

/** Before so many milliseconds nothing is said. */
const SETTLED_MS = 1_500;
/** Of a kind: until so much of it is seen the pace of the others stands for the rest, for its start may mislead. */
const BELIEVED = 0.1;

export class TimeLeft {
  private readonly now: () => number;
  private plan = new Map<string, PlannedPhase>();
  private phases = new Map<string, PhaseClock>();
  private current: string | undefined;
  private last: number | undefined;
  /** Whether it heard the run from its start: then all that is done was done in the time it knows. */
  private whole = false;
  /** Whether it heard the journal of an earlier process. */
  private resumed = false;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** A resumed run: what its journal says. */
  resume(earlier: Iterable<JournalEntry>): void {
    for (const { event, at } of earlier) {
      this.listen(event, Date.parse(at));
      this.resumed = true;
    }
    this.last = undefined;
  }

  listen(event: RunEvent, now = this.now()): void {
    if (event.type !== 'run-resumed') this.pass(now);
    this.last = now;
    switch (event.type) {
      case 'run-started':
        // A training alone that is resumed starts its journal anew and goes on from its checkpoint.
        if (!this.resumed) this.forget();
        this.whole = true;
        return;
      case 'run-planned':
        this.plan = new Map(event.phases.map((one) => [one.phase, one]));
        return;
      case 'phase-started':
        this.current = event.phase;
        if (!this.phases.has(event.phase)) this.phases.set(event.phase, { ms: 0, first: 0, done: 0 });
        return;
      case 'networks-training':
        for (const { phase, done } of event.networks) {
          if (done > 0) this.progress(phase, Math.max(done, this.phases.get(phase)?.done ?? 0));
        }
        return;
      case 'train-step':
        this.current = event.phase;
        this.progress(event.phase, event.step / event.steps);
        return;
      case 'candidate-scored':
        if (this.current !== undefined) this.progress(this.current, event.index / event.of);
        return;
      case 'phase-ended':
        this.progress(event.phase, 1);
        return;
      case 'run-ended':
        if (event.outcome === 'finished') this.forget();
        return;
      default:
        return;
    }
  }

  /** A process may do several runs, one after the other. */
  private forget(): void {
    this.plan = new Map();
    this.phases = new Map();
    this.current = undefined;
    this.whole = false;
    this.resumed = false;
  }

  /** Time goes to the phase that the run is in. */
  private pass(now: number): void {
    const phase = this.current === undefined ? undefined : this.phases.get(this.current);
    if (phase !== undefined && this.last !== undefined) phase.ms += Math.max(0, now - this.last);
  }

  private progress(name: string, done: number): void {
    const phase = this.phases.get(name);
    if (phase === undefined) this.phases.set(name, { ms: 0, first: this.whole ? 0 : done, done });
    else phase.done = done;
  }

  /** Seconds, or undefined while nothing can be said. */
  seconds(): number | undefined {
    const kinds = this.kinds();
    const all = { ms: 0, done: 0 };
    for (const { ms, done } of kinds) {
      all.ms += ms;
      all.done += done;
    }
    if (all.done === 0 || all.ms < SETTLED_MS) return undefined;
    return kinds.reduce((sum, kind) => sum + kind.left * paceOf(kind, all), 0) / 1000;
  }

  private kinds(): Kind[] {
    const kinds = new Map<string, Kind>();
    for (const name of new Set([...this.plan.keys(), ...this.phases.keys()])) {
      const { kind, work } = this.plan.get(name) ?? { kind: name, work: 1 };
      const { ms, first, done } = this.phases.get(name) ?? { ms: 0, first: 0, done: 0 };
      const sum = kinds.get(kind) ?? { ms: 0, done: 0, left: 0, planned: 0 };
      sum.ms += ms;
      sum.done += Math.max(0, done - first) * work;
      sum.left += (1 - done) * work;
      sum.planned += work;
      kinds.set(kind, sum);
    }
    return [...kinds.values()];
  }

  /** `3:12 left`, or '' while nothing can be said. */
  show(): string {
    const seconds = this.seconds();
    return seconds === undefined ? '' : `${showDuration(seconds)} left`;
  }
}

/** Milliseconds for a unit of work. */
function paceOf({ ms, done, planned }: Kind, all: Seen): number {
  const others = { ms: all.ms - ms, done: all.done - done };
  if (others.done === 0) return ms / done;
  const pace = others.ms / others.done;
  if (done === 0) return pace;
  const believed = Math.max(0, BELIEVED * planned - done);
  return (ms + believed * pace) / (done + believed);
}
