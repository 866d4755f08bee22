/**
 * The journal of a study: one JSON line for each start of the program and one for each finished cell. A cell's line
 * holds all that the tables say of it, so that docs are made from the journal alone.
 */
import { JsonLines, readJsonLines } from '../runs/jsonlines.ts';
import type { Part } from './cells.ts';
import type { Failure, Figures } from './figures.ts';
import type { StudySettings } from './settings.ts';

/** Who computed, for people who read the figures. */
export interface Origin {
  readonly version: string;
  /** Of the program's repository; null outside of one. */
  readonly commit: string | null;
  readonly machine: Readonly<Record<string, string | number>>;
  /** ISO 8601. */
  readonly at: string;
}

export interface StartLine extends Origin {
  readonly type: 'start';
  readonly command: string;
  readonly settings: StudySettings;
}

export interface CellLine extends Origin {
  readonly type: 'cell';
  readonly id: string;
  readonly hash: string;
  readonly part: Part;
  readonly set: string;
  readonly seed: number;
  readonly figures: Figures | Failure;
  /** Of the process that finished it. */
  readonly seconds: number;
  /** Planned seconds, which `seconds` are compared with to estimate other cells. */
  readonly work: number;
  /** An earlier process had begun it: `seconds` are not all of its time. */
  readonly resumed: boolean;
}

export type StudyLine = StartLine | CellLine;

/** Appends, and survives a kill with all whole lines. */
export class StudyJournal {
  private readonly file: JsonLines;

  /** @throws ShiftAddError 'disk' or 'run' as JsonLines does */
  constructor(path: string) {
    this.file = new JsonLines(path);
  }

  append(line: StudyLine): void {
    this.file.append(line);
    this.file.flush();
  }

  close(): void {
    this.file.close();
  }
}

/** All whole lines, [] if there is no journal. @throws ShiftAddError 'run' when it is damaged */
export function readStudy(path: string): StudyLine[] {
  return readJsonLines(path) as StudyLine[];
}

/** The newest line of every cell, in the order in which cells were first finished. */
export function newestCells(lines: readonly StudyLine[]): CellLine[] {
  const newest = new Map<string, CellLine>();
  for (const line of lines) if (line.type === 'cell') newest.set(line.id, line);
  return [...newest.values()];
}
