/** The backend that trace.ts lets a network run over: see there. */
import type { Backend, Buffer, DataType, MatmulShape, WindowShape } from '../backends/backend.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import type { WeightStore } from '../supernet/store.ts';
import { BATCH, type Operand, type Operation } from './program.ts';

/** Memory that was asked for: nothing yet, a constant in the real backend, or a value of the program. */
interface Place extends Buffer {
  constant: Buffer | null;
  value: number | null;
  /** What it is filled with, where it is as large as the batch: it is never made. */
  filled?: number;
  /** The value whose rows stand in it again and again, once for each position of an image. */
  spread?: number;
}

/** Kernels an evaluation may launch; all others belong to training. */
type Recorded =
  | 'matmul'
  | 'convForward'
  | 'adderForward'
  | 'batchStatistics'
  | 'batchNormForward'
  | 'layerNormForward'
  | 'softmaxForward'
  | 'poolForward'
  | 'unary'
  | 'binary'
  | 'fill'
  | 'reduce'
  | 'permute'
  | 'copyBlocks'
  | 'gatherRows'
  | 'attentionForward'
  | 'filterForward'
  | 'topLogProbabilities'
  | 'piecewiseForward';
type Memory =
  | 'name'
  | 'description'
  | 'threads'
  | 'allocate'
  | 'openScope'
  | 'free'
  | 'write'
  | 'read'
  | 'memory'
  | 'finish'
  | 'link'
  | 'share'
  | 'view'
  | 'dispose';

/** `Operation` without what the recorder adds. */
type Without<O, K extends string> = O extends unknown ? Omit<O, K> : never;
type Draft = Without<Operation, 'name'> & { readonly name?: string };

export class Recorder {
  readonly operations: Operation[] = [];
  readonly shapes: Shape[] = [];
  readonly backend: Backend;
  private readonly real: Backend;
  /** Names of the tensors that constants are made of. */
  private readonly origins = new Map<Buffer, string>();
  private readonly named = new Map<Buffer, { readonly name: string; readonly length: number }>();
  private readonly taken = new Set<string>();
  /** Open scopes. */
  private depth = 0;

  constructor(store: WeightStore) {
    this.real = store.backend;
    for (const { name, buffer } of store.tensors()) this.origins.set(buffer, name);
    this.backend = { ...training, ...this.memory(), ...this.kernels() };
  }

  /** Value 0. */
  input(shape: Shape): Buffer {
    const place = this.place(sizeOf(shape), 'float32');
    place.value = 0;
    this.shapes.push(shape);
    return place;
  }

  valueOf(buffer: Buffer): number {
    return (buffer as Partial<Place>).value ?? internal('a kernel reads what no kernel wrote');
  }

  /** Values of every constant the operations name. */
  async constants(): Promise<Map<string, Float32Array>> {
    const values = new Map<string, Float32Array>();
    for (const [buffer, { name, length }] of this.named) {
      const data = (await this.real.read(buffer)) as Float32Array;
      values.set(name, data.slice(0, length));
    }
    return values;
  }

  private place(length: number, type: DataType): Place {
    return { length, type, constant: null, value: null };
  }

  private isValue(buffer: Buffer | null): boolean {
    return buffer !== null && (buffer as Partial<Place>).value != null;
  }

  /** The real buffer of a constant; one is made where `buffer` holds nothing yet. */
  private realOf(buffer: Buffer): Buffer {
    if (!('constant' in buffer)) return buffer; // a tensor of the store
    const place = buffer as Place;
    place.constant ??= this.real.allocate(place.length, place.type);
    return place.constant;
  }

  private constantName(buffer: Buffer): string {
    const real = this.realOf(buffer);
    const known = this.named.get(real);
    if (known !== undefined) return known.name;
    const origin = this.origins.get(real) ?? 'constant';
    let name = origin;
    for (let i = 2; this.taken.has(name); i++) name = `${origin}#${i}`;
    this.taken.add(name);
    this.named.set(real, { name, length: buffer.length });
    return name;
  }

  private operand(buffer: Buffer): Operand {
    return this.isValue(buffer) ? this.valueOf(buffer) : this.constantName(buffer);
  }

  /**
   * Carries a kernel out where all it reads is constant, and notes it otherwise. `at` maps the kernel's buffers to real
   * ones. The first output is the value; others (indices, statistics) are read by gradients only.
   */
  private launch(
    reads: readonly (Buffer | null)[],
    writes: readonly Buffer[],
    carryOut: (at: <B extends Buffer | null>(buffer: B) => B) => void,
    note: () => { readonly shape: Shape; readonly operation: Draft },
  ): void {
    if (!reads.some((buffer) => this.isValue(buffer))) {
      carryOut(<B extends Buffer | null>(buffer: B) =>
        buffer === null ? buffer : (this.realOf(buffer) as B),
      );
      const origin = reads.map((buffer) => buffer && this.origins.get(this.realOf(buffer))).find(Boolean);
      if (origin) for (const buffer of writes) this.origins.set(this.realOf(buffer), origin);
      return;
    }
    const { shape, operation } = note();
    const name = operation.name ?? operation.kind;
    this.operations.push({ ...operation, name } as Operation);
    this.shapes.push(shape);
    (writes[0] as Place).value = this.operations.length;
  }

  private memory(): Pick<Backend, Memory> {
    const { real } = this;
    return {
      name: `recording ${real.name}`,
      description: real.description,
      threads: real.threads,
      allocate: (length, type = 'float32') => this.place(length, type),
      // constants may be named by operations, so all live until the outermost scope ends
      openScope: () => {
        const scope = this.depth++ === 0 ? real.openScope() : undefined;
        return {
          keep: () => undefined,
          close: () => {
            this.depth--;
            scope?.close();
          },
        };
      },
      free: () => undefined,
      write: (buffer, data, offset) => real.write(this.realOf(buffer), data, offset),
      read: (buffer) => real.read(this.realOf(buffer)),
      memory: () => real.memory(),
      finish: () => real.finish(),
      link: () => undefined,
      share: never('share'),
      view: never('view'),
      dispose: () => undefined,
    };
  }

  /** A column of ones as long as the batch times a value repeats it (src/autograd/repeat.ts); whether it was one. */
  private spreads(ones: Buffer, x: Buffer, y: Buffer, { k }: MatmulShape): boolean {
    if ((ones as Partial<Place>).filled !== 1 || k !== 1) return false;
    (y as Place).spread = this.valueOf(x);
    return true;
  }

  /** The product of a value and one that was spread over its positions. */
  private gate(x: Buffer, spread: number, y: Buffer): void {
    const input = this.valueOf(x);
    const operation: Draft = { kind: 'gate', x: input, gate: spread };
    this.launch([x], [y], never('gate'), () => ({ shape: this.shapes[input], operation }));
  }

  private window(
    arithmetic: 'conv' | 'add',
    x: Buffer,
    w: Buffer,
    y: Buffer,
    window: WindowShape,
    carryOut: (at: <B extends Buffer | null>(buffer: B) => B) => void,
  ): void {
    this.launch([x, w], [y], carryOut, () => {
      const input = this.valueOf(x);
      const before = this.operations[input - 1];
      const fixed = before?.kind === 'unary' && before.op === 'fixedPoint';
      const weight = this.constantName(w);
      const operation: Draft = {
        kind: 'window',
        ...{ x: input, weight, window, name: layerName(weight) },
        arithmetic: arithmetic === 'conv' && fixed ? 'shift' : arithmetic,
      };
      return { shape: [window.n, window.e, window.f, window.m], operation };
    });
  }

  private kernels(): Pick<Backend, Recorded> {
    const { real } = this;
    return {
      convForward: (x, w, y, window) =>
        this.window('conv', x, w, y, window, (at) => real.convForward(at(x), at(w), at(y), window)),
      adderForward: (x, w, y, window) =>
        this.window('add', x, w, y, window, (at) => real.adderForward(at(x), at(w), at(y), window)),
      matmul: (a, b, y, product) => {
        if (this.spreads(a, b, y, product)) return;
        this.launch(
          [a, b],
          [y],
          (at) => real.matmul(at(a), at(b), at(y), product),
          () => {
            const right = this.operand(b);
            const name = typeof right === 'string' ? { name: layerName(right) } : {};
            const { batch, m, n } = product;
            const operation: Draft = { kind: 'matmul', a: this.valueOf(a), b: right, product, ...name };
            return { shape: batch === 1 ? [m, n] : [batch, m, n], operation };
          },
        );
      },
      batchStatistics: (x, mean, variance, rows, channels) =>
        this.launch(
          [x],
          [mean, variance],
          (at) => real.batchStatistics(at(x), at(mean), at(variance), rows, channels),
          () => unknownKernel('batchStatistics'),
        ),
      batchNormForward: (x, mean, variance, gamma, beta, residual, y, shape) =>
        this.launch(
          [x, mean, variance, gamma, beta, residual],
          [y],
          (at) =>
            real.batchNormForward(
              at(x),
              at(mean),
              at(variance),
              at(gamma),
              at(beta),
              at(residual),
              at(y),
              shape,
            ),
          () => {
            const { channels, epsilon, activation, rows } = shape;
            const [scale, input] = [this.constantName(gamma), this.valueOf(x)];
            const operation: Draft = {
              kind: 'batch-norm',
              ...{ name: layerName(scale), x: input, gamma: scale, beta: this.constantName(beta) },
              ...{ mean: this.constantName(mean), variance: this.constantName(variance) },
              ...{ channels, epsilon, activation },
              residual: residual === null ? null : this.valueOf(residual),
            };
            return { shape: this.seen(input, [rows, channels]), operation };
          },
        ),
      layerNormForward: (x, gamma, beta, y, mean, inverse, rows, columns, epsilon) =>
        this.launch(
          [x, gamma, beta],
          [y, mean, inverse],
          (at) =>
            real.layerNormForward(
              at(x),
              at(gamma),
              at(beta),
              at(y),
              at(mean),
              at(inverse),
              rows,
              columns,
              epsilon,
            ),
          () => {
            const [scale, input] = [this.constantName(gamma), this.valueOf(x)];
            const operation: Draft = {
              kind: 'layer-norm',
              ...{ name: layerName(scale), x: input, gamma: scale, columns, epsilon },
              beta: this.constantName(beta),
            };
            return { shape: this.seen(input, [rows, columns]), operation };
          },
        ),
      softmaxForward: (x, mask, y, rows, columns, maskRows, scale) =>
        this.launch(
          [x, mask],
          [y],
          (at) => real.softmaxForward(at(x), at(mask), at(y), rows, columns, maskRows, scale),
          () => {
            if (mask !== null) unknownKernel('softmax with a mask');
            const input = this.valueOf(x);
            return {
              shape: this.seen(input, [rows, columns]),
              operation: { kind: 'softmax', x: input, columns, scale },
            };
          },
        ),
      poolForward: (pool, x, y, index, window) =>
        this.launch(
          [x],
          index === null ? [y] : [y, index],
          (at) => real.poolForward(pool, at(x), at(y), at(index), window),
          () => ({
            shape: [window.n, window.e, window.f, window.m],
            operation: { kind: 'pool', name: `${pool}-pool`, pool, x: this.valueOf(x), window },
          }),
        ),
      unary: (op, x, y, length, p = 0, q = 0) =>
        this.launch(
          [x],
          [y],
          (at) => real.unary(op, at(x), at(y), length, p, q),
          () => {
            const input = this.valueOf(x);
            return { shape: this.shapes[input], operation: { kind: 'unary', name: op, op, x: input, p, q } };
          },
        ),
      binary: (op, a, b, y, outer, inner, broadcast) => {
        const { spread } = b as Partial<Place>;
        if (spread !== undefined && op === 'multiply' && broadcast === 'same') return this.gate(a, spread, y);
        this.launch(
          [a, b],
          [y],
          (at) => real.binary(op, at(a), at(b), at(y), outer, inner, broadcast),
          () => {
            const [left, right] = [this.valueOf(a), this.operand(b)];
            const name = typeof right === 'string' ? layerName(right) : op;
            return {
              shape: this.shapes[left],
              operation: { kind: 'binary', name, op, a: left, b: right, outer, inner, broadcast },
            };
          },
        );
      },
      fill: (y, value) => {
        if (y.length % BATCH === 0) (y as Place).filled = value;
        else real.fill(this.realOf(y), value);
      },
      reduce: (op, x, y, outer, axis, inner) =>
        this.launch(
          [x],
          [y],
          (at) => real.reduce(op, at(x), at(y), outer, axis, inner),
          () => unknownKernel(`reduce ${op}`),
        ),
      permute: (x, y, shape, axes) =>
        this.launch(
          [x],
          [y],
          (at) => real.permute(at(x), at(y), shape, axes),
          () => ({
            shape: axes.map((axis) => shape[axis]),
            operation: { kind: 'permute', x: this.valueOf(x), shape, axes },
          }),
        ),
      copyBlocks: (x, y, rows, columns, from, to, accumulate) =>
        this.launch(
          [x],
          [y],
          (at) => real.copyBlocks(at(x), at(y), rows, columns, from, to, accumulate),
          () => {
            const packed = to.offset === 0 && (rows === 1 || to.stride === columns) && !accumulate;
            if (!packed) unknownKernel('copyBlocks other than a slice');
            return this.slice(this.valueOf(x), rows, columns, from);
          },
        ),
      gatherRows: () => unknownKernel('gatherRows'),
      attentionForward: () => unknownKernel('attention in one kernel'),
      filterForward: () => unknownKernel('a filter along sentences'),
      topLogProbabilities: () => unknownKernel('the most probable columns'),
      piecewiseForward: (x, slopes, y, length, pieces, closed) =>
        this.launch(
          [x, slopes],
          [y],
          (at) => real.piecewiseForward(at(x), at(slopes), at(y), length, pieces, closed),
          () => unknownKernel('piecewise'),
        ),
    };
  }

  /** The shape of a value where its last axis is the one a kernel works on, the kernel's own view otherwise. */
  private seen(value: number, view: Shape): Shape {
    const shape = this.shapes[value];
    return shape.at(-1) === view.at(-1) ? shape : view;
  }

  /** A block copy as a slice of the axis that `columns` consecutive elements of every row belong to. */
  private slice(
    x: number,
    rows: number,
    columns: number,
    from: { readonly offset: number; readonly stride: number },
  ): { shape: Shape; operation: Draft } {
    const shape = this.shapes[x];
    for (let axis = 0; axis < shape.length; axis++) {
      const inner = sizeOf(shape.slice(axis + 1));
      const [start, length] = [from.offset / inner, columns / inner];
      const outer = sizeOf(shape.slice(0, axis));
      const fits = outer === rows && Number.isInteger(start) && Number.isInteger(length);
      if (!fits || shape[axis] === 1 || start + length > shape[axis] || shape[axis] % BATCH === 0) continue;
      return {
        shape: [...shape.slice(0, axis), length, ...shape.slice(axis + 1)],
        operation: { kind: 'slice', x, axis, start, length },
      };
    }
    return unknownKernel('copyBlocks across axes');
  }
}

/** Parts of a name that say how a weight is kept: a block's family in a space, family and role in the zoo, and roles. */
const KEPT = [
  [/^(layer\d+\.stage\d+)\.(?:conv|attention|add|shift)\./, '$1.'],
  [/\.(?:exponent|gamma|gain|values)$/, ''],
  [/(?:\.(?:conv|add|shift))?\.weight$/, ''],
] as const;

/** `layer0.stage0.add.conv2` and `stage1.block1.conv1.add.weight` as layers are called: by their place. */
export function layerName(tensor: string): string {
  return KEPT.reduce((name, [pattern, rest]) => name.replace(pattern, rest), tensor);
}

function unknownKernel(kernel: string): never {
  throw new ShiftAddError(
    'run',
    `the network computes ${kernel} of its images, which no exported program can say; export a network of the blocks that docs/export.md lists`,
    { kernel },
  );
}

const never = (kernel: string) => (): never => internal(`${kernel} was launched while a network is traced`);

const training: Omit<Backend, Recorded | Memory> = {
  convInputGradient: never('convInputGradient'),
  convWeightGradient: never('convWeightGradient'),
  adderInputGradient: never('adderInputGradient'),
  adderWeightGradient: never('adderWeightGradient'),
  batchNormBackward: never('batchNormBackward'),
  layerNormBackward: never('layerNormBackward'),
  softmaxBackward: never('softmaxBackward'),
  crossEntropy: never('crossEntropy'),
  labelCrossEntropy: never('labelCrossEntropy'),
  attentionBackward: never('attentionBackward'),
  filterInputGradient: never('filterInputGradient'),
  filterWeightGradient: never('filterWeightGradient'),
  poolBackward: never('poolBackward'),
  unaryGradient: never('unaryGradient'),
  axpy: never('axpy'),
  scatterAddRows: never('scatterAddRows'),
  piecewiseBackward: never('piecewiseBackward'),
  random: never('random'),
  dropout: never('dropout'),
  sgdStep: never('sgdStep'),
  adamStep: never('adamStep'),
  sgdSteps: never('sgdSteps'),
  adamSteps: never('adamSteps'),
  sumsOfSquares: never('sumsOfSquares'),
  scaleEach: never('scaleEach'),
  mixEach: never('mixEach'),
  clampEach: never('clampEach'),
};
