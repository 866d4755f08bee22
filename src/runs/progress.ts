/**
 * Shows events to the person at the terminal. On a terminal one line is redrawn in place; elsewhere plain lines, at
 * most one in five seconds besides the ends of phases. It draws when events come and has no timer of its own.
 *
 *   [2/6] searching  ━━━━━━━━━━────────  54 %  best loss 0.412, 91.3 %  3:12 left
 */
import type { Listener, NetworkScores, PhaseStarted, RunEvent } from '../core/events.ts';
import { showDuration } from './duration.ts';
import type { JournalEntry } from './journal.ts';
import { TimeLeft } from './timeleft.ts';

export interface ProgressOptions {
  /** Takes text; the terminal's stderr, so that stdout stays clean for results. */
  readonly write: (text: string) => void;
  /** Whether a line can be redrawn. */
  readonly interactive: boolean;
  /** Width of the terminal, asked anew for each line. */
  readonly columns?: () => number;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
  /** What is trained on, for its pace: images unless said otherwise. */
  readonly examples?: 'images' | 'sentences';
  /** Journal of a resumed run, for the name of the phase it goes on with and for its pace. Nothing of it is shown. */
  readonly earlier?: readonly JournalEntry[];
}

const REDRAW_MS = 100;
const PLAIN_MS = 5_000;
const BAR = 20;

/** The options that fit a stream, process.stderr as a rule. */
export function progressTo(stream: NodeJS.WriteStream): ProgressOptions {
  return {
    write: (text) => void stream.write(text),
    interactive: stream.isTTY === true && process.env.TERM !== 'dumb',
    columns: () => stream.columns ?? 80,
  };
}

/** A listener for an EventBus. In --json mode subscribe none: quiet is no progress at all. */
export function progressListener(options: ProgressOptions): Listener {
  const {
    write,
    interactive,
    columns = () => 80,
    now = () => performance.now(),
    examples = 'images',
    earlier = [],
  } = options;
  const timeLeft = new TimeLeft(now);
  let phase = { name: '', label: '', title: '' };
  /** Networks that are trained at the same time, with how far they are. */
  let beside: string[] = [];
  let fraction = 0;
  let status = '';
  let last = Number.NEGATIVE_INFINITY;
  let open = false; // a line without a newline stands on the terminal

  const line = (text: string) => {
    write(`${open ? '\r\x1b[2K' : ''}${text}\n`);
    open = false;
  };
  const draw = () => {
    const time = now();
    if (time - last < (interactive ? REDRAW_MS : PLAIN_MS)) return;
    last = time;
    const left = timeLeft.show();
    const also = beside.length === 0 ? '' : `beside it ${beside.join(', ')}`;
    const percent = `${Math.floor(fraction * 100)} %`;
    if (!interactive) {
      line([phase.label + phase.title, percent, status, also, left].filter((part) => part !== '').join('  '));
      return;
    }
    const text = `${phase.label}${phase.title}  ${bar(fraction)}  ${percent.padStart(5)}  ${status}${also === '' ? '' : `  ${also}`}  ${left}`;
    const room = Math.max(20, columns() - 1);
    write(`\r\x1b[2K${text.length > room ? `${text.slice(0, room - 1)}…` : text}`);
    open = true;
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
        [fraction, status, last, beside] = [0, '', now(), []];
        if (!interactive) line(phase.label + phase.title);
        return;
      case 'train-step':
        fraction = event.step / event.steps;
        status = `loss ${event.loss.toFixed(3)}  ${Math.round(event.imagesPerSecond)} ${examples}/s`;
        draw();
        return;
      case 'epoch-ended': {
        const { validationAccuracy: accuracy, validationLoss: loss } = event;
        const held = [
          ...(loss === undefined ? [] : [`held-out loss ${loss.toFixed(3)}`]),
          ...(accuracy === undefined ? [] : [`accuracy ${showPercent(accuracy)}`]),
        ];
        status = [`loss ${event.trainLoss.toFixed(3)}`, ...held].join(', ');
        draw();
        return;
      }
      case 'candidate-scored':
        fraction = event.index / event.of;
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
        status = [
          `generation ${event.generation}/${event.of}, ${event.evaluated} scored`,
          ...(event.feasibleShare === undefined ? [] : [`${showPercent(event.feasibleShare)} feasible`]),
          `front ${event.frontSize}`,
          ...(event.hypervolume === undefined ? [] : [`hypervolume ${event.hypervolume.toFixed(3)}`]),
          `best loss ${event.best.loss.toFixed(3)}, ${showScore(event.best)}, ${event.best.energyMj.toPrecision(3)} mJ`,
        ].join(', ');
        draw();
        return;
      case 'network-evaluated':
        line(`${event.name}: ${showScore(event)} at ${event.energyMj.toPrecision(3)} mJ`);
        return;
      case 'batches-waited': {
        const makers = event.makers > 0 ? `threads that make them: ${event.makers}` : 'no threads make them';
        line(
          `${event.phase}: waiting for batches took ${showPercent(event.waitedShare)} of the time (${makers})`,
        );
        return;
      }
      case 'note':
      case 'run-resumed':
        line(event.text);
        return;
      case 'phase-ended': {
        const detail = status === '' ? '' : `  ${status}`;
        line(`${phase.label}${phase.title}: done in ${showDuration(event.seconds)}${detail}`);
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

const NAMED = 5;

function describeUnreadable(files: readonly string[]): string {
  const more = files.length > NAMED ? `, and ${files.length - NAMED} more` : '';
  const named = `${files.slice(0, NAMED).join(', ')}${more}`;
  return `images that could not be read, and gave way to others: ${files.length} (${named})`;
}

function phaseOf({ phase, index, of, title }: PhaseStarted): {
  name: string;
  label: string;
  title: string;
} {
  return { name: phase, label: `[${index}/${of}] `, title };
}

function bar(fraction: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR);
  return '━'.repeat(filled) + '─'.repeat(BAR - filled);
}

/** BLEU of a translator, else accuracy. */
function showScore({ bleu, accuracy }: Pick<NetworkScores, 'bleu' | 'accuracy'>): string {
  return bleu === undefined ? showPercent(accuracy) : `BLEU ${bleu.toFixed(1)}`;
}

function showPercent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
