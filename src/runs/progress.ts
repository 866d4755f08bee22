/**
 * Shows events to the person at the terminal. On a terminal a line is redrawn in place, or several where it is too
 * narrow for one (progress-lines.ts); elsewhere plain lines, at most one in five seconds besides the ends of phases.
 * It draws when events come and has no timer of its own.
 *
 *   [2/6] searching  ━━━━━━━━━━────────   54 %  12 scored, best loss 0.412, 91.3 %  3:12 left
 */
import type { Listener, NetworkEvaluated, NetworkScores, PhaseStarted, RunEvent } from '../core/events.ts';
import { nameSome } from '../data/decodebatch.ts';
import { showDuration } from './duration.ts';
import type { JournalEntry } from './journal.ts';
import { oneLine, percentOf, type Standing, severalLines, wrapped } from './progress-lines.ts';
import { RedrawnLines } from './redrawn-lines.ts';
import { TimeLeft } from './timeleft.ts';

export interface ProgressOptions {
  /** Takes text; the terminal's stderr, so that stdout stays clean for results. */
  readonly write: (text: string) => void;
  /** Whether lines can be redrawn. */
  readonly interactive: boolean;
  /** Width of the terminal, asked anew for each line. */
  readonly columns?: () => number;
  /** Height of the terminal: no more lines are redrawn than it has. */
  readonly rows?: () => number;
  /** When it is aborted somebody else writes to the terminal, below what stands there. */
  readonly signal?: AbortSignal;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
  /** What is trained on, for its pace: images unless said otherwise. */
  readonly examples?: 'images' | 'sentences';
  /** Journal of a resumed run, for the name of the phase it goes on with and for its pace. Nothing of it is shown. */
  readonly earlier?: readonly JournalEntry[];
}

const REDRAW_MS = 100;
const PLAIN_MS = 5_000;
/** Data that are read in less are read without a word. */
const SHORT_MS = 1_000;
const NARROWEST = 20;

/** The options that fit a stream, process.stderr as a rule. */
export function progressTo(stream: NodeJS.WriteStream): ProgressOptions {
  return {
    write: (text) => void stream.write(text),
    interactive: stream.isTTY === true && process.env.TERM !== 'dumb',
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
  };
}

/** A listener for an EventBus. In --json mode subscribe none: quiet is no progress at all. */
export function progressListener(options: ProgressOptions): Listener {
  const {
    write,
    interactive,
    columns = () => 80,
    rows = () => 24,
    signal,
    now = () => performance.now(),
    examples = 'images',
    earlier = [],
  } = options;
  const timeLeft = new TimeLeft(now);
  const terminal = new RedrawnLines(write);
  let phase = { name: '', label: '', title: '' };
  /** Networks that are trained at the same time, with how far they are. */
  let beside: string[] = [];
  let fraction = 0;
  let facts: Facts = NO_FACTS;
  let last = Number.NEGATIVE_INFINITY;
  /** The width at which one line did not hold this phase: the next ones would only go to and fro. */
  let tooNarrow: number | undefined;
  signal?.addEventListener('abort', () => terminal.leave(), { once: true });

  /** When data began to be read, before the first phase. */
  let reading: Reading | undefined;
  const line = (text: string) => terminal.keep([text], columns());
  const draw = () => {
    const time = now();
    if (time - last < (interactive ? REDRAW_MS : PLAIN_MS)) return;
    last = time;
    const left = reading === undefined ? timeLeft.show() : leftOf(reading, { since: time, fraction });
    const known = listed(facts);
    const also = beside.length === 0 ? [] : [`beside it ${beside.join(', ')}`];
    if (!interactive) {
      const percent = percentOf(fraction);
      const parts = [phase.label + phase.title, percent, known.join(', '), ...also, left];
      line(parts.filter((part) => part !== '').join('  '));
      return;
    }
    const standing: Standing = { ...phase, fraction, left, facts: [...known, ...also] };
    const width = Math.max(NARROWEST, columns());
    const whole = tooNarrow === width ? undefined : oneLine(standing, width - 1);
    if (whole === undefined) tooNarrow = width;
    const lines = whole === undefined ? severalLines(standing, width - 1) : [whole];
    terminal.draw(lines.slice(0, Math.max(1, rows() - 1)), columns());
  };

  for (const { event } of earlier) if (event.type === 'phase-started') phase = phaseOf(event);
  timeLeft.resume(earlier);

  return (event: RunEvent) => {
    timeLeft.listen(event);
    switch (event.type) {
      case 'run-started':
        line(`${event.command}: seed ${event.seed}, ${Object.values(event.machine).join(', ')}`);
        return;
      case 'phase-started':
        phase = phaseOf(event);
        [fraction, facts, last, beside, tooNarrow, reading] = [0, NO_FACTS, now(), [], undefined, undefined];
        if (!interactive) line(phase.label + phase.title);
        return;
      case 'train-step': {
        fraction = event.step / event.steps;
        const pace = [`${Math.round(event.imagesPerSecond)} ${examples}/s`];
        facts = { ...facts, first: [`loss ${event.loss.toFixed(3)}`], pace };
        draw();
        return;
      }
      case 'epoch-ended': {
        const { validationAccuracy: accuracy, validationLoss: loss } = event;
        const found = [
          ...(loss === undefined ? [] : [`held-out loss ${loss.toFixed(3)}`]),
          ...(accuracy === undefined ? [] : [`accuracy ${showPercent(accuracy)}`]),
        ];
        facts = { ...facts, first: [`loss ${event.trainLoss.toFixed(3)}`], found };
        draw();
        return;
      }
      case 'candidate-scored':
        fraction = event.index / event.of;
        facts = { ...facts, scored: [`${event.index} scored`] };
        draw();
        return;
      case 'networks-training': {
        const others = event.networks.filter(
          (one) => one.phase !== phase.name && one.done > 0 && one.done < 1,
        );
        beside = others.map((one) => `${one.phase.split(':').at(-1)} ${Math.floor(one.done * 100)} %`);
        return;
      }
      case 'generation-ended':
        facts = {
          first: [`generation ${event.generation}/${event.of}`],
          scored: [`${event.evaluated} scored`],
          found: [
            ...(event.feasibleShare === undefined ? [] : [`${showPercent(event.feasibleShare)} feasible`]),
            `front ${event.frontSize}`,
            ...(event.hypervolume === undefined ? [] : [`hypervolume ${event.hypervolume.toFixed(3)}`]),
            `best loss ${event.best.loss.toFixed(3)}`,
            showScore(event.best),
            `${event.best.energyMj.toPrecision(3)} mJ`,
          ],
          pace: [],
        };
        draw();
        return;
      case 'network-evaluated':
        line(`${event.name}: ${showScore(event)}${measuredOn(event)} at ${event.energyMj.toPrecision(3)} mJ`);
        return;
      case 'batches-waited': {
        const makers = event.makers > 0 ? `threads that make them: ${event.makers}` : 'no threads make them';
        line(
          `${event.phase}: waiting for batches took ${showPercent(event.waitedShare)} of the time (${makers})`,
        );
        return;
      }
      case 'data-reading':
        if ((event.fraction ?? 0) < fraction) reading = undefined; // of the next part
        [fraction, facts] = [event.fraction ?? 0, NO_FACTS];
        phase = { name: '', label: '', title: event.text };
        if (reading === undefined) reading = { since: now(), fraction };
        if (now() - reading.since >= SHORT_MS) draw();
        return;
      case 'note':
      case 'run-resumed':
        line(event.text);
        return;
      case 'phase-ended': {
        const done = `${phase.label}${phase.title}: done in ${showTaken(event.seconds)}`;
        terminal.keep(ended(done, listed(facts), interactive ? columns() : undefined), columns());
        return;
      }
      case 'run-ended':
        if (event.unreadable !== undefined) line(describeUnreadable(event.unreadable));
        line(`${event.text === undefined ? event.outcome : event.text} after ${showDuration(event.seconds)}`);
        return;
      case 'run-planned':
      case 'search-started':
        return;
      default:
        event satisfies never;
    }
  };
}

/** How much of the data was read at a time, milliseconds. */
interface Reading {
  readonly since: number;
  readonly fraction: number;
}

/** `3:12 left` at the pace so far; nothing in the first two seconds. */
function leftOf(from: Reading, to: Reading): string {
  const [ms, done] = [to.since - from.since, to.fraction - from.fraction];
  return ms < 2_000 || done <= 0 ? '' : `${showDuration((ms * (1 - to.fraction)) / done / 1e3)} left`;
}

/** What is known of a phase. */
interface Facts {
  readonly first: readonly string[];
  readonly scored: readonly string[];
  readonly found: readonly string[];
  readonly pace: readonly string[];
}

const NO_FACTS: Facts = { first: [], scored: [], found: [], pace: [] };

const listed = ({ first, scored, found, pace }: Facts) => [...first, ...scored, ...found, ...pace];

/** The end of a phase with what it came to, broken where a terminal of `columns` is too narrow for it. */
function ended(done: string, facts: readonly string[], columns: number | undefined): string[] {
  const whole = facts.length === 0 ? done : `${done}  ${facts.join(', ')}`;
  if (columns === undefined || whole.length < columns) return [whole];
  return [done, ...wrapped(facts, Math.max(NARROWEST, columns - 1) - 2).map((line) => `  ${line}`)];
}

function describeUnreadable(files: readonly string[]): string {
  return `images that could not be read: ${files.length}; training took others, measuring left them out (${nameSome(files)})`;
}

function measuredOn({ testImages }: NetworkEvaluated): string {
  return testImages === undefined ? '' : ` of the ${testImages} test images that could be read`;
}

function phaseOf({ phase, index, of, title }: PhaseStarted): {
  name: string;
  label: string;
  title: string;
} {
  return { name: phase, label: `[${index}/${of}] `, title };
}

/** `3.2 s`, and from ten seconds on as other durations. */
const showTaken = (seconds: number): string =>
  seconds < 9.95 ? `${seconds.toFixed(1)} s` : showDuration(seconds);

/** BLEU of a translator, else accuracy. */
function showScore({ bleu, accuracy }: Pick<NetworkScores, 'bleu' | 'accuracy'>): string {
  return bleu === undefined ? showPercent(accuracy) : `BLEU ${bleu.toFixed(1)}`;
}

function showPercent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
