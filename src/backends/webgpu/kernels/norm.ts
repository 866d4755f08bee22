/**
 * Batch and layer normalisation. Statistics are carried as count, mean and sum of squared distances, and merged by
 * Chan's formula: large means cost no digits. What batch normalisation takes from a channel stands side by side in one
 * vector, for programs have few buffers.
 */
import type { BatchNormShape, Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { each, type Program, programs } from '../program.ts';
import { type Folding, launchFolding } from './folding.ts';
import { threads } from './grid.ts';
import { launchRows, type RowProgram } from './rows.ts';

const STATISTICS: Folding = {
  name: 'batchStatistics',
  type: 'vec4f',
  reads: ['read x'],
  writes: ['write mean', 'write variance'],
  start: 'vec4f()',
  fold: `
      let distance = x[at] - sum.y;
      sum.x += 1.0;
      sum.y += distance / sum.x;
      sum.z += distance * (x[at] - sum.y);`,
  merging: `
fn together(a: vec4f, b: vec4f) -> vec4f {
  let count = max(a.x + b.x, 1.0);
  let distance = b.y - a.y;
  if (b.x == 0.0) { return a; }
  if (a.x == 0.0) { return b; }
  return vec4f(count, a.y + distance * b.x / count, a.z + b.z + distance * distance * a.x * b.x / count, 0.0);
}`,
  merge: 'together(a, b)',
  finish: 'mean[column] = sum.y; variance[column] = sum.z / sum.x;',
};

export function batchStatistics(
  gpu: Launcher,
  x: Buffer,
  mean: Buffer,
  variance: Buffer,
  rows: number,
  channels: number,
): void {
  const shape = { outer: 1, axis: rows, inner: channels };
  launchFolding(gpu, STATISTICS, [x], [mean, variance], shape);
}

const forward = programs((residual: boolean, relu: boolean) => ({
  name: `batchNormForward${residual ? ' residual' : ''}${relu ? ' relu' : ''}`,
  buffers: [
    ...['read x', 'read mean', 'read variance', 'read gamma', 'read beta'],
    ...(residual ? ['read residual'] : []),
    'write y',
  ],
  params: ['u32 length', 'u32 channels', 'f32 epsilon'],
  code: each(
    'length',
    `
  let c = i % p.channels;
  let v = (x[i] - mean[c]) * (gamma[c] / sqrt(variance[c] + p.epsilon)) + beta[c]${residual ? ' + residual[i]' : ''};
  y[i] = ${relu ? 'select(v, 0.0, v < 0.0)' : 'v'};`,
  ),
}));

export function batchNormForward(
  gpu: Launcher,
  x: Buffer,
  mean: Buffer,
  variance: Buffer,
  gamma: Buffer,
  beta: Buffer,
  residual: Buffer | null,
  y: Buffer,
  { rows, channels, epsilon, activation }: BatchNormShape,
): void {
  const length = rows * channels;
  const buffers = [x, mean, variance, gamma, beta, ...(residual === null ? [] : [residual]), y];
  const program = forward(residual !== null, activation === 'relu');
  gpu.launch(program, buffers, [length, channels, epsilon], ...threads(length));
}

/** Mean, 1 / deviation, gamma / deviation and beta of every channel. */
const CHANNELS: Program = {
  name: 'batchNormBackward channels',
  buffers: ['read mean', 'read variance', 'read gamma', 'read beta', 'write channel: vec4f'],
  params: ['u32 channels', 'f32 epsilon'],
  code: each(
    'channels',
    `
  let inverse = 1.0 / sqrt(variance[i] + p.epsilon);
  channel[i] = vec4f(mean[i], inverse, gamma[i] * inverse, beta[i]);`,
  ),
};

/** How a backward pass knows where the activation let through: everywhere, by y, or by x where nothing was added. */
type Mask = 'all' | 'y' | 'x';

/** The gradient behind the activation. */
const GRADIENT: Readonly<Record<Mask, string>> = {
  all: 'dy[at]',
  y: 'select(0.0, dy[at], y[at] > 0.0)',
  x: 'select(0.0, dy[at], (x[at] - k.x) * k.z + k.w > 0.0)',
};

const sumsOf = (mask: Mask): Folding => ({
  name: `batchNormBackward sums by ${mask}`,
  type: 'vec2f',
  reads: ['read x', 'read channel: vec4f', ...(mask === 'y' ? ['read y'] : []), 'read dy'],
  writes: ['write dgamma', 'write dbeta'],
  start: 'vec2f()',
  fold: `
      let k = channel[column];
      let g = ${GRADIENT[mask]};
      sum += vec2f(g * (x[at] - k.x) * k.y, g);`,
  merge: 'a + b',
  finish: 'dgamma[column] = sum.x; dbeta[column] = sum.y;',
});
const SUMS: Readonly<Record<Mask, Folding>> = { all: sumsOf('all'), y: sumsOf('y'), x: sumsOf('x') };

const gradient = programs((mask: Mask, residual: boolean, throughStatistics: boolean) => ({
  name: `batchNormBackward by ${mask}${residual ? ' residual' : ''}${throughStatistics ? ' through' : ''}`,
  buffers: [
    ...['read x', 'read channel: vec4f', ...(mask === 'y' ? ['read y'] : []), 'read dy'],
    ...(throughStatistics ? ['read dgamma', 'read dbeta'] : []),
    'write dx',
    ...(residual ? ['write dresidual'] : []),
  ],
  params: ['u32 length', 'u32 channels', 'f32 share'],
  code: each(
    'length',
    `
  let at = i;
  let c = i % p.channels;
  let k = channel[c];
  let g = ${GRADIENT[mask]};
  ${residual ? 'dresidual[i] = g;' : ''}
  dx[i] = k.z * ${throughStatistics ? '(g - p.share * (dbeta[c] + (x[i] - k.x) * k.y * dgamma[c]))' : 'g'};`,
  ),
}));

export function batchNormBackward(
  gpu: Launcher,
  x: Buffer,
  mean: Buffer,
  variance: Buffer,
  gamma: Buffer,
  beta: Buffer,
  y: Buffer | null,
  dy: Buffer,
  dx: Buffer,
  dgamma: Buffer,
  dbeta: Buffer,
  dresidual: Buffer | null,
  shape: BatchNormShape & { readonly throughStatistics: boolean },
): void {
  const { rows, channels, epsilon, activation, throughStatistics } = shape;
  const mask: Mask = activation === 'none' ? 'all' : y === null ? 'x' : 'y';
  const length = rows * channels;
  gpu.scratch(4 * channels, (channel) => {
    const inputs = [x, channel, ...(mask === 'y' ? [y as Buffer] : []), dy];
    const statistics = [mean, variance, gamma, beta, channel];
    gpu.launch(CHANNELS, statistics, [channels, epsilon], ...threads(channels));
    launchFolding(gpu, SUMS[mask], inputs, [dgamma, dbeta], { outer: 1, axis: rows, inner: channels });
    const buffers = [
      ...inputs,
      ...(throughStatistics ? [dgamma, dbeta] : []),
      dx,
      ...(dresidual === null ? [] : [dresidual]),
    ];
    const program = gradient(mask, dresidual !== null, throughStatistics);
    gpu.launch(program, buffers, [length, channels, 1 / rows], ...threads(length));
  });
}

const LAYER_FORWARD: RowProgram = {
  name: 'layerNormForward',
  buffers: ['read x', 'read gamma', 'read beta', 'write y', 'write mean', 'write inverse'],
  params: ['f32 epsilon'],
  code: `
  var part = 0.0;
  EACH(j) { part += x[start + j]; }
  let centre = total(part, local) / f32(p.columns);
  var squares = 0.0;
  EACH(j) { let distance = x[start + j] - centre; squares += distance * distance; }
  let scale = 1.0 / sqrt(total(squares, local) / f32(p.columns) + p.epsilon);
  EACH(j) { y[start + j] = (x[start + j] - centre) * scale * gamma[j] + beta[j]; }
  if (first) { mean[row] = centre; inverse[row] = scale; }`,
};

export function layerNormForward(
  gpu: Launcher,
  x: Buffer,
  gamma: Buffer,
  beta: Buffer,
  y: Buffer,
  mean: Buffer,
  inverse: Buffer,
  rows: number,
  columns: number,
  epsilon: number,
): void {
  launchRows(gpu, LAYER_FORWARD, [x, gamma, beta, y, mean, inverse], rows, columns, [epsilon]);
}

const LAYER_SUMS: Folding = {
  name: 'layerNormBackward sums',
  type: 'vec2f',
  reads: ['read x', 'read mean', 'read inverse', 'read dy'],
  writes: ['write dgamma', 'write dbeta'],
  start: 'vec2f()',
  fold: 'sum += dy[at] * vec2f((x[at] - mean[i]) * inverse[i], 1.0);',
  merge: 'a + b',
  finish: 'dgamma[column] = sum.x; dbeta[column] = sum.y;',
};

const LAYER_BACKWARD: RowProgram = {
  name: 'layerNormBackward',
  buffers: ['read x', 'read gamma', 'read mean', 'read inverse', 'read dy', 'write dx'],
  code: `
  let live = min(row, p.rows - 1u);
  let centre = mean[live];
  let scale = inverse[live];
  var part = 0.0;
  var product = 0.0;
  EACH(j) {
    let g = dy[start + j] * gamma[j];
    part += g;
    product += g * (x[start + j] - centre) * scale;
  }
  let sum = total(part, local);
  product = total(product, local);
  EACH(j) {
    let xhat = (x[start + j] - centre) * scale;
    dx[start + j] = scale * (dy[start + j] * gamma[j] - (sum + xhat * product) / f32(p.columns));
  }`,
};

export function layerNormBackward(
  gpu: Launcher,
  x: Buffer,
  gamma: Buffer,
  mean: Buffer,
  inverse: Buffer,
  dy: Buffer,
  dx: Buffer,
  dgamma: Buffer,
  dbeta: Buffer,
  rows: number,
  columns: number,
): void {
  const shape = { outer: 1, axis: rows, inner: columns };
  launchFolding(gpu, LAYER_SUMS, [x, mean, inverse, dy], [dgamma, dbeta], shape);
  launchRows(gpu, LAYER_BACKWARD, [x, gamma, mean, inverse, dy, dx], rows, columns);
}
