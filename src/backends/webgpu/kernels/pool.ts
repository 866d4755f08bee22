/**
 * Pooling. Forward, a thread has an output; backward, it has an input and looks at the windows that hold it, in their
 * order, so that nothing is added by two threads. Averages do not count padding; the first maximum wins a tie.
 */
import type { Buffer, WindowShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program } from '../program.ts';
import { threads } from './grid.ts';
import { WINDOW_PARAMS, windowNumbers } from './window.ts';

const PARAMS = ['u32 length', ...WINDOW_PARAMS];

/** The part of a window inside the image, as half-open ranges. */
const INSIDE = `
fn first(place: vec2i) -> vec2i { return max(vec2i(), place * p.stride - p.pad); }
fn behind(place: vec2i) -> vec2i { return min(vec2i(p.h, p.w), place * p.stride - p.pad + vec2i(p.r, p.s)); }
`;

const overInputs = (before: string, step: string, after: string): string => `
${INSIDE}
${each(
  'length',
  `
  let channel = i32(i) % p.c;
  let place = i32(i) / p.c;
  let window = vec2i(place / p.f % p.e, place % p.f);
  let image = place / p.f / p.e;
  let low = first(window);
  let high = behind(window);
  ${before}
  for (var row = low.x; row < high.x; row++) {
    for (var column = low.y; column < high.y; column++) {
      let at = ((image * p.h + row) * p.w + column) * p.c + channel;
      ${step}
    }
  }
  ${after}`,
)}`;

const overWindows = (step: string): string => `
${INSIDE}
${each(
  'length',
  `
  let channel = i32(i) % p.c;
  let pixel = i32(i) / p.c;
  let place = vec2i(pixel / p.w % p.h, pixel % p.w) + p.pad;
  let image = pixel / p.w / p.h;
  // The windows that begin at most a window's length before the pixel.
  let low = max(vec2i(), (place - vec2i(p.r, p.s) + p.stride) / p.stride);
  let high = min(vec2i(p.e, p.f) - 1, place / p.stride);
  var sum = 0.0;
  for (var row = low.x; row <= high.x; row++) {
    for (var column = low.y; column <= high.y; column++) {
      let at = ((image * p.e + row) * p.f + column) * p.c + channel;
      ${step}
    }
  }
  dx[i] = sum;`,
)}`;

const AVERAGE: Program = {
  name: 'average pool forward',
  buffers: ['read x', 'write y'],
  params: PARAMS,
  code: overInputs(
    'var sum = 0.0;',
    'sum += x[at];',
    'y[i] = sum / f32((high.x - low.x) * (high.y - low.y));',
  ),
};

const MAXIMUM: Program = {
  name: 'max pool forward',
  buffers: ['read x', 'write y', 'write index: i32'],
  params: PARAMS,
  code: overInputs(
    'var best = ((image * p.h + low.x) * p.w + low.y) * p.c + channel;',
    'if (x[at] > x[best]) { best = at; }',
    'y[i] = x[best]; index[i] = best;',
  ),
};

const AVERAGE_BACKWARD: Program = {
  name: 'average pool backward',
  buffers: ['read dy', 'write dx'],
  params: PARAMS,
  code: overWindows(`
      let size = behind(vec2i(row, column)) - first(vec2i(row, column));
      sum += dy[at] / f32(size.x * size.y);`),
};

const MAXIMUM_BACKWARD: Program = {
  name: 'max pool backward',
  buffers: ['read dy', 'read index: i32', 'write dx'],
  params: PARAMS,
  code: overWindows('if (index[at] == i32(i)) { sum += dy[at]; }'),
};

export function poolForward(
  gpu: Launcher,
  kind: 'average' | 'max',
  x: Buffer,
  y: Buffer,
  index: Buffer | null,
  shape: WindowShape,
): void {
  const length = shape.n * shape.e * shape.f * shape.c;
  const numbers = [length, ...windowNumbers(shape)];
  if (kind === 'average') gpu.launch(AVERAGE, [x, y], numbers, ...threads(length));
  else gpu.launch(MAXIMUM, [x, y, index as Buffer], numbers, ...threads(length));
}

export function poolBackward(
  gpu: Launcher,
  kind: 'average' | 'max',
  dy: Buffer,
  index: Buffer | null,
  dx: Buffer,
  shape: WindowShape,
): void {
  const length = shape.n * shape.h * shape.w * shape.c;
  const numbers = [length, ...windowNumbers(shape)];
  if (kind === 'average') gpu.launch(AVERAGE_BACKWARD, [dy, dx], numbers, ...threads(length));
  else gpu.launch(MAXIMUM_BACKWARD, [dy, index as Buffer, dx], numbers, ...threads(length));
}
