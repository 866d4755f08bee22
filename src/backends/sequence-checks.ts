/** What is looked at before a kernel over sentences is launched: attention, filters, labels, rates. See checks.ts. */
import { ShiftAddError } from '../core/errors.ts';
import { FILTER } from './abi.ts';
import type { AttentionShape, Buffer, FilterKind, FilterShape } from './backend.ts';
import { checkBuffer, checkExtent, checkOption, checkPositive, product } from './checks.ts';

function reject(kernel: string, sentence: string): never {
  throw new ShiftAddError('shape', `${kernel}: ${sentence}`, { kernel });
}

/** A size that another one bounds. */
export function checkAtMost(kernel: string, name: string, value: number, most: number): void {
  checkExtent(kernel, name, value);
  if (value > most) reject(kernel, `${name} must be at most ${most}, but is ${value}`);
}

/** A probability below 1. */
export function checkRate(kernel: string, name: string, rate: number): void {
  if (!(rate >= 0 && rate < 1)) reject(kernel, `${name} must lie in [0, 1), but is ${rate}`);
}

/** q, y [n, queries, heads * width]; k, v [n, keyRows, heads * width]; lengths [n]; statistics [n, heads, queries]. */
export function checkAttention(
  kernel: string,
  shape: AttentionShape,
  q: Buffer,
  k: Buffer,
  v: Buffer,
  lengths: Buffer | null,
  y: Buffer,
  statistics: Buffer,
): void {
  const { n, heads, queries, keys, width, keyRows, drop } = shape;
  checkAtMost(kernel, 'keys', keys, keyRows);
  checkRate(kernel, 'drop', drop);
  const columns = product(kernel, heads, width);
  const [asking, answering] = [product(kernel, n, queries, columns), product(kernel, n, keyRows, columns)];
  checkBuffer(kernel, 'q', q, asking);
  checkBuffer(kernel, 'k', k, answering);
  checkBuffer(kernel, 'v', v, answering);
  if (lengths !== null) checkBuffer(kernel, 'lengths', lengths, n, 'int32');
  checkBuffer(kernel, 'y', y, asking);
  checkBuffer(kernel, 'statistics', statistics, product(kernel, n, heads, queries));
}

/** The gradients, of sizes that `checkAttention` has looked at. */
export function checkAttentionGradients(
  kernel: string,
  { n, heads, queries, width, keyRows }: AttentionShape,
  dy: Buffer,
  dq: Buffer,
  dk: Buffer,
  dv: Buffer,
): void {
  checkBuffer(kernel, 'dy', dy, n * queries * heads * width);
  checkBuffer(kernel, 'dq', dq, n * queries * heads * width);
  checkBuffer(kernel, 'dk', dk, n * keyRows * heads * width);
  checkBuffer(kernel, 'dv', dv, n * keyRows * heads * width);
}

/** Every sentence has as many keys as it is said to have. */
export function checkLengths(kernel: string, lengths: Int32Array, { n, keys }: AttentionShape): void {
  for (let i = 0; i < n; i++) {
    if (lengths[i] < 0 || lengths[i] > keys) {
      reject(kernel, `length ${i} must be from 0 to the ${keys} keys there are, but is ${lengths[i]}`);
    }
  }
}

/** Labels name one of the classes; those below 0 ask for nothing. */
export function checkLabels(kernel: string, labels: Int32Array, rows: number, classes: number): void {
  for (let i = 0; i < rows; i++) {
    if (labels[i] >= classes) {
      reject(kernel, `label ${i} must be below the ${classes} classes, but is ${labels[i]}`);
    }
  }
}

/** x [n, t, c], w [heads, k], y [n, e, c]. */
export function checkFilter(
  kernel: string,
  kind: FilterKind,
  shape: FilterShape,
  x: Buffer,
  w: Buffer,
  y: Buffer,
): void {
  const { n, t, e, c, k, heads, left } = shape;
  checkOption(kernel, 'kind', FILTER, kind);
  checkPositive(kernel, 'heads', heads);
  if (c % heads !== 0) reject(kernel, `heads must divide the channels, but ${heads} does not divide ${c}`);
  checkExtent(kernel, 'the size of left', Math.abs(left));
  checkBuffer(kernel, 'x', x, product(kernel, n, t, c));
  checkBuffer(kernel, 'w', w, product(kernel, heads, k));
  checkBuffer(kernel, 'y', y, product(kernel, n, e, c));
}
