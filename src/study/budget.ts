/** How long cells take, from those that are done, and what still fits into the time there is. */
import { ShiftAddError } from '../core/errors.ts';
import type { Cell } from './cells.ts';
import type { CellLine } from './journal.ts';

const UNITS = { s: 1, m: 60, h: 3600 } as const;

/** `75m`, `2h`, `90s`, `1h30m` in seconds. Throws 'usage'. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) {
    throw new ShiftAddError('usage', `a budget is a time such as 75m, 2h or 1h30m, but got "${text}"`, {
      budget: text,
    });
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0);
}

/** Newest cells that count for an estimate: the machine may have been busier before. */
const RECENT = 12;

/**
 * Seconds that a cell will take: its planned work, times how much longer finished cells of its kind took than planned
 * (of any kind while there is none of its own).
 */
export function estimate(cell: Cell, done: readonly CellLine[]): number {
  const whole = done.filter(({ resumed }) => !resumed);
  const alike = whole.filter(({ figures }) => figures.kind === cell.kind);
  const known = (alike.length > 0 ? alike : whole).slice(-RECENT);
  if (known.length === 0) return cell.work;
  const sum = (pick: (line: CellLine) => number) => known.reduce((total, line) => total + pick(line), 0);
  return (cell.work * sum(({ seconds }) => seconds)) / sum(({ work }) => work);
}
