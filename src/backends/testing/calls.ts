/**
 * Calls of kernels as plain data, drawn at random: which buffers of how many elements, which sizes, which options.
 * A call can be run as it is and held against the reference, or broken in one place first (hostile.ts).
 */
import { type Random, Random as RandomStream } from '../../core/random.ts';
import { windowOutput } from '../../core/shapes.ts';
import { BINARY, BROADCAST, type KernelName, REDUCE, UNARY } from '../abi.ts';
import type { Backend, BinaryOp, Broadcast, Buffer, ReduceOp, UnaryOp, WindowShape } from '../backend.ts';
import { broadcastLength } from '../checks.ts';
import { type ConformanceCase, conformanceCase, type Relative, type Stage } from '../conformance/case.ts';

/** A buffer that a call needs, and what is in it before; `result`: it is looked at afterwards. */
export class Tensor {
  readonly length: number;
  readonly kind: 'normal' | 'positive' | 'moderate' | 'index' | 'undefined' | 'undefinedIndex';
  readonly result: boolean;
  /** Indices are below it. */
  readonly limit: number;
  /** Null may stand in its place. */
  readonly optional: boolean;
  /** The kernel takes its length from the buffer. */
  readonly anyLength: boolean;

  constructor(length: number, kind: Tensor['kind'], more: Partial<Tensor> = {}) {
    this.length = length;
    this.kind = kind;
    this.result = more.result ?? false;
    this.limit = more.limit ?? 1;
    this.optional = more.optional ?? false;
    this.anyLength = more.anyLength ?? false;
  }

  /** The buffer on a stage. */
  on(stage: Stage): Buffer {
    switch (this.kind) {
      case 'normal':
        return stage.normal(this.length);
      case 'positive':
        return stage.uniform(this.length, 0.2, 2);
      case 'moderate':
        return stage.uniform(this.length, -9, 9);
      case 'index':
        return stage.integers(this.length, this.limit);
      case 'undefined':
        return stage.output(this.length);
      case 'undefinedIndex':
        return stage.output(this.length, 'int32');
    }
  }
}

export type Field = number | string | boolean | readonly number[];
export type Argument = Tensor | null | Field | Readonly<Record<string, Field>>;

export interface Call {
  readonly kernel: KernelName;
  readonly arguments: readonly Argument[];
  readonly tolerance: number;
  readonly relative: Relative;
}

/** Runs a call with the given arguments, in which buffers stand for tensors. */
export function launch(backend: Backend, kernel: KernelName, given: readonly unknown[]): void {
  (backend[kernel] as (...values: unknown[]) => void).apply(backend, given as unknown[]);
}

/** The call as a case of the conformance suite. */
export function caseOf(call: Call): ConformanceCase {
  const detail = call.arguments.map(show).join(', ');
  return conformanceCase(call.kernel, `(${detail})`, call.tolerance, call.relative, (stage) => {
    const results: Buffer[] = [];
    const given = call.arguments.map((argument) => {
      if (!(argument instanceof Tensor)) return argument;
      const buffer = argument.on(stage);
      if (argument.result) results.push(buffer);
      return buffer;
    });
    launch(stage.backend, call.kernel, given);
    return results;
  });
}

export function show(argument: Argument): string {
  if (argument instanceof Tensor) return `${argument.kind}[${argument.length}]`;
  return JSON.stringify(argument);
}

/** Call number `number` of a kernel; the same for the same numbers, everywhere. */
export function drawCall(kernel: KernelName, seed: number, number: number): Call {
  const random = RandomStream.fromSeed(`${kernel} ${seed} ${number}`);
  const [tolerance, relative, draw] = DRAWS[kernel];
  return { kernel, tolerance, relative, arguments: draw(random) };
}

const read = (length: number): Tensor => new Tensor(length, 'normal');
const positive = (length: number): Tensor => new Tensor(length, 'positive');
const change = (length: number): Tensor => new Tensor(length, 'normal', { result: true });
const write = (length: number): Tensor => new Tensor(length, 'undefined', { result: true });
const filled = (length: number): Tensor => new Tensor(length, 'undefined', { result: true, anyLength: true });

const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)];

/** Mostly small, sometimes 0 or 1, sometimes near a multiple of a vector, now and then long; at most `most`. */
function extent(random: Random, most = 2000): number {
  const size = pick(random, [
    () => random.integer(3),
    () => 1 + random.integer(12),
    () => 1 + random.integer(70),
    () => Math.max(0, 16 * random.integer(9) - 1 + random.integer(3)),
    () => random.integer(700),
  ])();
  return Math.min(size, most);
}

/** A long first extent, so that several threads have work, but not too much of it. */
const rowsFor = (random: Random, columns: number): number =>
  random.boolean(0.15)
    ? Math.floor(60_000 / (columns + 1))
    : extent(random, Math.ceil(40_000 / (columns + 1)));

const MOST_PRODUCTS = 400_000; // multiply-adds of the reference

function window(random: Random, pool: boolean): WindowShape {
  for (;;) {
    const groups = pick(random, [1, 1, 2, 3, 1 + random.integer(40)]);
    const channels = (): number => groups * pick(random, [0, 1, 1, 2, 3, 5, 1 + random.integer(40)]);
    const c = pool ? extent(random, 70) : channels();
    const m = pool || random.boolean(0.3) ? c : channels();
    const [n, h, w] = [random.integer(4), random.integer(12), random.integer(12)];
    const [r, s] = [1 + random.integer(7), 1 + random.integer(7)];
    const stride = pick(random, [1, 1, 1, 2, 2, 3, 4, 1 + random.integer(64)]);
    const pad = pool ? random.integer(Math.min(r, s)) : random.integer(5);
    const [e, f] = [windowOutput(h, r, stride, pad), windowOutput(w, s, stride, pad)];
    if (e < 0 || f < 0 || n * e * f * r * s * (c / groups) * m > MOST_PRODUCTS) continue;
    if (pool && n * e * f * c > 0 && (h === 0 || w === 0)) continue;
    return { n, h, w, c, r, s, m, stride, pad, groups: pool ? Math.max(1, c) : groups, e, f };
  }
}

function sizes(p: WindowShape): { image: number; filter: number; output: number } {
  return {
    image: p.n * p.h * p.w * p.c,
    filter: p.r * p.s * (p.c / p.groups) * p.m,
    output: p.n * p.e * p.f * p.m,
  };
}

const asFields = (shape: object): Readonly<Record<string, Field>> => shape as Readonly<Record<string, Field>>;

/** What stands before the shape, of the sizes that the shape asks for. */
const windowed =
  (before: (size: ReturnType<typeof sizes>) => Argument[]) =>
  (random: Random): Argument[] => {
    const shape = window(random, false);
    return [...before(sizes(shape)), asFields(shape)];
  };

function unaryOptions(random: Random): [UnaryOp, number, number] {
  const op = pick(random, Object.keys(UNARY) as UnaryOp[]);
  if (op === 'powerOfTwo') return [op, -1 - random.integer(20), random.integer(6)];
  if (op === 'fixedPoint') return [op, random.integer(17), 1 + random.integer(16)];
  return [op, random.uniform(-2, 1), random.uniform(1, 2)];
}

function batchNorm(random: Random): { rows: number; channels: number; shape: Record<string, Field> } {
  const channels = extent(random, 300);
  const rows = rowsFor(random, channels);
  const activation = pick(random, ['none', 'relu']);
  return { rows, channels, shape: { rows, channels, epsilon: 1e-3, activation } };
}

const drawKey = (random: Random): readonly number[] => [random.integer(2 ** 32), random.integer(2 ** 32)];

function attention(random: Random) {
  const width = 1 + extent(random, 130);
  const heads = 1 + random.integer(5);
  const [queries, keys] = [pick(random, [1, extent(random, 150)]), extent(random, 150)];
  const n = Math.min(random.integer(5), Math.ceil(MOST_PRODUCTS / (heads * queries * keys * width + 1)));
  const keyRows = keys + pick(random, [0, random.integer(30)]);
  const sizes = { n, heads, queries, keys, width, keyRows };
  const options = { causal: random.boolean(), scale: 0.3 / Math.sqrt(width), drop: pick(random, [0, 0.25]) };
  return {
    shape: { ...sizes, ...options },
    asking: n * queries * heads * width,
    answering: n * keyRows * heads * width,
    rows: n * heads * queries,
    lengths: random.boolean() ? new Tensor(n, 'index', { limit: keys + 1, optional: true }) : null,
    key: drawKey(random),
  };
}

function filtered(random: Random) {
  const heads = 1 + random.integer(9);
  const c = heads * extent(random, 70);
  const [k, t] = [extent(random, 40), extent(random, 100)];
  const e = pick(random, [t, 1, extent(random, 100)]);
  const n = Math.min(random.integer(5), Math.ceil(MOST_PRODUCTS / (c * k * Math.max(e, t) + 1)));
  const left = pick(random, [0, k - 1, Math.floor(k / 2), random.integer(60) - 30]);
  return {
    kind: pick(random, ['conv', 'add']),
    shape: { n, t, e, c, k, heads, left },
    input: n * t * c,
    output: n * e * c,
    filter: heads * k,
  };
}

type Draw = (random: Random) => readonly Argument[];

/** Tolerance, what it is relative to, and the arguments, for every kernel of the contract. */
const DRAWS: Readonly<Record<KernelName, readonly [number, Relative, Draw]>> = {
  matmul: [
    3e-5,
    'array',
    (random) => {
      const [m, n] = [extent(random, 140), extent(random, 140)];
      const k = extent(random, 1 + Math.floor(MOST_PRODUCTS / (m * n + 1)));
      const batch = Math.min(pick(random, [0, 1, 1, 2, 9]), Math.ceil(MOST_PRODUCTS / (m * n * k + 1)));
      const accumulate = random.boolean();
      const y = accumulate ? change(batch * m * n) : write(batch * m * n);
      const options = { transposeA: random.boolean(), transposeB: random.boolean(), accumulate };
      return [read(batch * m * k), read(batch * k * n), y, { batch, m, n, k, alpha: -0.5, ...options }];
    },
  ],
  convForward: [3e-5, 'array', windowed((size) => [read(size.image), read(size.filter), write(size.output)])],
  convInputGradient: [
    3e-5,
    'array',
    windowed((size) => [read(size.output), read(size.filter), write(size.image)]),
  ],
  convWeightGradient: [
    3e-5,
    'array',
    windowed((size) => [read(size.image), read(size.output), write(size.filter)]),
  ],
  adderForward: [
    3e-5,
    'array',
    windowed((size) => [read(size.image), read(size.filter), write(size.output)]),
  ],
  adderInputGradient: [
    3e-5,
    'array',
    windowed((size) => [read(size.image), read(size.filter), read(size.output), write(size.image)]),
  ],
  adderWeightGradient: [
    3e-5,
    'array',
    windowed((size) => [read(size.image), read(size.filter), read(size.output), write(size.filter)]),
  ],
  batchStatistics: [
    2e-5,
    'array',
    (random) => {
      const channels = extent(random, 300);
      const rows = Math.max(1, rowsFor(random, channels));
      return [read(rows * channels), write(channels), write(channels), rows, channels];
    },
  ],
  batchNormForward: [
    2e-5,
    'array',
    (random) => {
      const { rows, channels, shape } = batchNorm(random);
      const [size, residual] = [
        rows * channels,
        random.boolean() ? new Tensor(rows * channels, 'normal', { optional: true }) : null,
      ];
      const perChannel = [read(channels), positive(channels), read(channels), read(channels)];
      return [read(size), ...perChannel, residual, write(size), shape];
    },
  ],
  batchNormBackward: [
    3e-5,
    'array',
    (random) => {
      const { rows, channels, shape } = batchNorm(random);
      const size = rows * channels;
      const perChannel = [read(channels), positive(channels), read(channels), read(channels)];
      // Without y, x and beta tell relu's mask; among very many elements one might lie where rounding decides.
      const y = size < 5000 && random.boolean() ? null : new Tensor(size, 'normal', { optional: true });
      const dresidual = new Tensor(size, 'undefined', { result: true, optional: true });
      const gradients = [write(size), write(channels), write(channels), random.boolean() ? dresidual : null];
      const options = { ...shape, throughStatistics: random.boolean() };
      return [read(size), ...perChannel, y, read(size), ...gradients, options];
    },
  ],
  layerNormForward: [
    5e-5,
    'array',
    (random) => {
      const columns = Math.max(1, extent(random));
      const rows = rowsFor(random, columns);
      const size = rows * columns;
      const results = [write(size), write(rows), write(rows)];
      return [read(size), read(columns), read(columns), ...results, rows, columns, 0.1];
    },
  ],
  layerNormBackward: [
    5e-5,
    'array',
    (random) => {
      const columns = Math.max(1, extent(random));
      const rows = rowsFor(random, columns);
      const size = rows * columns;
      const given = [read(size), read(columns), read(rows), positive(rows), read(size)];
      return [...given, write(size), write(columns), write(columns), rows, columns];
    },
  ],
  softmaxForward: [
    5e-6,
    'element',
    (random) => {
      const columns = extent(random);
      const rows = rowsFor(random, columns);
      const maskRows = 1 + random.integer(4);
      const mask = random.boolean() ? new Tensor(maskRows * columns, 'normal', { optional: true }) : null;
      return [read(rows * columns), mask, write(rows * columns), rows, columns, maskRows, 0.7];
    },
  ],
  softmaxBackward: [
    2e-5,
    'array',
    (random) => {
      const columns = extent(random);
      const rows = rowsFor(random, columns);
      const size = rows * columns;
      return [positive(size), read(size), write(size), rows, columns, 0.7];
    },
  ],
  crossEntropy: [
    2e-5,
    'array',
    (random) => {
      const classes = Math.max(1, extent(random));
      const rows = rowsFor(random, classes);
      const size = rows * classes;
      return [new Tensor(size, 'moderate'), positive(size), write(rows), write(size), rows, classes];
    },
  ],
  labelCrossEntropy: [
    2e-5,
    'array',
    (random) => {
      const classes = Math.max(1, extent(random));
      const rows = rowsFor(random, classes);
      const size = rows * classes;
      const labels = new Tensor(rows, 'index', { limit: classes });
      const dlogits = new Tensor(size, 'undefined', { result: true, optional: true });
      const results = [write(rows), write(rows), random.boolean() ? dlogits : null];
      const options = [rows, classes, pick(random, [0, 0.1, 0.6]), 0.3];
      return [new Tensor(size, 'moderate'), labels, ...results, ...options];
    },
  ],
  topLogProbabilities: [
    5e-6,
    'array',
    (random) => {
      const columns = extent(random);
      const rows = rowsFor(random, columns);
      const k = Math.min(columns, random.integer(10));
      const indices = new Tensor(rows * k, 'undefinedIndex', { result: true });
      return [new Tensor(rows * columns, 'moderate'), write(rows * k), indices, rows, columns, k];
    },
  ],
  poolForward: [
    2e-6,
    'array',
    (random) => {
      const shape = window(random, true);
      const { image, output } = sizes({ ...shape, m: shape.c });
      if (random.boolean()) return ['average', read(image), write(output), null, asFields(shape)];
      const index = new Tensor(output, 'undefinedIndex', { result: true });
      return ['max', read(image), write(output), index, asFields(shape)];
    },
  ],
  poolBackward: [
    5e-6,
    'array',
    (random) => {
      const shape = window(random, true);
      const { image, output } = sizes(shape);
      return ['average', read(output), null, write(image), asFields(shape)];
    },
  ],
  attentionForward: [
    3e-5,
    'array',
    (random) => {
      const { shape, asking, answering, rows, lengths, key } = attention(random);
      const given = [read(asking), read(answering), read(answering), lengths];
      return [...given, write(asking), write(rows), shape, key];
    },
  ],
  attentionBackward: [
    5e-5,
    'array',
    (random) => {
      const { shape, asking, answering, rows, lengths, key } = attention(random);
      const given = [read(asking), read(answering), read(answering), lengths, read(asking), positive(rows)];
      return [...given, read(asking), write(asking), write(answering), write(answering), shape, key];
    },
  ],
  filterForward: [
    2e-5,
    'array',
    (random) => {
      const { kind, shape, input, output, filter } = filtered(random);
      return [kind, read(input), read(filter), write(output), shape];
    },
  ],
  filterInputGradient: [
    2e-5,
    'array',
    (random) => {
      const { kind, shape, input, output, filter } = filtered(random);
      return [kind, read(input), read(filter), read(output), write(input), shape];
    },
  ],
  filterWeightGradient: [
    3e-5,
    'array',
    (random) => {
      const { kind, shape, input, output, filter } = filtered(random);
      return [kind, read(input), read(filter), read(output), write(filter), shape];
    },
  ],
  unary: [
    5e-6,
    'element',
    (random) => {
      const [op, p, q] = unaryOptions(random);
      const length = rowsFor(random, 0);
      return [op, positive(length), write(length), length, p, q];
    },
  ],
  unaryGradient: [
    5e-6,
    'element',
    (random) => {
      const [op, p, q] = unaryOptions(random);
      const length = rowsFor(random, 0);
      return [op, positive(length), positive(length), read(length), write(length), length, p, q];
    },
  ],
  binary: [
    2e-6,
    'element',
    (random) => {
      const inner = extent(random);
      const outer = rowsFor(random, inner);
      const broadcast = pick(random, Object.keys(BROADCAST) as Broadcast[]);
      const b = positive(broadcastLength(broadcast, outer, inner));
      const op = pick(random, Object.keys(BINARY) as BinaryOp[]);
      return [op, read(outer * inner), b, write(outer * inner), outer, inner, broadcast];
    },
  ],
  axpy: [
    2e-6,
    'element',
    (random) => {
      const length = rowsFor(random, 0);
      return [read(length), change(length), length, 0.3];
    },
  ],
  fill: [0, 'element', (random) => [filled(rowsFor(random, 0)), 0.1]],
  reduce: [
    1e-5,
    'array',
    (random) => {
      const inner = pick(random, [1, extent(random, 300)]);
      const axis = extent(random, 700);
      const outer = rowsFor(random, inner * axis);
      const op = pick(random, Object.keys(REDUCE) as ReduceOp[]);
      return [op, read(outer * axis * inner), write(outer * inner), outer, axis, inner];
    },
  ],
  permute: [
    0,
    'array',
    (random) => {
      const shape: number[] = [];
      let size = 1;
      for (let rank = random.integer(7); rank > 0; rank--) {
        shape.push(extent(random, Math.max(1, Math.floor(40_000 / (size + 1)))));
        size *= shape[shape.length - 1];
      }
      return [read(size), write(size), shape, Array.from(random.permutation(shape.length))];
    },
  ],
  copyBlocks: [
    2e-7,
    'array',
    (random) => {
      const columns = extent(random, 300);
      const rows = rowsFor(random, columns);
      const from = { offset: random.integer(20), stride: random.integer(columns + 20) };
      const to = { offset: random.integer(20), stride: columns + pick(random, [0, random.integer(20)]) };
      const length = ({ offset, stride }: typeof to): number =>
        rows * columns === 0 ? 0 : offset + (rows - 1) * stride + columns;
      return [read(length(from)), change(length(to)), rows, columns, from, to, random.boolean()];
    },
  ],
  gatherRows: [
    0,
    'array',
    (random) => {
      const [columns, entries] = [extent(random, 300), 1 + random.integer(40)];
      const rows = rowsFor(random, columns);
      const index = new Tensor(rows, 'index', { limit: entries });
      const table = new Tensor(entries * columns, 'normal', { anyLength: true });
      return [table, index, write(rows * columns), rows, columns];
    },
  ],
  scatterAddRows: [
    0,
    'array',
    (random) => {
      const [columns, entries] = [extent(random, 300), 1 + random.integer(40)];
      const rows = rowsFor(random, columns);
      const index = new Tensor(rows, 'index', { limit: entries });
      const table = new Tensor(entries * columns, 'normal', { result: true, anyLength: true });
      return [read(rows * columns), index, table, rows, columns];
    },
  ],
  piecewiseForward: [
    2e-6,
    'element',
    (random) => {
      const [length, pieces] = [rowsFor(random, 0), 1 + extent(random, 200)];
      return [read(length), read(pieces), write(length), length, pieces, random.boolean()];
    },
  ],
  piecewiseBackward: [
    1e-5,
    'array',
    (random) => {
      const [length, pieces] = [rowsFor(random, 0), 1 + extent(random, 200)];
      const given = [read(length), read(pieces), read(length)];
      return [...given, write(length), write(pieces), length, pieces, random.boolean()];
    },
  ],
  random: [
    1e-5,
    'element',
    (random) => {
      return [pick(random, ['uniform', 'normal']), filled(rowsFor(random, 0)), drawKey(random)];
    },
  ],
  dropout: [
    0,
    'element',
    (random) => {
      const length = rowsFor(random, 0);
      return [read(length), write(length), length, pick(random, [0, 0.1, 0.5]), drawKey(random)];
    },
  ],
  sgdStep: [
    5e-6,
    'element',
    (random) => {
      const length = rowsFor(random, 0);
      const options = { rate: 0.1, momentum: 0.9, nesterov: random.boolean(), decay: 1e-3 };
      return [change(length), read(length), change(length), length, options];
    },
  ],
  adamStep: [
    5e-6,
    'element',
    (random) => {
      const length = rowsFor(random, 0);
      const rates = { rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, decay: 0.05 };
      const counts = { step1: 1 + random.integer(1000), step2: 1 + random.integer(1000) };
      const second = new Tensor(length, 'positive', { result: true });
      const options = { ...rates, ...counts, normalised: random.boolean() };
      return [change(length), read(length), change(length), second, length, options];
    },
  ],
};
