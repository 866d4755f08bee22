/**
 * Calls over many tensors at once (src/backends/groups.ts): one launch for all small tensors, for they lie in slabs
 * (memory.ts). A step of a single tensor is a group of one. src/backends/reference/optimisers.ts has the formulas.
 */
import type { AdamShape, Buffer, SgdShape } from '../../backend.ts';
import type { AdamPart, ClampPart, MixPart, ScalePart, SgdPart, SquaresPart } from '../../groups.ts';
import type { Launcher } from '../launcher.ts';
import { type PartsProgram, piecesOf } from '../parts.ts';
import { GRID, MAIN, programs, THREADS } from '../program.ts';
import { fold } from './grid.ts';
import { lanesOf, mergeLanes } from './lanes.ts';

const EACH = 4;

const sgd = (nesterov: boolean): PartsProgram => ({
  name: `sgdSteps${nesterov ? ' nesterov' : ''}`,
  buffers: ['write w', 'read g', 'write velocity'],
  params: ['f32 rate', 'f32 momentum', 'f32 decay'],
  each: EACH,
  code: `
    let gradient = g[i] + q.decay * w[i];
    let moved = q.momentum * velocity[i] + gradient;
    velocity[i] = moved;
    w[i] -= q.rate * ${nesterov ? '(gradient + q.momentum * moved)' : 'moved'};`,
});
const SGD = sgd(false);
const NESTEROV = sgd(true);

export function sgdSteps(gpu: Launcher, parts: readonly SgdPart[]): void {
  for (const nesterov of [false, true]) {
    const own = parts.filter(({ shape }) => shape.nesterov === nesterov);
    gpu.launchParts(
      nesterov ? NESTEROV : SGD,
      own.map(({ w, g, velocity, length, shape: { rate, momentum, decay } }) => ({
        ...{ buffers: [w, g, velocity], length, numbers: [rate, momentum, decay] },
      })),
    );
  }
}

export function sgdStep(
  gpu: Launcher,
  w: Buffer,
  g: Buffer,
  velocity: Buffer,
  length: number,
  shape: SgdShape,
): void {
  sgdSteps(gpu, [{ w, g, velocity, length, shape }]);
}

const adam = (normalised: boolean): PartsProgram => ({
  name: `adamSteps${normalised ? ' normalised' : ''}`,
  buffers: ['write w', 'read g', 'write first', 'write second'],
  params: ['kept', 'rate', 'beta1', 'rest1', 'beta2', 'rest2', 'correction2', 'epsilon'].map(
    (name) => `f32 ${name}`,
  ),
  each: EACH,
  code: `
    let v = q.beta2 * second[i] + q.rest2 * g[i] * g[i];
    let deviation = sqrt(v * q.correction2) + q.epsilon;
    let m = q.beta1 * first[i] + q.rest1 * ${normalised ? '(g[i] / deviation)' : 'g[i]'};
    second[i] = v;
    first[i] = m;
    w[i] = w[i] * q.kept - q.rate * m${normalised ? '' : ' / deviation'};`,
});
const ADAM = adam(false);
const NORMALISED = adam(true);

const numbersOf = ({ rate, beta1, beta2, epsilon, decay, step1, step2 }: AdamShape): number[] => [
  1 - rate * decay,
  rate / (1 - beta1 ** step1),
  beta1,
  1 - beta1,
  beta2,
  1 - beta2,
  1 / (1 - beta2 ** step2),
  epsilon,
];

export function adamSteps(gpu: Launcher, parts: readonly AdamPart[]): void {
  for (const normalised of [false, true]) {
    const own = parts.filter(({ shape }) => shape.normalised === normalised);
    gpu.launchParts(
      normalised ? NORMALISED : ADAM,
      own.map(({ w, g, first, second, length, shape }) => ({
        ...{ buffers: [w, g, first, second], length, numbers: numbersOf(shape) },
      })),
    );
  }
}

export function adamStep(
  gpu: Launcher,
  w: Buffer,
  g: Buffer,
  first: Buffer,
  second: Buffer,
  length: number,
  shape: AdamShape,
): void {
  adamSteps(gpu, [{ w, g, first, second, length, shape }]);
}

/** Sums of pieces of parts, each by a workgroup; `place` is that of a part's first piece. */
const squares = (subgroup: number): PartsProgram => ({
  name: `sumsOfSquares${subgroup > 1 ? ` subgroups ${subgroup}` : ''}`,
  buffers: ['read x', 'write pieces'],
  params: ['u32 place'],
  each: 16,
  functions: lanesOf('f32', THREADS),
  before: 'var sum = 0.0;',
  code: 'sum += x[i] * x[i];',
  after: `
  ${mergeLanes(THREADS / 2, 1, 'a + b', subgroup)}
  if (local == 0u) { pieces[q.place + piece] = sum; }`,
});

/** A row of the table: the first piece of a part, and how many it has. A workgroup has a part. */
const merged = programs((subgroup: number) => ({
  name: `sumsOfSquares merged${subgroup > 1 ? ` subgroups ${subgroup}` : ''}`,
  buffers: ['read table: u32', 'read pieces', 'write y'],
  params: ['u32 at', 'u32 rows'],
  code: `
${lanesOf('f32', THREADS)}
${MAIN}
fn main(${GRID}) {
  let part = min(group.y * groups.x + group.x, p.rows - 1u);
  let first = table[p.at + 2u * part];
  let count = table[p.at + 2u * part + 1u];
  var sum = 0.0;
  for (var i = local; i < count; i += ${THREADS}u) { sum += pieces[first + i]; }
  ${mergeLanes(THREADS / 2, 1, 'a + b', subgroup)}
  if (local == 0u) { y[part] = sum; }
}`,
}));

export function sumsOfSquares(gpu: Launcher, parts: readonly SquaresPart[], y: Buffer): void {
  if (parts.length === 0) return;
  const program = squares(gpu.subgroup);
  const table = new Uint32Array(2 * parts.length);
  let count = 0;
  for (const [i, { length }] of parts.entries()) {
    const pieces = piecesOf(program, length);
    table.set([count, pieces], 2 * i);
    count += pieces;
  }
  gpu.scratch(count, (pieces) => {
    const placed = parts.map(({ x, length }, i) => ({
      ...{ buffers: [x, pieces], length, numbers: [table[2 * i]] },
    }));
    gpu.launchParts(program, placed);
    gpu.launchTable(merged(gpu.subgroup), table, [pieces, y], [parts.length], ...fold(parts.length));
  });
}

const SCALE: PartsProgram = {
  name: 'scaleEach',
  buffers: ['write x', 'read factors'],
  params: ['f32 by', 'u32 place'],
  each: EACH,
  code: 'x[i] *= q.by * factors[q.place];',
};

export function scaleEach(gpu: Launcher, parts: readonly ScalePart[], factors: Buffer): void {
  gpu.launchParts(
    SCALE,
    parts.map(({ x, length, by }, i) => ({
      ...{ buffers: [x, factors], length, numbers: [by, factors.length === 1 ? 0 : i] },
    })),
  );
}

const MIX: PartsProgram = {
  name: 'mixEach',
  buffers: ['read x', 'write y'],
  params: ['f32 keep', 'f32 add'],
  each: EACH,
  code: 'y[i] = q.keep * y[i] + q.add * x[i];',
};

export function mixEach(gpu: Launcher, parts: readonly MixPart[]): void {
  gpu.launchParts(
    MIX,
    parts.map(({ x, y, length, keep, add }) => ({ buffers: [x, y], length, numbers: [keep, add] })),
  );
}

/** NaN stays one. */
const CLAMP: PartsProgram = {
  name: 'clampEach',
  buffers: ['write x'],
  params: ['f32 low', 'f32 high'],
  each: EACH,
  code: 'let v = x[i]; x[i] = select(select(v, q.low, v < q.low), q.high, v > q.high);',
};

export function clampEach(gpu: Launcher, parts: readonly ClampPart[]): void {
  gpu.launchParts(
    CLAMP,
    parts.map(({ x, length, low, high }) => ({ buffers: [x], length, numbers: [low, high] })),
  );
}
