/** Softmax over rows and cross-entropy behind it, with the row's maximum taken out so that nothing overflows. */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { launchRows, type RowProgram } from './rows.ts';

/** A row of which every entry is -Infinity becomes zeros. */
const forward = (masked: boolean): RowProgram => ({
  name: `softmaxForward${masked ? ' masked' : ''}`,
  buffers: ['read x', ...(masked ? ['read mask'] : []), 'write y'],
  params: ['u32 maskRows', 'f32 scale'],
  code: `
  ${masked ? 'let maskStart = row % p.maskRows * p.columns;' : ''}
  var high = -INFINITY();
  EACH(j) {
    let v = p.scale * x[start + j]${masked ? ' + mask[maskStart + j]' : ''};
    high = select(max(high, v), v, isNaN(v));
  }
  high = most(high, local);
  let nothing = high == -INFINITY();
  var part = 0.0;
  EACH(j) {
    let v = exponential(p.scale * x[start + j]${masked ? ' + mask[maskStart + j]' : ''} - high);
    part += v;
  }
  let sum = total(part, local);
  EACH(j) {
    let v = exponential(p.scale * x[start + j]${masked ? ' + mask[maskStart + j]' : ''} - high);
    y[start + j] = select(v / sum, 0.0, nothing);
  }`,
});
const FORWARD = forward(false);
const FORWARD_MASKED = forward(true);

export function softmaxForward(
  gpu: Launcher,
  x: Buffer,
  mask: Buffer | null,
  y: Buffer,
  rows: number,
  columns: number,
  maskRows: number,
  scale: number,
): void {
  const [program, buffers] = mask === null ? [FORWARD, [x, y]] : [FORWARD_MASKED, [x, mask, y]];
  launchRows(gpu, program, buffers, rows, columns, [maskRows, scale]);
}

const BACKWARD: RowProgram = {
  name: 'softmaxBackward',
  buffers: ['read y', 'read dy', 'write dx'],
  params: ['f32 scale'],
  code: `
  var part = 0.0;
  EACH(j) { part += y[start + j] * dy[start + j]; }
  let sum = total(part, local);
  EACH(j) { dx[start + j] = p.scale * y[start + j] * (dy[start + j] - sum); }`,
};

export function softmaxBackward(
  gpu: Launcher,
  y: Buffer,
  dy: Buffer,
  dx: Buffer,
  rows: number,
  columns: number,
  scale: number,
): void {
  launchRows(gpu, BACKWARD, [y, dy, dx], rows, columns, [scale]);
}

/** A class with target 0 adds nothing, however unlikely it is. */
const CROSS_ENTROPY: RowProgram = {
  name: 'crossEntropy',
  buffers: ['read logits', 'read targets', 'write losses', 'write dlogits'],
  code: `
  var high = -INFINITY();
  EACH(j) {
    let v = logits[start + j];
    high = select(max(high, v), v, isNaN(v));
  }
  high = most(high, local);
  var part = 0.0;
  var mine = 0.0;
  EACH(j) {
    part += exponential(logits[start + j] - high);
    mine += targets[start + j];
  }
  let normaliser = high + logarithm(total(part, local));
  let mass = total(mine, local);
  var lost = 0.0;
  EACH(j) {
    let wanted = targets[start + j];
    let v = logits[start + j] - normaliser;
    if (wanted != 0.0) { lost -= wanted * v; }
    dlogits[start + j] = exponential(v) * mass - wanted;
  }
  let loss = total(lost, local);
  if (first) { losses[row] = loss; }`,
};

export function crossEntropy(
  gpu: Launcher,
  logits: Buffer,
  targets: Buffer,
  losses: Buffer,
  dlogits: Buffer,
  rows: number,
  classes: number,
): void {
  launchRows(gpu, CROSS_ENTROPY, [logits, targets, losses, dlogits], rows, classes);
}
