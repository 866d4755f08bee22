/** The loss over a vocabulary with one label a row, and the most probable columns of a row. */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { GRID, MAIN, type Program, THREADS } from '../program.ts';
import { fold } from './grid.ts';
import { launchRows, type RowProgram } from './rows.ts';

/** A label that names no class is noted, and asks for nothing as one below 0 does. */
const loss = (gradient: boolean): RowProgram => ({
  name: `labelCrossEntropy${gradient ? ' with gradient' : ''}`,
  buffers: [
    ...['read logits', 'read labels: i32', 'write losses', 'write likelihoods', 'write status: atomic<u32>'],
    ...(gradient ? ['write dlogits'] : []),
  ],
  params: ['f32 smoothing', 'f32 factor', 'u32 place'],
  code: `
  let label = labels[min(row, p.rows - 1u)];
  let asked = label >= 0 && u32(label) < p.columns;
  if (first && label >= 0 && !asked) { atomicMin(&status[p.place], row); }
  var high = -INFINITY();
  EACH(j) {
    let v = logits[start + j];
    high = select(max(high, v), v, isNaN(v));
  }
  high = most(high, local);
  var part = 0.0;
  var distances = 0.0;
  var own = 0.0;
  EACH(j) {
    let v = logits[start + j] - high;
    part += exponential(v);
    distances += v;
    if (i32(j) == label) { own += v; }
  }
  let rest = logarithm(total(part, local));
  let likelihood = rest - total(own, local);
  let spread = rest - total(distances, local) / f32(p.columns);
  if (first) {
    likelihoods[row] = select(0.0, likelihood, asked);
    let smoothed = (1.0 - p.smoothing) * likelihood + p.smoothing * spread;
    losses[row] = select(0.0, select(likelihood, smoothed, p.smoothing > 0.0), asked);
  }
  ${
    gradient
      ? `
  EACH(j) {
    let wanted = p.smoothing / f32(p.columns) + select(0.0, 1.0 - p.smoothing, i32(j) == label);
    let slope = p.factor * (exponential(logits[start + j] - high - rest) - wanted);
    dlogits[start + j] = select(0.0, slope, asked);
  }`
      : ''
  }`,
});
const LOSS = loss(false);
const LOSS_AND_GRADIENT = loss(true);

export function labelCrossEntropy(
  gpu: Launcher,
  logits: Buffer,
  labels: Buffer,
  losses: Buffer,
  likelihoods: Buffer,
  dlogits: Buffer | null,
  rows: number,
  classes: number,
  smoothing: number,
  factor: number,
): void {
  if (rows === 0) return;
  const { status, place } = gpu.indexed('labelCrossEntropy', classes);
  const program = dlogits === null ? LOSS : LOSS_AND_GRADIENT;
  const buffers = [logits, labels, losses, likelihoods, status, ...(dlogits === null ? [] : [dlogits])];
  launchRows(gpu, program, buffers, rows, classes, [smoothing, factor, place]);
}

/**
 * A workgroup has a row. Each of k rounds looks for the best column behind the one found before, in the order of falling
 * values and, among equal ones, of rising columns.
 */
const TOP: Program = {
  name: 'topLogProbabilities',
  buffers: ['read logits', 'write values', 'write indices: i32'],
  params: ['u32 rows', 'u32 columns', 'u32 k'],
  code: `
var<workgroup> bests: array<f32, ${THREADS}>;
var<workgroup> places: array<u32, ${THREADS}>;
fn rank(v: f32) -> f32 { return select(v, -INFINITY(), isNaN(v)); }
/** Whether a value at a place comes before another. */
fn before(v: f32, at: u32, w: f32, other: u32) -> bool { return v > w || (v == w && at < other); }
${MAIN}
fn main(${GRID}) {
  let row = min(group.y * groups.x + group.x, p.rows - 1u);
  let start = row * p.columns;
  var last = INFINITY();
  var lastPlace = 0u;
  var most = 0.0;
  var normaliser = 0.0;
  for (var round = 0u; round < p.k; round++) {
    var best = -INFINITY();
    var place = p.columns;
    for (var j = local; j < p.columns; j += ${THREADS}u) {
      let v = rank(logits[start + j]);
      let behind = round == 0u || before(last, lastPlace, v, j);
      if (behind && before(v, j, best, place)) { best = v; place = j; }
    }
    bests[local] = best;
    places[local] = place;
    workgroupBarrier();
    for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
      if (local < s && before(bests[local + s], places[local + s], bests[local], places[local])) {
        bests[local] = bests[local + s];
        places[local] = places[local + s];
      }
      workgroupBarrier();
    }
    last = bests[0];
    lastPlace = places[0];
    workgroupBarrier();
    if (round == 0u) {
      most = last;
      var sum = 0.0;
      for (var j = local; j < p.columns; j += ${THREADS}u) { sum += exponential(logits[start + j] - most); }
      bests[local] = sum;
      workgroupBarrier();
      for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
        if (local < s) { bests[local] += bests[local + s]; }
        workgroupBarrier();
      }
      normaliser = most + logarithm(bests[0]);
      // Where nothing is likely, and nothing is NaN, the first sum is of NaN alone: count what is -Infinity instead.
      workgroupBarrier();
      var never = 1.0;
      for (var j = local; j < p.columns; j += ${THREADS}u) {
        never = min(never, select(0.0, 1.0, logits[start + j] == -INFINITY()));
      }
      bests[local] = never;
      workgroupBarrier();
      for (var s = ${THREADS / 2}u; s > 0u; s /= 2u) {
        if (local < s) { bests[local] = min(bests[local], bests[local + s]); }
        workgroupBarrier();
      }
      if (bests[0] == 1.0) { normaliser = 0.0; }
      workgroupBarrier();
    }
    if (local == 0u) {
      values[row * p.k + round] = logits[start + lastPlace] - normaliser;
      indices[row * p.k + round] = i32(lastPlace);
    }
  }
}`,
};

export function topLogProbabilities(
  gpu: Launcher,
  logits: Buffer,
  values: Buffer,
  indices: Buffer,
  rows: number,
  columns: number,
  k: number,
): void {
  if (rows * k === 0) return;
  gpu.launch(TOP, [logits, values, indices], [rows, columns, k], ...fold(rows));
}
