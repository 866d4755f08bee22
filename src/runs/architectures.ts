/**
 * Every candidate of a search on a line of its own: genotype, scores and costs, in the order they were scored.
 * One table that a notebook can read without knowing the journal.
 */
import type { NetworkScores, RunEvent } from '../core/events.ts';
import { JsonLines, readJsonLines } from './jsonlines.ts';

/** Writes candidates; subscribe `record` to an EventBus. */
export class ArchitectureLog {
  private readonly file: JsonLines;

  /** Opens for appending. @throws ShiftAddError 'disk' or 'run' as JsonLines does */
  constructor(path: string) {
    this.file = new JsonLines(path);
  }

  get lines(): number {
    return this.file.lines;
  }

  /** Writes `candidate-scored` events of the run's own searches, ignores others. @throws ShiftAddError 'disk' */
  readonly record = (event: RunEvent): void => {
    if (event.type !== 'candidate-scored' || event.baseline === true) return;
    const { genotype, loss, accuracy, bleu, energyMj, latencyMs, params, macs } = event;
    const { areaMm2, multiplications, additions, shifts } = event;
    this.file.append({
      ...{ genotype, loss, accuracy, ...(bleu === undefined ? {} : { bleu }) },
      ...{ energyMj, latencyMs, params, macs },
      ...{ areaMm2, multiplications, additions, shifts },
    });
  };

  /** Keeps the first `lines` lines; returns how many of them are missing (0 in a sound run folder). */
  truncateTo(lines: number): number {
    return this.file.truncateTo(lines);
  }

  flush(): void {
    this.file.flush();
  }

  close(): void {
    this.file.close();
  }
}

/** All whole lines, [] if there is none. @throws ShiftAddError 'run' when the file is damaged */
export function readArchitectures(path: string): NetworkScores[] {
  return readJsonLines(path) as NetworkScores[];
}
