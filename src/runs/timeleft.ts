/**
 * How long a run still takes: the rest of the phase at its own pace, plus the phases to come. Those are sized by
 * their shares where phases state them (`phase-started.share`), else by the mean phase so far.
 */
import type { NetworksTraining, PhaseStarted, RunEvent } from '../core/events.ts';
import { showDuration } from './duration.ts';

/** Networks that are trained side by side, as one piece of work. */
interface Group {
  /** Milliseconds, and networks done by then. */
  readonly started: number;
  readonly first: number;
  readonly of: number;
  done: number;
  /** Phases of the run behind those of the group. */
  readonly after: number;
}

/** Before this much of a phase (or this many seconds) its pace says too little. */
const SETTLED_FRACTION = 0.02;
const SETTLED_MS = 1_500;

interface PhaseClock {
  readonly index: number;
  readonly of: number;
  readonly share: number | undefined;
  /** When this process came to it and which part was done by then; unknown until a resumed phase moves. */
  started: number | undefined;
  first: number;
  done: number;
}

export class TimeLeft {
  private readonly now: () => number;
  private current: PhaseClock | undefined;
  private group: Group | undefined;
  /** Ended phases that ran here from their start: milliseconds and share. */
  private readonly ended: { readonly ms: number; readonly share: number | undefined }[] = [];
  /** Shares of all phases up to the current one; undefined once a phase does not state one. */
  private sharesSoFar: number | undefined = 0;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** A resumed run goes on in this phase: its pace is known from the second event on. */
  resume({ index, of, share }: PhaseStarted): void {
    this.current = { index, of, share, started: undefined, first: 0, done: 0 };
    this.sharesSoFar = undefined;
  }

  listen(event: RunEvent): void {
    switch (event.type) {
      case 'phase-started': {
        const { index, of, share } = event;
        this.current = { index, of, share, started: this.now(), first: 0, done: 0 };
        const before = index === 1 ? 0 : this.sharesSoFar;
        this.sharesSoFar = before === undefined || share === undefined ? undefined : before + share;
        return;
      }
      case 'networks-training':
        this.together(event);
        return;
      case 'train-step':
        this.progress(event.step / event.steps);
        return;
      case 'candidate-scored':
        this.progress(event.index / event.of);
        return;
      case 'phase-ended':
        // A phase that was resumed ran here in part only: its time says nothing about the others.
        if (this.current?.started !== undefined && this.current.first === 0) {
          this.ended.push({ ms: this.now() - this.current.started, share: this.current.share });
        }
        this.current = undefined;
        return;
      default:
        return;
    }
  }

  private together({ done, of, last }: NetworksTraining): void {
    const { current } = this;
    if (current === undefined) return;
    if (this.group?.of !== of || done < this.group.done) {
      this.group = { started: this.now(), first: done, of, done, after: current.of - last };
    }
    this.group.done = done;
  }

  /** Networks that are left, at the pace of all that are trained together. */
  private ofGroup(group: Group): number | undefined {
    const { started, first, done, of, after } = group;
    const elapsed = this.now() - started;
    if (done - first <= 0 || (done - first < SETTLED_FRACTION && elapsed < SETTLED_MS)) return undefined;
    return ((of - done + after) * elapsed) / (done - first) / 1000;
  }

  private progress(done: number): void {
    if (this.current === undefined) return;
    if (this.current.started === undefined) {
      this.current.started = this.now();
      this.current.first = done;
    }
    this.current.done = done;
  }

  /** Seconds, or undefined while nothing can be said. */
  seconds(): number | undefined {
    const phase = this.current;
    if (this.group !== undefined && this.group.done < this.group.of) return this.ofGroup(this.group);
    if (phase?.started === undefined) return undefined;
    const elapsed = this.now() - phase.started;
    const done = phase.done - phase.first;
    if (done <= 0 || (done < SETTLED_FRACTION && elapsed < SETTLED_MS)) return undefined;
    const whole = elapsed / done;
    return ((1 - phase.done) * whole + this.later(phase, whole)) / 1000;
  }

  /** Milliseconds of the phases after this one, which takes `whole` itself. */
  private later(phase: PhaseClock, whole: number): number {
    const known = [...this.ended, { ms: whole, share: phase.share }];
    const total = known.reduce((sum, { ms }) => sum + ms, 0);
    const shares = known.reduce((sum, { share }) => sum + (share ?? Number.NaN), 0);
    if (this.sharesSoFar !== undefined && shares > 0) {
      return (Math.max(0, 1 - this.sharesSoFar) * total) / shares;
    }
    return ((phase.of - phase.index) * total) / known.length;
  }

  /** `3:12 left`, or '' while nothing can be said. */
  show(): string {
    const seconds = this.seconds();
    return seconds === undefined ? '' : `${showDuration(seconds)} left`;
  }
}
