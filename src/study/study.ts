/**
 * A study from wherever its folder stands: cells whose line is in the journal are passed over, the others are run, most
 * important first, as long as they fit the budget.
 *
 *   FOLDER/study.json       its sizes           FOLDER/journal.jsonl   a line for every finished cell
 *   FOLDER/cells/...        run folders         FOLDER/spaces/...      spaces that are no presets
 */
import fs from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { EventBus } from '../core/events.ts';
import { openDataset } from '../data/open.ts';
import { acquireLock } from '../runs/lock.ts';
import { machine } from '../runs/machine.ts';
import { spacePresetNames } from '../spaces/presets.ts';
import type { Space } from '../spaces/space.ts';
import { version } from '../version.ts';
import { estimate } from './budget.ts';
import { type Cell, folderOf, hashOf, type Part } from './cells.ts';
import { imageCells } from './images.ts';
import {
  type CellLine,
  newestCells,
  type Origin,
  readStudy,
  StudyJournal,
  type StudyLine,
} from './journal.ts';
import { runCell } from './run-cell.ts';
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

export interface StudyOptions extends StudyPlace {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  /** Seconds in which no new cell is begun that will not be done; no end when absent. */
  readonly budget?: number;
  /** As a person can repeat it, for the docs. */
  readonly command: string;
  readonly commit: string | null;
  readonly saveEvery?: number;
  /** A bus for a cell's events, with whoever listens. */
  busFor(cell: Cell): EventBus;
  /** Called with the whole journal at the start and after every cell. */
  told(lines: readonly StudyLine[]): void;
  /** One line for people. */
  say(text: string): void;
}

export interface StudyOutcome {
  readonly finished: number;
  readonly left: number;
}

const journalPath = (dir: string) => join(dir, 'journal.jsonl');

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

/** Runs what is not done. Throws 'interrupted' when asked to stop; the study goes on with the same command. */
export async function runStudy(options: StudyOptions): Promise<StudyOutcome> {
  const { dir, settings, backend, command, commit, budget = Number.POSITIVE_INFINITY } = options;
  fs.mkdirSync(join(dir, 'cells'), { recursive: true });
  const lock = acquireLock(join(dir, 'study.lock'));
  try {
    keepSettings(dir, settings);
    const journal = new StudyJournal(journalPath(dir));
    try {
      const all = allCells(options, true);
      const origin = (): Origin => ({
        ...{ version, commit, machine: machine(backend) },
        at: new Date().toISOString(),
      });
      journal.append({ type: 'start', command, settings, ...origin() });
      const openData = keepOpen();
      const started = Date.now();
      for (let finished = 0; ; finished++) {
        const lines = readStudy(journalPath(dir));
        options.told(lines);
        const left = planStudy(options).filter(({ done }) => !done);
        const room = budget - (Date.now() - started) / 1000;
        const next = chooseNext(left, room);
        if (next === undefined) {
          removeFinished(dir, all, newestCells(lines));
          return { finished, left: left.length };
        }
        const { cell, seconds } = next;
        options.say(`${cell.id}: about ${Math.ceil(seconds)} s, ${left.length - 1} more cells to do`);
        journal.append(await cellLine(cell, all, options, openData, origin));
        removeFinished(dir, all, newestCells(readStudy(journalPath(dir))));
      }
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

/** The first cell that fits and whose needs are done. */
function chooseNext(left: readonly PlannedCell[], room: number): PlannedCell | undefined {
  const open = new Set(left.map(({ cell }) => cell.id));
  return left.find(({ cell, seconds }) => seconds <= room && !cell.needs.some((id) => open.has(id)));
}

async function cellLine(
  cell: Cell,
  all: readonly Cell[],
  options: StudyOptions,
  openData: typeof openDataset,
  origin: () => Origin,
): Promise<CellLine> {
  const { dir, backend, signal, saveEvery } = options;
  const started = Date.now();
  const { id, part, set, seed, work } = cell;
  const line = ({ figures, resumed }: Pick<CellLine, 'figures' | 'resumed'>): CellLine => ({
    type: 'cell',
    ...{ id, hash: hashOf(cell), part, set, seed, figures },
    ...{ seconds: (Date.now() - started) / 1000, work, resumed },
    ...origin(),
  });
  try {
    const saving = saveEvery === undefined ? {} : { saveEvery };
    const bus = options.busFor(cell);
    const folder = join(dir, 'cells', folderOf(cell, all));
    return line(await runCell(cell, folder, { backend, signal, openData, bus, ...saving }));
  } catch (error) {
    if (!(error instanceof ShiftAddError)) throw error;
    if (FINDINGS.includes(error.code)) {
      return line({ figures: { kind: 'failure', text: error.message }, resumed: true });
    }
    if (error.code !== 'interrupted') throw error;
    throw new ShiftAddError('interrupted', 'stopped; the same command goes on with it', { dir }, error);
  }
}

/** Errors that say something about what is studied, and not about the machine or the command. */
const FINDINGS: readonly string[] = ['diverged', 'limit'];

/** All cells of a study. `write`: make the files of spaces that are no presets. */
function allCells({ dir, data, settings }: StudyPlace, write = false): Cell[] {
  return imageCells(settings, data, (space: Space) => {
    if (spacePresetNames().includes(space.name)) return space.name;
    const path = join(dir, 'spaces', `${space.name}.json`);
    if (write && !fs.existsSync(path)) {
      fs.mkdirSync(join(dir, 'spaces'), { recursive: true });
      writeFileAtomic(path, `${JSON.stringify(space, null, 2)}\n`);
    }
    return path;
  });
}

/** The cells of some parts, and those that they need. */
function wanted({ only }: StudyPlace, all: readonly Cell[]): Cell[] {
  if (only.length === 0) return [...all];
  const needed = new Set(all.filter(({ part }) => only.includes(part)).flatMap(({ needs }) => needs));
  return all.filter(({ id, part }) => only.includes(part) || needed.has(id));
}

/** A study keeps the sizes it began with; which sets, seeds and schemes it covers may change. */
function keepSettings(dir: string, settings: StudySettings): void {
  const { sets, seeds, schemes, operatorSets, algorithms, zoo, ...sizes } = settings;
  const path = join(dir, 'study.json');
  const text = `${JSON.stringify(sizes, null, 2)}\n`;
  if (!fs.existsSync(path)) writeFileAtomic(path, text);
  if (fs.readFileSync(path, 'utf8') === text) return;
  throw new ShiftAddError(
    'run',
    `${path} holds other sizes than this command; give those, or choose another folder with --out`,
    { path },
  );
}

/** One data set stays open: cells of a set follow each other. */
function keepOpen(): typeof openDataset {
  let last: { readonly key: string; readonly data: ReturnType<typeof openDataset> } | undefined;
  return (source, options) => {
    const key = JSON.stringify([source, options?.seed]);
    if (last?.key !== key) last = { key, data: openDataset(source, options) };
    return last.data;
  };
}

/** Checkpoints of runs that no cell needs any more: what they came to is in the journal. */
function removeFinished(dir: string, all: readonly Cell[], lines: readonly CellLine[]): void {
  const hashes = new Map(lines.map(({ id, hash }) => [id, hash]));
  const folders = new Map<string, boolean>();
  for (const cell of all) {
    const folder = folderOf(cell, all);
    const done = hashes.get(cell.id) === hashOf(cell);
    folders.set(folder, (folders.get(folder) ?? true) && done);
  }
  for (const [folder, done] of folders) {
    if (done) fs.rmSync(join(dir, 'cells', folder, 'checkpoints'), { recursive: true, force: true });
  }
}
