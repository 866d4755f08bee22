/**
 * Reductions over the middle axis of x [outer, axis, inner] to y [outer, inner]. An empty axis gives 0, and
 * -Infinity for the maximum. The maximum passes over NaN; `nonFinite` is there to find it.
 */
import { unreachable } from '../../core/errors.ts';
import type { ReduceOp } from '../backend.ts';

export function reduce(
  op: ReduceOp,
  x: Float32Array,
  y: Float32Array,
  outer: number,
  axis: number,
  inner: number,
): void {
  const start = op === 'max' ? Number.NEGATIVE_INFINITY : 0;
  const totals = new Float64Array(inner);
  for (let i = 0; i < outer; i++) {
    totals.fill(start);
    for (let a = 0; a < axis; a++) fold(op, x, (i * axis + a) * inner, totals);
    y.set(totals, i * inner);
  }
}

function fold(op: ReduceOp, x: Float32Array, at: number, totals: Float64Array): void {
  const inner = totals.length;
  switch (op) {
    case 'sum':
      for (let j = 0; j < inner; j++) totals[j] += x[at + j];
      return;
    case 'sumSquares':
      for (let j = 0; j < inner; j++) totals[j] += x[at + j] * x[at + j];
      return;
    case 'max':
      for (let j = 0; j < inner; j++) if (x[at + j] > totals[j]) totals[j] = x[at + j];
      return;
    case 'nonFinite':
      for (let j = 0; j < inner; j++) if (!Number.isFinite(x[at + j])) totals[j]++;
      return;
    default:
      unreachable(op);
  }
}
