/** How many workgroups a launch takes. A dimension of the grid has at most 65535; `each` (program.ts) undoes the fold. */
import { THREADS } from '../program.ts';

const MOST = 65535;

export function ceilDivide(a: number, b: number): number {
  return Math.ceil(a / b);
}

/** The grid of `count` workgroups in a row, folded where the row is too long. */
export function fold(count: number): readonly [x: number, y: number] {
  if (count <= MOST) return [count, 1];
  const y = ceilDivide(count, MOST);
  return [ceilDivide(count, y), y];
}

/** The grid of a program of one thread an element. */
export function threads(count: number): readonly [x: number, y: number] {
  return fold(ceilDivide(count, THREADS));
}
