/** Numbers and tables as the study's section of the docs shows them. */
import { meanAndDeviation } from '../../metrics/spread.ts';

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `71.2 ± 0.3`: mean and standard deviation; `71.2` of one value; `-` of none. */
export function spread(values: readonly number[], places: number, unit = ''): string {
  if (values.length === 0) return '-';
  const { mean, deviation } = meanAndDeviation(values);
  const about = deviation === null ? '' : ` ± ${deviation.toFixed(places)}`;
  return `${mean.toFixed(places)}${about}${unit}`;
}

/** Fractions of 1 as `71.23 ± 0.31 %`. */
export function percents(values: readonly number[]): string {
  return spread(
    values.map((value) => 100 * value),
    2,
    ' %',
  );
}

export function millions(value: number): string {
  return value >= 1e5 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(1)} k`;
}

/** Each once, as code. */
export function genotypes(networks: readonly { readonly genotype: string }[]): string {
  return [...new Set(networks.map(({ genotype }) => `\`${genotype}\``))].join(', ');
}

/** Four digits. */
export function energy(value: number): string {
  return value.toPrecision(4);
}

export const mean = (values: readonly number[]) => meanAndDeviation(values).mean;

/** Standard error of the mean of some values; null of fewer than two. */
export function standardError(values: readonly number[]): number | null {
  const { deviation } = meanAndDeviation(values);
  return deviation === null ? null : deviation / Math.sqrt(values.length);
}

/** `+0.41`, `-1.20` */
export function signed(value: number, places = 2): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(places)}`;
}

export function smallest(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}

export function largest(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
}
