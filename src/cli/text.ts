/** Tables and numbers for people. */

/** Left-aligned first column, right-aligned others. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Four significant digits: 0.03412, 5.289, 239.4. */
export function digits(value: number, significant = 4): string {
  return value === 0
    ? '0'
    : value.toPrecision(significant).includes('e')
      ? value.toExponential(3)
      : value.toPrecision(significant);
}

/** 12.3 k, 4.51 M, 1.2 G. */
export function count(value: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value / size < 10 ? 2 : 1)} ${unit}`;
  }
  return String(value);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
