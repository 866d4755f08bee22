/**
 * A study from wherever its folder stands: cells whose line is in the journal are passed over, the others are run, most
 * important first, as long as they fit the budget.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import type { EventBus } from '../core/events.ts';
import { acquireLock } from '../core/lock.ts';
import { openDataset } from '../data/open.ts';
import { machine } from '../runs/machine.ts';
import { version } from '../version.ts';
import { type Cell, hashOf } from './cells.ts';
import { cellFolder, keepSizes, keepSpace, removeFinished } from './folder.ts';
import {
  type CellLine,
  newestCells,
  type Origin,
  readStudy,
  StudyJournal,
  type StudyLine,
} from './journal.ts';
import { allCells, journalPath, nextCell, planStudy, type StudyPlace } from './plan.ts';
import { runCell } from './run-cell.ts';

export interface StudyOptions extends StudyPlace {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  /** Seconds: no cell is begun that would end later; no end when absent. */
  readonly budget?: number;
  /** As a person can repeat it, for the docs. */
  readonly command: string;
  readonly commit: string | null;
  /** Seconds between checkpoints of a run. */
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

/** Runs what is not done. Throws 'interrupted' when asked to stop; the same command goes on. */
export async function runStudy(options: StudyOptions): Promise<StudyOutcome> {
  const { dir, settings } = options;
  fs.mkdirSync(join(dir, 'cells'), { recursive: true });
  const lock = acquireLock(join(dir, 'study.lock'));
  try {
    keepSizes(dir, settings);
    const journal = new StudyJournal(journalPath(dir));
    try {
      const { command } = options;
      journal.append({ type: 'start', command, settings, ...originOf(options) });
      return await runCells(options, journal);
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

async function runCells(options: StudyOptions, journal: StudyJournal): Promise<StudyOutcome> {
  const { dir, budget = Number.POSITIVE_INFINITY } = options;
  const all = allCells(options);
  const openData = keptOpen();
  const started = Date.now();
  for (let finished = 0; ; finished++) {
    const lines = readStudy(journalPath(dir));
    options.told(lines);
    removeFinished(dir, all, newestCells(lines));
    const left = planStudy(options).filter(({ done }) => !done);
    const next = nextCell(left, budget - (Date.now() - started) / 1000);
    if (next === undefined) return { finished, left: left.length };
    const { cell, seconds } = next;
    options.say(`${cell.id}: about ${Math.ceil(seconds)} s, ${left.length - 1} more cells to do`);
    journal.append(await cellLine(cell, all, options, openData));
  }
}

/** Errors that say something about what is studied, and not about the machine or the command. */
const FINDINGS: readonly string[] = ['diverged', 'limit'];

/** Runs a cell. What it came to, also when that is that it cannot be finished. */
async function cellLine(
  cell: Cell,
  all: readonly Cell[],
  options: StudyOptions,
  openData: typeof openDataset,
): Promise<CellLine> {
  const { dir, backend, signal, saveEvery } = options;
  const started = Date.now();
  const { id, part, set, seed, work } = cell;
  const line = ({ figures, resumed }: Pick<CellLine, 'figures' | 'resumed'>): CellLine => ({
    type: 'cell',
    ...{ id, hash: hashOf(cell), part, set, seed, figures },
    ...{ seconds: (Date.now() - started) / 1000, work, resumed },
    ...originOf(options),
  });
  try {
    keepSpace(dir, cell);
    const saving = saveEvery === undefined ? {} : { saveEvery };
    const bus = options.busFor(cell);
    return line(
      await runCell(cell, cellFolder(dir, cell, all), { backend, signal, openData, bus, ...saving }),
    );
  } catch (error) {
    if (!(error instanceof ShiftAddError)) throw error;
    if (FINDINGS.includes(error.code)) {
      return line({ figures: { kind: 'failure', text: error.message }, resumed: true });
    }
    if (error.code !== 'interrupted') throw error;
    throw new ShiftAddError('interrupted', 'stopped; the same command goes on with it', { dir }, error);
  }
}

function originOf({ backend, commit }: StudyOptions): Origin {
  return { version, commit, machine: machine(backend), at: new Date().toISOString() };
}

/** Data sets stay open: hundreds of cells read the same few. */
function keptOpen(): typeof openDataset {
  const open = new Map<string, ReturnType<typeof openDataset>>();
  return (source, options) => {
    const key = JSON.stringify([source, options?.seed]);
    const data = open.get(key) ?? openDataset(source, options);
    open.set(key, data);
    return data;
  };
}
