/**
 * Convolutions and adders whose groups have one input channel each: every output sums r * s values, too few for tiles.
 * A thread has one element of the result; neighbours have neighbouring channels.
 */
import type { Buffer, WindowShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program } from '../program.ts';
import type { Family } from './convolution.ts';
import { type Folding, launchFolding } from './folding.ts';
import { threads } from './grid.ts';
import { WINDOW, WINDOW_PARAMS, windowNumbers } from './window.ts';

const PARAMS = ['u32 length', ...WINDOW_PARAMS];

const forward = (family: Family, step: string): Program => ({
  name: `depthwise ${family} forward`,
  buffers: ['read x', 'read w', 'write y'],
  params: PARAMS,
  code: `
${WINDOW}
${each(
  'length',
  `
  let output = i32(i) % p.m;
  let channel = output / (p.m / p.groups);
  let corner = cornerOf(i / u32(p.m));
  var sum = 0.0;
  for (var row = 0; row < p.r; row++) {
    for (var column = 0; column < p.s; column++) {
      let a = underWindow(corner, Tap(row, column, 0), channel);
      let b = w[(row * p.s + column) * p.m + output];
      ${step}
    }
  }
  y[i] = sum;`,
)}`,
});

const inputGradient = (family: Family, reads: readonly string[], step: string): Program => ({
  name: `depthwise ${family} input gradient`,
  buffers: [...reads, 'read w', 'read dy', 'write dx'],
  params: PARAMS,
  code: each(
    'length',
    `
  let channel = i32(i) % p.c;
  let pixel = i32(i) / p.c;
  let at = vec2i(pixel / p.w % p.h, pixel % p.w) + p.pad;
  let image = pixel / p.w / p.h;
  let outputs = p.m / p.groups;
  var sum = 0.0;
  for (var row = at.x % p.stride; row < p.r; row += p.stride) {
    let line = (at.x - row) / p.stride;
    if (row > at.x || line >= p.e) { continue; }
    for (var column = at.y % p.stride; column < p.s; column += p.stride) {
      let place = (at.y - column) / p.stride;
      if (column > at.y || place >= p.f) { continue; }
      for (var output = channel * outputs; output < (channel + 1) * outputs; output++) {
        let b = w[(row * p.s + column) * p.m + output];
        let g = dy[((image * p.e + line) * p.f + place) * p.m + output];
        ${step}
      }
    }
  }
  dx[i] = sum;`,
  ),
});

/** Over [taps, pixels, outputs]. */
const weightGradient = (family: Family, reads: readonly string[], step: string): Folding => ({
  name: `depthwise ${family} weight gradient`,
  type: 'f32',
  reads: ['read x', ...reads, 'read dy'],
  writes: ['write dw'],
  params: WINDOW_PARAMS,
  folding: WINDOW,
  start: '0.0',
  fold: `
      let output = i32(column) % p.m;
      let tap = tapOf(column / u32(p.m), 1);
      let a = underWindow(cornerOf(i), tap, output / (p.m / p.groups));
      let g = dy[i * u32(p.m) + u32(output)];
      ${step}`,
  merge: 'a + b',
  finish: 'dw[column] = sum;',
});

const FORWARD: Readonly<Record<Family, Program>> = {
  conv: forward('conv', 'sum += a * b;'),
  adder: forward('adder', 'sum -= abs(a - b);'),
};
const INPUT_GRADIENT: Readonly<Record<Family, Program>> = {
  conv: inputGradient('conv', [], 'sum += b * g;'),
  adder: inputGradient('adder', ['read x'], 'sum += clipped(b - x[i]) * g;'),
};
const WEIGHT_GRADIENT: Readonly<Record<Family, Folding>> = {
  conv: weightGradient('conv', [], 'sum += a * g;'),
  adder: weightGradient('adder', ['read w'], 'sum += (a - w[column]) * g;'),
};

export function depthwiseForward(
  gpu: Launcher,
  family: Family,
  x: Buffer,
  w: Buffer,
  y: Buffer,
  shape: WindowShape,
): void {
  const length = shape.n * shape.e * shape.f * shape.m;
  gpu.launch(FORWARD[family], [x, w, y], [length, ...windowNumbers(shape)], ...threads(length));
}

export function depthwiseInputGradient(
  gpu: Launcher,
  family: Family,
  x: Buffer | null,
  w: Buffer,
  dy: Buffer,
  dx: Buffer,
  shape: WindowShape,
): void {
  const length = shape.n * shape.h * shape.w * shape.c;
  const buffers = x === null ? [w, dy, dx] : [x, w, dy, dx];
  gpu.launch(INPUT_GRADIENT[family], buffers, [length, ...windowNumbers(shape)], ...threads(length));
}

export function depthwiseWeightGradient(
  gpu: Launcher,
  family: Family,
  x: Buffer,
  w: Buffer | null,
  dy: Buffer,
  dw: Buffer,
  shape: WindowShape,
): void {
  const { n, r, s, m, e, f } = shape;
  const buffers = w === null ? [x, dy] : [x, w, dy];
  const extents = { outer: r * s, axis: n * e * f, inner: m };
  launchFolding(gpu, WEIGHT_GRADIENT[family], buffers, [dw], extents, windowNumbers(shape));
}
