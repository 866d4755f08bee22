/** One line on stderr, never wider than the terminal, that says what is measured, how far it is and how long it still takes. */
import { showDuration } from '../runs/duration.ts';
import { severalLines } from '../runs/progress-lines.ts';
import { RedrawnLines } from '../runs/redrawn-lines.ts';

export interface Progress {
  /** `fraction` of everything is done, and `title` is being measured. */
  show(title: string, fraction: number): void;
  /** Removes the line. */
  end(): void;
}

const SILENT: Progress = { show: () => {}, end: () => {} };
const REDRAW_MS = 100;
const PLAIN_MS = 5000;
const SETTLED = 0.02;

export function benchProgress(silent: boolean, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (silent) return SILENT;
  const interactive = stream.isTTY === true && process.env.TERM !== 'dumb';
  const start = performance.now();
  let last = start;
  const terminal = new RedrawnLines((text) => stream.write(text));
  const columns = () => stream.columns || 80;
  return {
    show(title, fraction) {
      const now = performance.now();
      if (now - last < (interactive ? REDRAW_MS : PLAIN_MS)) return;
      last = now;
      const left =
        fraction < SETTLED ? '' : `${showDuration(((now - start) * (1 - fraction)) / fraction / 1000)} left`;
      if (interactive) {
        const standing = { label: '', title: `measuring ${title}`, fraction, facts: [], left };
        terminal.draw(severalLines(standing, columns() - 1), columns());
        return;
      }
      const percent = `${Math.floor(100 * fraction)} %`;
      terminal.keep([`measuring ${title}: ${percent}${left === '' ? '' : `, ${left}`}`], columns());
    },
    end() {
      terminal.clear(columns());
    },
  };
}
