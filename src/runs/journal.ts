/**
 * The journal of a run: its events, one JSON line each. What the clock decides stands in one field, `time`, so two
 * journals of the same seed differ there and nowhere else.
 *
 *   {"type":"train-step","phase":"supernet","step":20,...,"time":{"at":"2026-01-31T09:30:00.000Z","imagesPerSecond":812}}
 */
import { type RunEvent, WALL_CLOCK_FIELDS } from '../core/events.ts';
import { type AppendFileSystem, JsonLines, readJsonLines } from './jsonlines.ts';

export interface JournalEntry {
  readonly event: RunEvent;
  /** ISO 8601. */
  readonly at: string;
}

/** Writes events; subscribe `record` to an EventBus. */
export class Journal {
  private readonly file: JsonLines;
  private readonly now: () => Date;

  /** Opens for appending. @throws ShiftAddError 'disk' or 'run' as JsonLines does */
  constructor(path: string, now: () => Date = () => new Date(), system?: AppendFileSystem) {
    this.file = new JsonLines(path, system);
    this.now = now;
  }

  /** Whole lines so far. */
  get lines(): number {
    return this.file.lines;
  }

  /** @throws ShiftAddError 'disk' */
  readonly record = (event: RunEvent): void => {
    const fields: Record<string, unknown> = { ...event };
    const time: Record<string, unknown> = { at: this.now().toISOString() };
    for (const field of WALL_CLOCK_FIELDS) {
      if (field in fields) time[field] = fields[field];
      delete fields[field];
    }
    this.file.append({ ...fields, time });
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

/** All whole entries of a journal, [] if there is none. @throws ShiftAddError 'run' when it is damaged */
export function readJournal(path: string): JournalEntry[] {
  return readJsonLines(path).map((record) => {
    const { time, ...fields } = record as { time?: Record<string, unknown> };
    const { at, ...measured } = time ?? {};
    return { event: { ...fields, ...measured } as unknown as RunEvent, at: String(at ?? '') };
  });
}
