/**
 * Programs that move elements: permuted axes, strided buffers, rows of a table. Indices are data that the CPU does not
 * see, so programs look at them: the first one that names no row is noted in `status`, which is read with the next result.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program, programs } from '../program.ts';
import { threads } from './grid.ts';

const AXES = 6;

const permuteProgram: Program = {
  name: 'permute',
  buffers: ['read x', 'write y'],
  params: [
    'u32 length',
    ...Array.from({ length: AXES }, (_, i) => `u32 size${i}`),
    ...Array.from({ length: AXES }, (_, i) => `u32 step${i}`),
  ],
  code: each(
    'length',
    `
  var rest = i;
  var at = 0u;
  ${Array.from({ length: AXES }, (_, k) => AXES - 1 - k)
    .map((k) => `at += rest % p.size${k} * p.step${k}; rest /= p.size${k};`)
    .join('\n  ')}
  y[i] = x[at];`,
  ),
};

export function permute(
  gpu: Launcher,
  x: Buffer,
  y: Buffer,
  shape: readonly number[],
  axes: readonly number[],
): void {
  const strides: number[] = [];
  let length = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = length;
    length *= shape[i];
  }
  // Missing axes count as outer ones of size 1.
  const missing = Array.from({ length: AXES - shape.length }, () => 1);
  const sizes = [...missing, ...axes.map((axis) => shape[axis])];
  const steps = [...missing, ...axes.map((axis) => strides[axis])];
  gpu.launch(permuteProgram, [x, y], [length, ...sizes, ...steps], ...threads(length));
}

const copyProgram = programs((accumulate: boolean) => ({
  name: `copyBlocks${accumulate ? ' accumulated' : ''}`,
  buffers: ['read x', 'write y'],
  params: ['u32 length', 'u32 columns', 'u32 xOffset', 'u32 xStride', 'u32 yOffset', 'u32 yStride'],
  code: each(
    'length',
    `
  let row = i / p.columns;
  let column = i % p.columns;
  y[p.yOffset + row * p.yStride + column] ${accumulate ? '+=' : '='} x[p.xOffset + row * p.xStride + column];`,
  ),
}));

export function copyBlocks(
  gpu: Launcher,
  x: Buffer,
  y: Buffer,
  rows: number,
  columns: number,
  from: { readonly offset: number; readonly stride: number },
  to: { readonly offset: number; readonly stride: number },
  accumulate: boolean,
): void {
  const length = rows * columns;
  const numbers = [length, columns, from.offset, from.stride, to.offset, to.stride];
  gpu.launch(copyProgram(accumulate), [x, y], numbers, ...threads(length));
}

const GATHER: Program = {
  name: 'gatherRows',
  buffers: ['read table', 'read index: i32', 'write y', 'write status: atomic<u32>'],
  params: ['u32 length', 'u32 columns', 'u32 limit', 'u32 place'],
  code: each(
    'length',
    `
  let row = i / p.columns;
  let source = u32(index[row]);
  if (source >= p.limit) { atomicMin(&status[p.place], row); return; }
  y[i] = table[source * p.columns + i % p.columns];`,
  ),
};

export function gatherRows(
  gpu: Launcher,
  table: Buffer,
  index: Buffer,
  y: Buffer,
  rows: number,
  columns: number,
): void {
  const length = rows * columns;
  if (length === 0) return;
  const limit = Math.floor(table.length / columns);
  const { status, place } = gpu.indexed('gatherRows', limit);
  gpu.launch(GATHER, [table, index, y, status], [length, columns, limit, place], ...threads(length));
}

/** For every row its next of the same index, and whether it is the first: 0 says that there is none. */
const CHAIN: Program = {
  name: 'scatterAddRows chain',
  buffers: ['read index: i32', 'write chain: u32', 'write status: atomic<u32>'],
  params: ['u32 rows', 'u32 limit', 'u32 place'],
  code: each(
    'rows',
    `
  let own = index[i];
  var first = u32(own) < p.limit;
  if (!first) { atomicMin(&status[p.place], i); }
  for (var j = 0u; j < i && first; j++) { first = index[j] != own; }
  var next = i + 1u;
  while (next < p.rows && index[next] != own) { next++; }
  chain[2u * i] = select(0u, 1u, first);
  chain[2u * i + 1u] = next;`,
  ),
};

const SCATTER: Program = {
  name: 'scatterAddRows',
  buffers: ['read x', 'read index: i32', 'read chain: u32', 'write table'],
  params: ['u32 length', 'u32 columns', 'u32 rows'],
  code: each(
    'length',
    `
  var row = i / p.columns;
  let column = i % p.columns;
  if (chain[2u * row] == 0u) { return; }
  let at = u32(index[row]) * p.columns + column;
  var sum = table[at];
  while (row < p.rows) {
    sum += x[row * p.columns + column];
    row = chain[2u * row + 1u];
  }
  table[at] = sum;`,
  ),
};

/** Rows of one index are added in their order, by the thread of the first. */
export function scatterAddRows(
  gpu: Launcher,
  x: Buffer,
  index: Buffer,
  table: Buffer,
  rows: number,
  columns: number,
): void {
  const length = rows * columns;
  if (length === 0) return;
  const limit = Math.floor(table.length / columns);
  const { status, place } = gpu.indexed('scatterAddRows', limit);
  gpu.scratch(2 * rows, (chain) => {
    gpu.launch(CHAIN, [index, chain, status], [rows, limit, place], ...threads(rows));
    gpu.launch(SCATTER, [x, index, chain, table], [length, columns, rows], ...threads(length));
  });
}
