/**
 * Convolutions and adder layers as tilings (tile.ts): the same three products, of which each family says what it sums.
 *
 *              m: rows             n: columns     k               convolution   adder (spec 4.1)
 *   forward    output pixels       outputs        taps            x w           - |x - w|
 *   dx         input pixels        inputs         taps, outputs   dy w          clamp(w - x, -1, 1) dy
 *   dw         taps                outputs        output pixels   x dy          (x - w) dy
 *
 * The batch runs over groups. With a stride, an input pixel is reached through every stride-th tap only; dx takes the
 * pixels of one remainder together, so that no tap is walked in vain. Where a group has one input, depthwise.ts does it.
 */
import type { Buffer, WindowShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { depthwiseForward, depthwiseInputGradient, depthwiseWeightGradient } from './depthwise.ts';
import { type Folding, launchFolding } from './folding.ts';
import { launchTiling, type Operation, type Tiling } from './tile.ts';
import { WINDOW, WINDOW_PARAMS, windowNumbers } from './window.ts';

export type Family = 'conv' | 'adder';

const forward = (name: string, operation: Operation): Tiling => ({
  name,
  buffers: ['read x', 'read w', 'write result'],
  params: WINDOW_PARAMS,
  operation,
  leftAlong: 'depth',
  rightAlong: 'column',
  code: `
${WINDOW}
alias Row = Corner;
alias Column = u32;
struct Depth { tap: Tap, line: u32 }
var<private> firstInput: i32;
var<private> firstOutput: u32;
fn begin(group: u32) {
  firstInput = i32(group) * (p.c / p.groups);
  firstOutput = group * p.columns;
}
fn depthOf(group: u32) -> u32 { return p.depth; }
fn rowAt(m: u32) -> Row { return cornerOf(m); }
fn columnAt(n: u32) -> Column { return firstOutput + n; }
fn depthAt(k: u32) -> Depth { return Depth(tapOf(k, p.c / p.groups), k * u32(p.m)); }
fn left(corner: Row, k: Depth) -> f32 { return underWindow(corner, k.tap, firstInput + k.tap.channel); }
fn right(k: Depth, column: Column) -> f32 { return w[k.line + column]; }
fn store(corner: Row, column: Column, m: u32, n: u32, sum: f32) { result[m * u32(p.m) + column] = sum; }`,
});

/** Batches: remainders of the pixels by the stride, in each of them the groups. */
const inputGradient = (name: string, operation: Operation): Tiling => ({
  name,
  buffers: [...(operation === 'clipped' ? ['read x'] : []), 'read dy', 'read w', 'write result'],
  params: WINDOW_PARAMS,
  operation,
  gradient: 'left',
  leftAlong: 'depth',
  rightAlong: 'depth',
  code: `
struct Pixel { image: i32, row: i32, column: i32 }
struct Tap { row: i32, column: i32, output: i32, line: i32 }
alias Row = Pixel;
alias Column = i32;
alias Depth = Tap;
var<private> remainder: vec2i;
var<private> firstTap: vec2i;
var<private> taps: vec2i;
var<private> inputs: i32;
var<private> outputs: i32;
var<private> group: i32;
fn remainderOf(z: u32) -> vec2i {
  let both = i32(z) / p.groups;
  return vec2i(both / p.stride, both % p.stride);
}
fn tapsOf(z: u32) -> vec2i {
  let first = (remainderOf(z) + p.pad) % p.stride;
  return max(vec2i(), (vec2i(p.r, p.s) - first + p.stride - 1) / p.stride);
}
fn begin(z: u32) {
  group = i32(z) % p.groups;
  remainder = remainderOf(z);
  firstTap = (remainder + p.pad) % p.stride;
  taps = tapsOf(z);
  inputs = p.c / p.groups;
  outputs = p.m / p.groups;
}
fn depthOf(z: u32) -> u32 {
  let taps = tapsOf(z);
  return u32(taps.x * taps.y * (p.m / p.groups));
}
fn rowAt(m: u32) -> Row {
  let across = (p.w + p.stride - 1) / p.stride;
  let down = (p.h + p.stride - 1) / p.stride;
  let line = i32(m) / across;
  return Pixel(line / down, line % down * p.stride + remainder.x, i32(m) % across * p.stride + remainder.y);
}
fn columnAt(n: u32) -> Column { return i32(n); }
fn depthAt(k: u32) -> Depth {
  let tap = i32(k) / outputs;
  let row = firstTap.x + tap / taps.y * p.stride;
  let column = firstTap.y + tap % taps.y * p.stride;
  return Tap(row, column, i32(k) % outputs + group * outputs, (row * p.s + column) * inputs);
}
fn left(pixel: Row, tap: Depth) -> f32 {
  let row = pixel.row + p.pad - tap.row;
  let column = pixel.column + p.pad - tap.column;
  if (row < 0 || row >= p.e * p.stride || column < 0 || column >= p.f * p.stride) { return 0.0; }
  return dy[((pixel.image * p.e + row / p.stride) * p.f + column / p.stride) * p.m + tap.output];
}
fn right(tap: Depth, input: Column) -> f32 { return w[(tap.line + input) * p.m + tap.output]; }
fn placeOf(pixel: Row, input: Column) -> i32 {
  return ((pixel.image * p.h + pixel.row) * p.w + pixel.column) * p.c + group * inputs + input;
}
${operation === 'clipped' ? 'fn own(pixel: Row, input: Column) -> f32 { return x[placeOf(pixel, input)]; }' : ''}
fn store(pixel: Row, input: Column, m: u32, n: u32, sum: f32) {
  if (pixel.row < p.h && pixel.column < p.w) { result[placeOf(pixel, input)] = sum; }
}`,
});

const weightGradient = (name: string, operation: Operation): Tiling => ({
  name,
  buffers: ['read x', ...(operation === 'difference' ? ['read w'] : []), 'read dy', 'write result'],
  params: WINDOW_PARAMS,
  operation,
  gradient: 'right',
  leftAlong: 'row',
  rightAlong: 'column',
  code: `
${WINDOW}
struct Depth { corner: Corner, line: u32 }
alias Row = Tap;
alias Column = u32;
var<private> firstInput: i32;
var<private> firstOutput: u32;
fn begin(group: u32) {
  firstInput = i32(group) * (p.c / p.groups);
  firstOutput = group * p.columns;
}
fn depthOf(group: u32) -> u32 { return p.depth; }
fn rowAt(m: u32) -> Row { return tapOf(m, p.c / p.groups); }
fn columnAt(n: u32) -> Column { return firstOutput + n; }
fn depthAt(k: u32) -> Depth { return Depth(cornerOf(k), k * u32(p.m)); }
fn left(tap: Row, k: Depth) -> f32 { return underWindow(k.corner, tap, firstInput + tap.channel); }
fn right(k: Depth, column: Column) -> f32 { return dy[k.line + column]; }
fn lineOf(tap: Row) -> u32 {
  return u32(((tap.row * p.s + tap.column) * (p.c / p.groups) + tap.channel) * p.m);
}
${operation === 'difference' ? 'fn own(tap: Row, column: Column) -> f32 { return w[lineOf(tap) + column]; }' : ''}
fn store(tap: Row, column: Column, m: u32, n: u32, sum: f32) { result[m * u32(p.m) + column] = sum; }`,
});

const FORWARD: Readonly<Record<Family, Tiling>> = {
  conv: forward('convForward', 'product'),
  adder: forward('adderForward', 'distance'),
};
const INPUT_GRADIENT: Readonly<Record<Family, Tiling>> = {
  conv: inputGradient('convInputGradient', 'product'),
  adder: inputGradient('adderInputGradient', 'clipped'),
};
const WEIGHT_GRADIENT: Readonly<Record<Family, Tiling>> = {
  conv: weightGradient('convWeightGradient', 'product'),
  adder: weightGradient('adderWeightGradient', 'difference'),
};

/** Sums pieces [splits, groups, taps, outputs of a group] into dw [taps, outputs]. */
const MERGE: Folding = {
  name: 'weight gradient pieces',
  type: 'f32',
  reads: ['read pieces'],
  writes: ['write dw'],
  params: ['u32 outputs', 'u32 taps', 'u32 groups'],
  start: '0.0',
  fold: 'sum += pieces[at];',
  merge: 'a + b',
  finish: `
    let line = column / p.outputs;
    dw[(line % p.taps * p.groups + line / p.taps) * p.outputs + column % p.outputs] = sum;`,
};

function forwardOf(gpu: Launcher, family: Family, x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
  const { n, c, r, s, m, groups, e, f } = shape;
  if (groups === c) {
    depthwiseForward(gpu, family, x, w, y, shape);
    return;
  }
  const extents = { batch: groups, rows: n * e * f, columns: m / groups, depth: r * s * (c / groups) };
  launchTiling(gpu, FORWARD[family], [x, w, y], extents, windowNumbers(shape));
}

/** `x` is read by the adder alone. */
function inputGradientOf(
  gpu: Launcher,
  family: Family,
  x: Buffer | null,
  w: Buffer,
  dy: Buffer,
  dx: Buffer,
  shape: WindowShape,
): void {
  const { n, h, w: width, c, m, r, s, stride, groups } = shape;
  if (groups === c) {
    depthwiseInputGradient(gpu, family, x, w, dy, dx, shape);
    return;
  }
  const extents = {
    batch: stride * stride * groups,
    rows: n * Math.ceil(h / stride) * Math.ceil(width / stride),
    columns: c / groups,
    depth: r * s * (m / groups),
  };
  const buffers = x === null ? [dy, w, dx] : [x, dy, w, dx];
  launchTiling(gpu, INPUT_GRADIENT[family], buffers, extents, windowNumbers(shape));
}

/** `w` is read by the adder alone. */
function weightGradientOf(
  gpu: Launcher,
  family: Family,
  x: Buffer,
  w: Buffer | null,
  dy: Buffer,
  dw: Buffer,
  shape: WindowShape,
): void {
  const { n, c, r, s, m, groups, e, f } = shape;
  if (groups === c) {
    depthwiseWeightGradient(gpu, family, x, w, dy, dw, shape);
    return;
  }
  const taps = r * s * (c / groups);
  const extents = { batch: groups, rows: taps, columns: m / groups, depth: n * e * f };
  const buffers = w === null ? [x, dy, dw] : [x, w, dy, dw];
  launchTiling(gpu, WEIGHT_GRADIENT[family], buffers, extents, windowNumbers(shape), (pieces, axis) => {
    const shapeOfPieces = { outer: 1, axis, inner: taps * m };
    launchFolding(gpu, MERGE, [pieces], [dw], shapeOfPieces, [m / groups, taps, groups]);
  });
}

export function convForward(gpu: Launcher, x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
  forwardOf(gpu, 'conv', x, w, y, shape);
}

export function convInputGradient(
  gpu: Launcher,
  dy: Buffer,
  w: Buffer,
  dx: Buffer,
  shape: WindowShape,
): void {
  inputGradientOf(gpu, 'conv', null, w, dy, dx, shape);
}

export function convWeightGradient(
  gpu: Launcher,
  x: Buffer,
  dy: Buffer,
  dw: Buffer,
  shape: WindowShape,
): void {
  weightGradientOf(gpu, 'conv', x, null, dy, dw, shape);
}

export function adderForward(gpu: Launcher, x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
  forwardOf(gpu, 'adder', x, w, y, shape);
}

export function adderInputGradient(
  gpu: Launcher,
  x: Buffer,
  w: Buffer,
  dy: Buffer,
  dx: Buffer,
  shape: WindowShape,
): void {
  inputGradientOf(gpu, 'adder', x, w, dy, dx, shape);
}

export function adderWeightGradient(
  gpu: Launcher,
  x: Buffer,
  w: Buffer,
  dy: Buffer,
  dw: Buffer,
  shape: WindowShape,
): void {
  weightGradientOf(gpu, 'adder', x, w, dy, dw, shape);
}
