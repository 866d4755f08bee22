/**
 * The Backend contract over a `Machine`: every method writes its arguments where the machine looks for them
 * (abi.ts) and names the kernel. No object is made on the way, so a launch costs about as much as the call.
 */
import { ShiftAddError } from '../core/errors.ts';
import {
  BINARY,
  BROADCAST,
  FILTER,
  type KernelName,
  type Machine,
  numberKernels,
  POOL,
  putAttention,
  putBatchNorm,
  putFilter,
  putWindow,
  RANDOM,
  REDUCE,
  UNARY,
} from './abi.ts';
import type {
  AdamShape,
  AttentionShape,
  Backend,
  BackendLink,
  BatchNormShape,
  BinaryOp,
  Broadcast,
  Buffer,
  DataType,
  FilterKind,
  FilterShape,
  MatmulShape,
  ReduceOp,
  SgdShape,
  SharedBuffer,
  UnaryOp,
  WindowShape,
} from './backend.ts';
import { checked } from './checked.ts';
import { checkIndices } from './checks.ts';
import { type GroupName, withGroups } from './groups.ts';
import { offerMachinePeaks } from './peaks.ts';
import { ScopedMemory } from './scopes.ts';
import { checkLabels, checkLengths } from './sequence-checks.ts';

/** A backend over a machine. Throws 'missing' when the machine lacks a kernel of the contract. */
export function createMachineBackend(machine: Machine): Backend {
  const backend = checked(withGroups(new MachineBackend(machine)));
  offerMachinePeaks(backend, machine);
  return backend;
}

/** Threads that share memory see a buffer at the same address. */
export interface SharedAddress extends SharedBuffer {
  readonly address: number;
}

class MachineBackend implements Omit<Backend, GroupName> {
  private readonly machine: Machine;
  private readonly blocks: ScopedMemory<number>;
  private readonly number: Readonly<Record<KernelName, number>>;
  private indices = new Int32Array(64);

  constructor(machine: Machine) {
    this.machine = machine;
    this.blocks = new ScopedMemory<number>(machine.name, {
      create: (bytes) => this.take(bytes),
      destroy: (address) => machine.free(address),
    });
    this.number = numberKernels(machine);
  }

  get name(): string {
    return this.machine.name;
  }

  get description(): string {
    return this.machine.description;
  }

  get threads(): number {
    return this.machine.threads;
  }

  private take(bytes: number): number {
    const address = this.machine.allocate(bytes);
    if (address === 0) {
      throw new ShiftAddError(
        'run',
        `backend ${this.name} could not get ${bytes} bytes of memory beyond the ` +
          `${this.blocks.statistics().reserved} it has; use a smaller batch or a smaller network`,
        { bytes, ...this.blocks.statistics() },
      );
    }
    return address;
  }

  private at(buffer: Buffer): number {
    return this.blocks.block(buffer);
  }

  private atOrNull(buffer: Buffer | null): number {
    return buffer === null ? 0 : this.blocks.block(buffer);
  }

  // ---- memory ---------------------------------------------------------------------------------------------
  allocate(length: number, type: DataType = 'float32'): Buffer {
    const buffer = this.blocks.allocate(length, type);
    this.machine.narrow?.(this.at(buffer), 4 * length);
    return buffer;
  }

  openScope(): { keep(buffer: Buffer): void; close(): void } {
    return this.blocks.openScope();
  }

  free(buffer: Buffer): void {
    this.blocks.free(buffer);
  }

  write(buffer: Buffer, data: ArrayLike<number>, offset = 0): void {
    const address = this.blocks.writable(buffer) + 4 * offset;
    if (buffer.type === 'int32') {
      this.machine.write(address, data instanceof Int32Array ? data : Int32Array.from(data));
    } else {
      this.machine.write(address, data instanceof Float32Array ? data : Float32Array.from(data));
    }
  }

  async read(buffer: Buffer): Promise<Float32Array | Int32Array> {
    const data = buffer.type === 'int32' ? new Int32Array(buffer.length) : new Float32Array(buffer.length);
    this.machine.read(this.at(buffer), data);
    return data;
  }

  memory(): { used: number; peak: number; reserved: number } {
    return this.blocks.statistics();
  }

  link(): BackendLink | undefined {
    return this.machine.link?.();
  }

  share(buffer: Buffer): SharedAddress {
    return { length: buffer.length, type: buffer.type, address: this.at(buffer) };
  }

  view(shared: SharedBuffer): Buffer {
    const { address, length, type } = shared as SharedAddress;
    return this.blocks.view(address, length, type);
  }

  // ---- heavy kernels --------------------------------------------------------------------------------------
  matmul(a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void {
    const p = this.machine.arguments;
    p[0] = this.at(a);
    p[1] = this.at(b);
    p[2] = this.at(y);
    p[3] = shape.batch;
    p[4] = shape.m;
    p[5] = shape.n;
    p[6] = shape.k;
    p[7] = shape.transposeA ? 1 : 0;
    p[8] = shape.transposeB ? 1 : 0;
    p[9] = shape.alpha;
    p[10] = shape.accumulate ? 1 : 0;
    this.machine.run(this.number.matmul);
  }

  convForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    this.three(this.number.convForward, x, w, y, shape);
  }

  convInputGradient(dy: Buffer, w: Buffer, dx: Buffer, shape: WindowShape): void {
    this.three(this.number.convInputGradient, dy, w, dx, shape);
  }

  convWeightGradient(x: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    this.three(this.number.convWeightGradient, x, dy, dw, shape);
  }

  adderForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    this.three(this.number.adderForward, x, w, y, shape);
  }

  adderInputGradient(x: Buffer, w: Buffer, dy: Buffer, dx: Buffer, shape: WindowShape): void {
    this.four(this.number.adderInputGradient, x, w, dy, dx, shape);
  }

  adderWeightGradient(x: Buffer, w: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    this.four(this.number.adderWeightGradient, x, w, dy, dw, shape);
  }

  private three(kernel: number, a: Buffer, b: Buffer, c: Buffer, shape: WindowShape): void {
    const p = this.machine.arguments;
    p[0] = this.at(a);
    p[1] = this.at(b);
    p[2] = this.at(c);
    putWindow(p, 3, shape);
    this.machine.run(kernel);
  }

  private four(kernel: number, a: Buffer, b: Buffer, c: Buffer, d: Buffer, shape: WindowShape): void {
    const p = this.machine.arguments;
    p[0] = this.at(a);
    p[1] = this.at(b);
    p[2] = this.at(c);
    p[3] = this.at(d);
    putWindow(p, 4, shape);
    this.machine.run(kernel);
  }

  // ---- normalisation, softmax, loss, pooling --------------------------------------------------------------
  batchStatistics(x: Buffer, mean: Buffer, variance: Buffer, rows: number, channels: number): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(mean);
    p[2] = this.at(variance);
    p[3] = rows;
    p[4] = channels;
    this.machine.run(this.number.batchStatistics);
  }

  batchNormForward(
    x: Buffer,
    mean: Buffer,
    variance: Buffer,
    gamma: Buffer,
    beta: Buffer,
    residual: Buffer | null,
    y: Buffer,
    shape: BatchNormShape,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(mean);
    p[2] = this.at(variance);
    p[3] = this.at(gamma);
    p[4] = this.at(beta);
    p[5] = this.atOrNull(residual);
    p[6] = this.at(y);
    putBatchNorm(p, 7, shape);
    this.machine.run(this.number.batchNormForward);
  }

  batchNormBackward(
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
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(mean);
    p[2] = this.at(variance);
    p[3] = this.at(gamma);
    p[4] = this.at(beta);
    p[5] = this.atOrNull(y);
    p[6] = this.at(dy);
    p[7] = this.at(dx);
    p[8] = this.at(dgamma);
    p[9] = this.at(dbeta);
    p[10] = this.atOrNull(dresidual);
    putBatchNorm(p, 11, shape);
    p[15] = shape.throughStatistics ? 1 : 0;
    this.machine.run(this.number.batchNormBackward);
  }

  layerNormForward(
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
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(gamma);
    p[2] = this.at(beta);
    p[3] = this.at(y);
    p[4] = this.at(mean);
    p[5] = this.at(inverse);
    p[6] = rows;
    p[7] = columns;
    p[8] = epsilon;
    this.machine.run(this.number.layerNormForward);
  }

  layerNormBackward(
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
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(gamma);
    p[2] = this.at(mean);
    p[3] = this.at(inverse);
    p[4] = this.at(dy);
    p[5] = this.at(dx);
    p[6] = this.at(dgamma);
    p[7] = this.at(dbeta);
    p[8] = rows;
    p[9] = columns;
    this.machine.run(this.number.layerNormBackward);
  }

  softmaxForward(
    x: Buffer,
    mask: Buffer | null,
    y: Buffer,
    rows: number,
    columns: number,
    maskRows: number,
    scale: number,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.atOrNull(mask);
    p[2] = this.at(y);
    p[3] = rows;
    p[4] = columns;
    p[5] = maskRows;
    p[6] = scale;
    this.machine.run(this.number.softmaxForward);
  }

  softmaxBackward(y: Buffer, dy: Buffer, dx: Buffer, rows: number, columns: number, scale: number): void {
    const p = this.machine.arguments;
    p[0] = this.at(y);
    p[1] = this.at(dy);
    p[2] = this.at(dx);
    p[3] = rows;
    p[4] = columns;
    p[5] = scale;
    this.machine.run(this.number.softmaxBackward);
  }

  crossEntropy(
    logits: Buffer,
    targets: Buffer,
    losses: Buffer,
    dlogits: Buffer,
    rows: number,
    classes: number,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(logits);
    p[1] = this.at(targets);
    p[2] = this.at(losses);
    p[3] = this.at(dlogits);
    p[4] = rows;
    p[5] = classes;
    this.machine.run(this.number.crossEntropy);
  }

  labelCrossEntropy(
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
    checkLabels('labelCrossEntropy', this.integers(labels, rows), rows, classes);
    const p = this.machine.arguments;
    p[0] = this.at(logits);
    p[1] = this.at(labels);
    p[2] = this.at(losses);
    p[3] = this.at(likelihoods);
    p[4] = this.atOrNull(dlogits);
    p[5] = rows;
    p[6] = classes;
    p[7] = smoothing;
    p[8] = factor;
    this.machine.run(this.number.labelCrossEntropy);
  }

  topLogProbabilities(
    logits: Buffer,
    values: Buffer,
    indices: Buffer,
    rows: number,
    columns: number,
    k: number,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(logits);
    p[1] = this.at(values);
    p[2] = this.at(indices);
    p[3] = rows;
    p[4] = columns;
    p[5] = k;
    this.machine.run(this.number.topLogProbabilities);
  }

  poolForward(kind: 'average' | 'max', x: Buffer, y: Buffer, index: Buffer | null, shape: WindowShape): void {
    const p = this.machine.arguments;
    p[0] = POOL[kind];
    p[1] = this.at(x);
    p[2] = this.at(y);
    p[3] = this.atOrNull(index);
    putWindow(p, 4, shape);
    this.machine.run(this.number.poolForward);
  }

  poolBackward(
    kind: 'average' | 'max',
    dy: Buffer,
    index: Buffer | null,
    dx: Buffer,
    shape: WindowShape,
  ): void {
    const p = this.machine.arguments;
    p[0] = POOL[kind];
    p[1] = this.at(dy);
    p[2] = this.atOrNull(index);
    p[3] = this.at(dx);
    putWindow(p, 4, shape);
    this.machine.run(this.number.poolBackward);
  }

  // ---- sentences ------------------------------------------------------------------------------------------
  attentionForward(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    lengths: Buffer | null,
    y: Buffer,
    statistics: Buffer,
    shape: AttentionShape,
    key: readonly [number, number],
  ): void {
    if (lengths !== null) checkLengths('attentionForward', this.integers(lengths, shape.n), shape);
    const p = this.machine.arguments;
    p[0] = this.at(q);
    p[1] = this.at(k);
    p[2] = this.at(v);
    p[3] = this.atOrNull(lengths);
    p[4] = this.at(y);
    p[5] = this.at(statistics);
    putAttention(p, 6, shape, key);
    this.machine.run(this.number.attentionForward);
  }

  attentionBackward(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    lengths: Buffer | null,
    y: Buffer,
    statistics: Buffer,
    dy: Buffer,
    dq: Buffer,
    dk: Buffer,
    dv: Buffer,
    shape: AttentionShape,
    key: readonly [number, number],
  ): void {
    if (lengths !== null) checkLengths('attentionBackward', this.integers(lengths, shape.n), shape);
    const p = this.machine.arguments;
    p[0] = this.at(q);
    p[1] = this.at(k);
    p[2] = this.at(v);
    p[3] = this.atOrNull(lengths);
    p[4] = this.at(y);
    p[5] = this.at(statistics);
    p[6] = this.at(dy);
    p[7] = this.at(dq);
    p[8] = this.at(dk);
    p[9] = this.at(dv);
    putAttention(p, 10, shape, key);
    this.machine.run(this.number.attentionBackward);
  }

  filterForward(kind: FilterKind, x: Buffer, w: Buffer, y: Buffer, shape: FilterShape): void {
    const p = this.machine.arguments;
    p[0] = FILTER[kind];
    p[1] = this.at(x);
    p[2] = this.at(w);
    p[3] = this.at(y);
    putFilter(p, 4, shape);
    this.machine.run(this.number.filterForward);
  }

  filterInputGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dx: Buffer,
    shape: FilterShape,
  ): void {
    this.filterGradient(this.number.filterInputGradient, kind, x, w, dy, dx, shape);
  }

  filterWeightGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dw: Buffer,
    shape: FilterShape,
  ): void {
    this.filterGradient(this.number.filterWeightGradient, kind, x, w, dy, dw, shape);
  }

  private filterGradient(
    kernel: number,
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    result: Buffer,
    shape: FilterShape,
  ): void {
    const p = this.machine.arguments;
    p[0] = FILTER[kind];
    p[1] = this.at(x);
    p[2] = this.at(w);
    p[3] = this.at(dy);
    p[4] = this.at(result);
    putFilter(p, 5, shape);
    this.machine.run(kernel);
  }

  // ---- light kernels --------------------------------------------------------------------------------------
  unary(op: UnaryOp, x: Buffer, y: Buffer, length: number, p = 0, q = 0): void {
    const a = this.machine.arguments;
    a[0] = UNARY[op];
    a[1] = this.at(x);
    a[2] = this.at(y);
    a[3] = length;
    a[4] = p;
    a[5] = q;
    this.machine.run(this.number.unary);
  }

  unaryGradient(
    op: UnaryOp,
    x: Buffer,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
    length: number,
    p = 0,
    q = 0,
  ): void {
    const a = this.machine.arguments;
    a[0] = UNARY[op];
    a[1] = this.at(x);
    a[2] = this.at(y);
    a[3] = this.at(dy);
    a[4] = this.at(dx);
    a[5] = length;
    a[6] = p;
    a[7] = q;
    this.machine.run(this.number.unaryGradient);
  }

  binary(
    op: BinaryOp,
    a: Buffer,
    b: Buffer,
    y: Buffer,
    outer: number,
    inner: number,
    broadcast: Broadcast,
  ): void {
    const p = this.machine.arguments;
    p[0] = BINARY[op];
    p[1] = this.at(a);
    p[2] = this.at(b);
    p[3] = this.at(y);
    p[4] = outer;
    p[5] = inner;
    p[6] = BROADCAST[broadcast];
    this.machine.run(this.number.binary);
  }

  axpy(x: Buffer, y: Buffer, length: number, alpha: number): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(y);
    p[2] = length;
    p[3] = alpha;
    this.machine.run(this.number.axpy);
  }

  fill(y: Buffer, value: number): void {
    const p = this.machine.arguments;
    p[0] = this.at(y);
    p[1] = y.length;
    p[2] = value;
    this.machine.run(this.number.fill);
  }

  reduce(op: ReduceOp, x: Buffer, y: Buffer, outer: number, axis: number, inner: number): void {
    const p = this.machine.arguments;
    p[0] = REDUCE[op];
    p[1] = this.at(x);
    p[2] = this.at(y);
    p[3] = outer;
    p[4] = axis;
    p[5] = inner;
    this.machine.run(this.number.reduce);
  }

  permute(x: Buffer, y: Buffer, shape: readonly number[], axes: readonly number[]): void {
    const p = this.machine.arguments;
    const rank = shape.length;
    p[0] = this.at(x);
    p[1] = this.at(y);
    p[2] = rank;
    for (let i = 0; i < rank; i++) {
      p[3 + i] = shape[i];
      p[3 + rank + i] = axes[i];
    }
    this.machine.run(this.number.permute);
  }

  copyBlocks(
    x: Buffer,
    y: Buffer,
    rows: number,
    columns: number,
    from: { readonly offset: number; readonly stride: number },
    to: { readonly offset: number; readonly stride: number },
    accumulate: boolean,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(y);
    p[2] = rows;
    p[3] = columns;
    p[4] = from.offset;
    p[5] = from.stride;
    p[6] = to.offset;
    p[7] = to.stride;
    p[8] = accumulate ? 1 : 0;
    this.machine.run(this.number.copyBlocks);
  }

  gatherRows(table: Buffer, index: Buffer, y: Buffer, rows: number, columns: number): void {
    this.look('gatherRows', index, rows, columns, table.length);
    this.rows(this.number.gatherRows, table, index, y, rows, columns);
  }

  scatterAddRows(x: Buffer, index: Buffer, table: Buffer, rows: number, columns: number): void {
    this.look('scatterAddRows', index, rows, columns, table.length);
    this.rows(this.number.scatterAddRows, x, index, table, rows, columns);
  }

  private rows(kernel: number, a: Buffer, index: Buffer, b: Buffer, rows: number, columns: number): void {
    const p = this.machine.arguments;
    p[0] = this.at(a);
    p[1] = this.at(index);
    p[2] = this.at(b);
    p[3] = rows;
    p[4] = columns;
    this.machine.run(kernel);
  }

  /** Kernels trust indices, so they are looked at here. */
  private look(kernel: string, index: Buffer, rows: number, columns: number, length: number): void {
    checkIndices(kernel, this.integers(index, rows), rows, columns, length);
  }

  /** The first `count` values of an int32 buffer, until the next call. */
  private integers(buffer: Buffer, count: number): Int32Array {
    if (this.indices.length < count) this.indices = new Int32Array(count * 2);
    this.machine.read(this.at(buffer), this.indices.subarray(0, count));
    return this.indices;
  }

  piecewiseForward(
    x: Buffer,
    slopes: Buffer,
    y: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(slopes);
    p[2] = this.at(y);
    p[3] = length;
    p[4] = pieces;
    p[5] = closed ? 1 : 0;
    this.machine.run(this.number.piecewiseForward);
  }

  piecewiseBackward(
    x: Buffer,
    slopes: Buffer,
    dy: Buffer,
    dx: Buffer,
    dslopes: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(slopes);
    p[2] = this.at(dy);
    p[3] = this.at(dx);
    p[4] = this.at(dslopes);
    p[5] = length;
    p[6] = pieces;
    p[7] = closed ? 1 : 0;
    this.machine.run(this.number.piecewiseBackward);
  }

  random(kind: 'uniform' | 'normal', y: Buffer, key: readonly [number, number]): void {
    const p = this.machine.arguments;
    p[0] = RANDOM[kind];
    p[1] = this.at(y);
    p[2] = y.length;
    p[3] = key[0] >>> 0;
    p[4] = key[1] >>> 0;
    this.machine.run(this.number.random);
  }

  dropout(x: Buffer, y: Buffer, length: number, rate: number, key: readonly [number, number]): void {
    const p = this.machine.arguments;
    p[0] = this.at(x);
    p[1] = this.at(y);
    p[2] = length;
    p[3] = rate;
    p[4] = key[0] >>> 0;
    p[5] = key[1] >>> 0;
    this.machine.run(this.number.dropout);
  }

  // ---- optimisers -----------------------------------------------------------------------------------------
  sgdStep(w: Buffer, g: Buffer, velocity: Buffer, length: number, shape: SgdShape): void {
    const p = this.machine.arguments;
    p[0] = this.at(w);
    p[1] = this.at(g);
    p[2] = this.at(velocity);
    p[3] = length;
    p[4] = shape.rate;
    p[5] = shape.momentum;
    p[6] = shape.nesterov ? 1 : 0;
    p[7] = shape.decay;
    this.machine.run(this.number.sgdStep);
  }

  adamStep(w: Buffer, g: Buffer, first: Buffer, second: Buffer, length: number, shape: AdamShape): void {
    const p = this.machine.arguments;
    p[0] = this.at(w);
    p[1] = this.at(g);
    p[2] = this.at(first);
    p[3] = this.at(second);
    p[4] = length;
    p[5] = shape.rate;
    p[6] = shape.beta1;
    p[7] = shape.beta2;
    p[8] = shape.epsilon;
    p[9] = shape.decay;
    p[10] = shape.step1;
    p[11] = shape.step2;
    p[12] = shape.normalised ? 1 : 0;
    this.machine.run(this.number.adamStep);
  }

  async finish(): Promise<void> {
    // Every kernel has ended when run() returns.
  }

  dispose(): void {
    this.blocks.dispose();
    this.machine.dispose();
  }
}
