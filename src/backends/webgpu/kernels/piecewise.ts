/**
 * The released transformation T (spec 5.3). The range of x is found first; bins are then computed in float32 with every
 * step rounded as on a CPU (`quotient`, maths.ts), so that all backends draw the borders at the same place.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, GRID, MAIN, programs, THREADS } from '../program.ts';
import { type Folding, launchFolding } from './folding.ts';
import { ceilDivide, fold, threads } from './grid.ts';

/** Lowest and highest value; comparisons pass over NaN. */
const RANGE: Folding = {
  name: 'piecewise range',
  type: 'vec2f',
  reads: ['read x'],
  writes: ['write bounds: vec2f'],
  start: 'vec2f(INFINITY(), -INFINITY())',
  fold: `
      let v = x[at];
      if (!isNaN(v)) { sum = vec2f(min(sum.x, v), max(sum.y, v)); }`,
  merge: 'vec2f(min(a.x, b.x), max(a.y, b.y))',
  finish: 'bounds[0] = sum;',
};

/** -1 where no bin holds the value: NaN, and the maximum of an open range. */
const binOf = (closed: boolean): string => `
fn binOf(v: f32, range: vec2f) -> i32 {
  if (v == range.y) { return ${closed ? 'i32(p.pieces) - 1' : '-1'}; }
  if (isNaN(v)) { return -1; }
  let bin = floor(quotient(v - range.x, quotient(range.y - range.x, f32(p.pieces))));
  return select(-1, min(i32(bin), i32(p.pieces) - 1), bin >= 0.0);
}
`;

const forward = programs((closed: boolean) => ({
  name: `piecewiseForward ${closed ? 'closed' : 'open'}`,
  buffers: ['read x', 'read bounds: vec2f', 'read slopes', 'write y'],
  params: ['u32 length', 'u32 pieces'],
  code: `${binOf(closed)}${each(
    'length',
    `
  let bin = binOf(x[i], bounds[0]);
  let v = select(0.0, slopes[max(bin, 0)] * x[i], bin >= 0);
  y[i] = select(v, x[i], isNaN(x[i]));`,
  )}`,
}));

const backward = programs((closed: boolean) => ({
  name: `piecewiseBackward ${closed ? 'closed' : 'open'}`,
  buffers: ['read x', 'read bounds: vec2f', 'read slopes', 'read dy', 'write dx'],
  params: ['u32 length', 'u32 pieces'],
  code: `${binOf(closed)}${each(
    'length',
    `
  let bin = binOf(x[i], bounds[0]);
  dx[i] = select(0.0, slopes[max(bin, 0)] * dy[i], bin >= 0);`,
  )}`,
}));

/** Sums of x * dy by bin: the workgroup notes bin and product of its elements, then a thread takes what is in its bin. */
const histogram = programs((closed: boolean) => ({
  name: `piecewiseBackward sums ${closed ? 'closed' : 'open'}`,
  buffers: ['read x', 'read bounds: vec2f', 'read dy', 'write sums'],
  params: ['u32 length', 'u32 pieces'],
  code: `
var<workgroup> bins: array<i32, ${THREADS}>;
var<workgroup> products: array<f32, ${THREADS}>;
${binOf(closed)}
${MAIN}
fn main(${GRID}) {
  let chunk = group.y * groups.x + group.x;
  let i = chunk * ${THREADS}u + local;
  bins[local] = -1;
  if (i < p.length) {
    bins[local] = binOf(x[i], bounds[0]);
    products[local] = x[i] * dy[i];
  }
  workgroupBarrier();
  if (chunk * ${THREADS}u >= p.length) { return; }
  for (var bin = local; bin < p.pieces; bin += ${THREADS}u) {
    var sum = 0.0;
    for (var j = 0; j < ${THREADS}; j++) { if (bins[j] == i32(bin)) { sum += products[j]; } }
    sums[chunk * p.pieces + bin] = sum;
  }
}`,
}));

const MERGE: Folding = {
  name: 'piecewiseBackward merge',
  type: 'f32',
  reads: ['read sums'],
  writes: ['write dslopes'],
  start: '0.0',
  fold: 'sum += sums[at];',
  merge: 'a + b',
  finish: 'dslopes[column] = sum;',
};

/** The range of x, for what `work` launches. */
function withRange(gpu: Launcher, x: Buffer, length: number, work: (bounds: Buffer) => void): void {
  gpu.scratch(2, (bounds) => {
    launchFolding(gpu, RANGE, [x], [bounds], { outer: 1, axis: length, inner: 1 });
    work(bounds);
  });
}

export function piecewiseForward(
  gpu: Launcher,
  x: Buffer,
  slopes: Buffer,
  y: Buffer,
  length: number,
  pieces: number,
  closed: boolean,
): void {
  withRange(gpu, x, length, (bounds) =>
    gpu.launch(forward(closed), [x, bounds, slopes, y], [length, pieces], ...threads(length)),
  );
}

export function piecewiseBackward(
  gpu: Launcher,
  x: Buffer,
  slopes: Buffer,
  dy: Buffer,
  dx: Buffer,
  dslopes: Buffer,
  length: number,
  pieces: number,
  closed: boolean,
): void {
  const chunks = ceilDivide(length, THREADS);
  withRange(gpu, x, length, (bounds) =>
    gpu.scratch(chunks * pieces, (sums) => {
      const numbers = [length, pieces];
      gpu.launch(histogram(closed), [x, bounds, dy, sums], numbers, ...fold(chunks));
      launchFolding(gpu, MERGE, [sums], [dslopes], { outer: 1, axis: chunks, inner: pieces });
      gpu.launch(backward(closed), [x, bounds, slopes, dy, dx], numbers, ...threads(length));
    }),
  );
}
