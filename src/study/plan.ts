/** What a study has still to do: its cells in their order, and which of them the journal holds already. */
import { join } from 'node:path';
import { spacePresetNames } from '../spaces/presets.ts';
import type { Space } from '../spaces/space.ts';
import { estimate } from './budget.ts';
import { type Cell, hashOf, type Part } from './cells.ts';
import { imageCells } from './images.ts';
import { newestCells, readStudy } from './journal.ts';
import type { StudySettings } from './settings.ts';

export interface StudyPlace {
  readonly dir: string;
  /** Where the folders of the data sets are. */
  readonly data: string;
  readonly settings: StudySettings;
  /** Parts to run, with what they need; all when empty. */
  readonly only: readonly Part[];
}

/** A cell with what the journal says of it. */
export interface PlannedCell {
  readonly cell: Cell;
  readonly done: boolean;
  /** Seconds, by the cells that are done. */
  readonly seconds: number;
}

export const journalPath = (dir: string) => join(dir, 'journal.jsonl');

/** Every cell in its order, and whether it is done; not those that need one that failed. Reads only. */
export function planStudy(place: StudyPlace): PlannedCell[] {
  const cells = wanted(place, allCells(place));
  const lines = newestCells(readStudy(journalPath(place.dir)));
  const known = new Map(lines.map((line) => [line.id, line]));
  const done = new Set(cells.filter((cell) => known.get(cell.id)?.hash === hashOf(cell)).map(({ id }) => id));
  const failed = (id: string) => done.has(id) && known.get(id)?.figures.kind === 'failure';
  return cells
    .filter(({ needs }) => !needs.some(failed))
    .map((cell) => ({ cell, done: done.has(cell.id), seconds: estimate(cell, lines) }));
}

/** The first cell that fits into `room` seconds and whose needs are done. */
export function nextCell(left: readonly PlannedCell[], room: number): PlannedCell | undefined {
  const open = new Set(left.map(({ cell }) => cell.id));
  return left.find(({ cell, seconds }) => seconds <= room && !cell.needs.some((id) => open.has(id)));
}

/** All cells of a study, wanted or not. */
export function allCells({ dir, data, settings }: StudyPlace): Cell[] {
  return imageCells(settings, data, (space) => spaceFile(dir, space));
}

/** What a run is told of a space: the name of a preset, or the file that the study keeps it in. */
export function spaceFile(dir: string, space: Space): string {
  return spacePresetNames().includes(space.name) ? space.name : join(dir, 'spaces', `${space.name}.json`);
}

/** The cells of some parts, and those that they need. */
function wanted({ only }: StudyPlace, all: readonly Cell[]): Cell[] {
  if (only.length === 0) return [...all];
  const needed = new Set(all.filter(({ part }) => only.includes(part)).flatMap(({ needs }) => needs));
  return all.filter(({ id, part }) => only.includes(part) || needed.has(id));
}
