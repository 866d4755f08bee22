/** Rows for people. */
import type { Row } from './row.ts';

const HEAD = ['work', 'shape', 'best', 'median', '', 'rate', '% of peak', 'peer', 'ratio', 'bar', 'met'];

/** Three significant digits, never in exponents: 0.0412, 5.29, 239. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return size === 0 ? '0' : String(Number(value.toPrecision(3)));
}

export function rowCells(row: Row): string[] {
  const { rate, share, peer, bars } = row;
  return [
    row.title,
    row.shape,
    figure(row.best),
    figure(row.median),
    row.unit,
    rate === undefined ? '' : `${figure(rate.value)} ${rate.unit}`,
    share === undefined ? '' : (100 * share.median).toFixed(0),
    peer === undefined ? '' : figure(peer.median),
    peer === undefined ? '' : figure(peer.ratio),
    bars.map(({ text, value }) => `${text}: ${figure(value)}`).join('; '),
    bars.map(({ met }) => (met ? 'yes' : 'NO')).join(', '),
  ];
}

/** Head and body of a table, without the columns that stay empty. */
export function rowsTable(rows: readonly Row[]): { readonly head: string[]; readonly body: string[][] } {
  const body = rows.map(rowCells);
  const used = HEAD.map((_, i) => i < 5 || body.some((cells) => cells[i] !== ''));
  const pick = (cells: readonly string[]) => cells.filter((_, i) => used[i]);
  return { head: pick(HEAD), body: body.map(pick) };
}

/** The same table for a page. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = head.map((_, i) => (i < 2 ? '---' : '---:'));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}

export function countBars(rows: readonly Row[]): { readonly met: number; readonly all: number } {
  const bars = rows.flatMap((row) => row.bars);
  return { met: bars.filter(({ met }) => met).length, all: bars.length };
}
