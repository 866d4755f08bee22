/**
 * Filters along sentences, one for all channels of a head, as convolution and as adder (spec 4.1). A thread has an
 * element; neighbours have neighbouring channels. Rows outside are 0, and part of a distance.
 */
import type { Buffer, FilterKind, FilterShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program } from '../program.ts';
import { type Folding, launchFolding } from './folding.ts';
import { threads } from './grid.ts';

/** Signed, for a filter may begin outside of the sentence. */
const SHAPE = ['t', 'e', 'c', 'k', 'heads', 'left'].map((name) => `i32 ${name}`);
const PARAMS = ['u32 length', ...SHAPE];

const numbersOf = ({ t, e, c, k, heads, left }: FilterShape): readonly number[] => [t, e, c, k, heads, left];

const READ = `
fn rowAt(sentence: i32, row: i32, channel: i32) -> f32 {
  if (row < 0 || row >= p.t) { return 0.0; }
  return x[(sentence * p.t + row) * p.c + channel];
}
`;

const forward = (kind: FilterKind, step: string): Program => ({
  name: `filterForward ${kind}`,
  buffers: ['read x', 'read w', 'write y'],
  params: PARAMS,
  code: `${READ}${each(
    'length',
    `
  let channel = i32(i) % p.c;
  let place = i32(i) / p.c;
  let filter_ = channel / (p.c / p.heads) * p.k;
  var sum = 0.0;
  for (var r = 0; r < p.k; r++) {
    let a = rowAt(place / p.e, place % p.e - p.left + r, channel);
    let b = w[filter_ + r];
    ${step}
  }
  y[i] = sum;`,
  )}`,
});

const inputGradient = (kind: FilterKind, reads: readonly string[], step: string): Program => ({
  name: `filterInputGradient ${kind}`,
  buffers: [...reads, 'read w', 'read dy', 'write dx'],
  params: PARAMS,
  code: each(
    'length',
    `
  let channel = i32(i) % p.c;
  let place = i32(i) / p.c;
  let filter_ = channel / (p.c / p.heads) * p.k;
  let last = place % p.t + p.left; // the output row that reads this one with its first tap
  var sum = 0.0;
  for (var r = max(0, last - p.e + 1); r < min(p.k, last + 1); r++) {
    let b = w[filter_ + r];
    let g = dy[(place / p.t * p.e + last - r) * p.c + channel];
    ${step}
  }
  dx[i] = sum;`,
  ),
});

/** Over [heads * taps, output rows * channels of a head]. */
const weightGradient = (kind: FilterKind, reads: readonly string[], step: string): Folding => ({
  name: `filterWeightGradient ${kind}`,
  type: 'f32',
  reads: ['read x', ...reads, 'read dy'],
  writes: ['write dw'],
  params: SHAPE,
  folding: READ,
  start: '0.0',
  fold: `
      let width = p.c / p.heads;
      let channel = i32(column) / p.k * width + i32(i) % width;
      let place = i32(i) / width;
      let a = rowAt(place / p.e, place % p.e - p.left + i32(column) % p.k, channel);
      let g = dy[place * p.c + channel];
      ${step}`,
  merge: 'a + b',
  finish: 'dw[column] = sum;',
});

const FORWARD: Readonly<Record<FilterKind, Program>> = {
  conv: forward('conv', 'sum += a * b;'),
  add: forward('add', 'sum -= abs(a - b);'),
};
const INPUT_GRADIENT: Readonly<Record<FilterKind, Program>> = {
  conv: inputGradient('conv', [], 'sum += b * g;'),
  add: inputGradient('add', ['read x'], 'sum += clipped(b - x[i]) * g;'),
};
const WEIGHT_GRADIENT: Readonly<Record<FilterKind, Folding>> = {
  conv: weightGradient('conv', [], 'sum += a * g;'),
  add: weightGradient('add', ['read w'], 'sum += (a - w[column]) * g;'),
};

export function filterForward(
  gpu: Launcher,
  kind: FilterKind,
  x: Buffer,
  w: Buffer,
  y: Buffer,
  shape: FilterShape,
): void {
  const length = shape.n * shape.e * shape.c;
  gpu.launch(FORWARD[kind], [x, w, y], [length, ...numbersOf(shape)], ...threads(length));
}

export function filterInputGradient(
  gpu: Launcher,
  kind: FilterKind,
  x: Buffer,
  w: Buffer,
  dy: Buffer,
  dx: Buffer,
  shape: FilterShape,
): void {
  const length = shape.n * shape.t * shape.c;
  const buffers = kind === 'conv' ? [w, dy, dx] : [x, w, dy, dx];
  gpu.launch(INPUT_GRADIENT[kind], buffers, [length, ...numbersOf(shape)], ...threads(length));
}

export function filterWeightGradient(
  gpu: Launcher,
  kind: FilterKind,
  x: Buffer,
  w: Buffer,
  dy: Buffer,
  dw: Buffer,
  shape: FilterShape,
): void {
  const { n, e, c, k, heads } = shape;
  const buffers = kind === 'conv' ? [x, dy] : [x, w, dy];
  const extents = { outer: heads * k, axis: n * e * (c / heads), inner: 1 };
  launchFolding(gpu, WEIGHT_GRADIENT[kind], buffers, [dw], extents, numbersOf(shape));
}
