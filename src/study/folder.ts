/**
 * The folder of a study.
 *
 *   study.json       its sizes                 journal.jsonl   a line for every finished cell
 *   cells/...        run folders               spaces/...      spaces that are no presets
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { type Cell, folderOf, hashOf } from './cells.ts';
import type { CellLine } from './journal.ts';
import { spaceFile } from './plan.ts';
import type { StudySettings } from './settings.ts';

export function cellFolder(dir: string, cell: Cell, all: readonly Cell[]): string {
  return join(dir, 'cells', folderOf(cell, all));
}

/** A study keeps the sizes it began with; which sets, seeds and schemes it covers may change. Throws 'run' otherwise. */
export function keepSizes(dir: string, settings: StudySettings): void {
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

/** Makes the file of a cell's space, unless it is a preset. */
export function keepSpace(dir: string, { space }: Cell): void {
  const path = spaceFile(dir, space);
  if (path === space.name || fs.existsSync(path)) return;
  fs.mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, `${JSON.stringify(space, null, 2)}\n`);
}

/** Removes the checkpoints of runs that no cell needs any more: what they came to is in the journal. */
export function removeFinished(dir: string, all: readonly Cell[], lines: readonly CellLine[]): void {
  const hashes = new Map(lines.map(({ id, hash }) => [id, hash]));
  const folders = new Map<string, boolean>();
  for (const cell of all) {
    const folder = cellFolder(dir, cell, all);
    const done = hashes.get(cell.id) === hashOf(cell);
    folders.set(folder, (folders.get(folder) ?? true) && done);
  }
  for (const [folder, done] of folders) {
    if (done) fs.rmSync(join(folder, 'checkpoints'), { recursive: true, force: true });
  }
}
