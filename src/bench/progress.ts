/** One line on stderr that says what is measured, how far it is and how long it still takes. */
import { showDuration } from '../runs/duration.ts';

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
  let drawn = false;
  return {
    show(title, fraction) {
      const now = performance.now();
      if (now - last < (interactive ? REDRAW_MS : PLAIN_MS)) return;
      last = now;
      const left =
        fraction < SETTLED
          ? ''
          : `, ${showDuration(((now - start) * (1 - fraction)) / fraction / 1000)} left`;
      const line = `measuring ${title}: ${Math.floor(100 * fraction)} %${left}`;
      stream.write(interactive ? `\r\x1b[2K${line}` : `${line}\n`);
      drawn = interactive;
    },
    end() {
      if (drawn) stream.write('\r\x1b[2K');
      drawn = false;
    },
  };
}
