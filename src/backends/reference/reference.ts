/**
 * The reference backend: every kernel as plain loops over typed arrays, one thread. It defines what the kernels
 * mean; every other backend is held to it by the conformance suite, and it is what runs where no compiler is.
 * Values are stored in float32, sums are taken in double precision.
 */
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
} from '../backend.ts';
import { checked } from '../checked.ts';
import { checkIndices } from '../checks.ts';
import { type GroupName, withGroups } from '../groups.ts';
import { ScopedMemory } from '../scopes.ts';
import { checkLabels, checkLengths } from '../sequence-checks.ts';
import * as adder from './adder.ts';
import * as attention from './attention.ts';
import * as convolution from './convolution.ts';
import { dropout } from './dropout.ts';
import * as elementwise from './elementwise.ts';
import * as filter from './filter.ts';
import { labelCrossEntropy } from './label-cross-entropy.ts';
import * as layout from './layout.ts';
import { matmul } from './matmul.ts';
import { arrays, type Block, blockOver } from './memory.ts';
import * as norm from './norm.ts';
import * as optimisers from './optimisers.ts';
import * as piecewise from './piecewise.ts';
import * as pool from './pool.ts';
import { random } from './random.ts';
import { reduce } from './reduce.ts';
import * as softmax from './softmax.ts';
import { topLogProbabilities } from './top.ts';

/** A fresh reference backend with memory of its own. */
export function createReference(): Backend {
  return checked(withGroups(new Reference()));
}

/** Threads see the same array buffer. */
interface SharedArray extends SharedBuffer {
  readonly memory: SharedArrayBuffer;
}

class Reference implements Omit<Backend, GroupName> {
  readonly name = 'reference';
  readonly description = 'reference: plain TypeScript, one thread';
  readonly threads = 1;
  private readonly blocks = new ScopedMemory<Block>('reference', arrays);

  private floats(buffer: Buffer): Float32Array {
    return this.blocks.block(buffer).float32;
  }

  private floatsOrNull(buffer: Buffer | null): Float32Array | null {
    return buffer === null ? null : this.blocks.block(buffer).float32;
  }

  private integers(buffer: Buffer): Int32Array {
    return this.blocks.block(buffer).int32;
  }

  allocate(length: number, type: DataType = 'float32'): Buffer {
    const buffer = this.blocks.allocate(length, type);
    this.floats(buffer).fill(Number.NaN, 0, length);
    return buffer;
  }

  openScope(): { keep(buffer: Buffer): void; close(): void } {
    return this.blocks.openScope();
  }

  free(buffer: Buffer): void {
    this.blocks.free(buffer);
  }

  write(buffer: Buffer, data: ArrayLike<number>, offset = 0): void {
    const block = this.blocks.writable(buffer);
    (buffer.type === 'int32' ? block.int32 : block.float32).set(data, offset);
  }

  async read(buffer: Buffer): Promise<Float32Array | Int32Array> {
    const data = buffer.type === 'int32' ? this.integers(buffer) : this.floats(buffer);
    return data.slice(0, buffer.length);
  }

  memory(): { used: number; peak: number; reserved: number } {
    return this.blocks.statistics();
  }

  link(): BackendLink {
    return { backend: this.name };
  }

  /** Moves the contents to memory that threads can share, and leaves them there. */
  share(buffer: Buffer): SharedArray {
    let memory = this.floats(buffer).buffer;
    if (!(memory instanceof SharedArrayBuffer)) {
      const shared = blockOver(new SharedArrayBuffer(memory.byteLength));
      shared.int32.set(this.integers(buffer));
      this.blocks.exchange(buffer, shared);
      memory = shared.float32.buffer as SharedArrayBuffer;
    }
    return { length: buffer.length, type: buffer.type, memory };
  }

  view(shared: SharedBuffer): Buffer {
    const { memory, length, type } = shared as SharedArray;
    return this.blocks.view(blockOver(memory), length, type);
  }

  matmul(a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void {
    matmul(this.floats(a), this.floats(b), this.floats(y), shape);
  }

  convForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    convolution.convForward(this.floats(x), this.floats(w), this.floats(y), shape);
  }

  convInputGradient(dy: Buffer, w: Buffer, dx: Buffer, shape: WindowShape): void {
    convolution.convInputGradient(this.floats(dy), this.floats(w), this.floats(dx), shape);
  }

  convWeightGradient(x: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    convolution.convWeightGradient(this.floats(x), this.floats(dy), this.floats(dw), shape);
  }

  adderForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    adder.adderForward(this.floats(x), this.floats(w), this.floats(y), shape);
  }

  adderInputGradient(x: Buffer, w: Buffer, dy: Buffer, dx: Buffer, shape: WindowShape): void {
    adder.adderInputGradient(this.floats(x), this.floats(w), this.floats(dy), this.floats(dx), shape);
  }

  adderWeightGradient(x: Buffer, w: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    adder.adderWeightGradient(this.floats(x), this.floats(w), this.floats(dy), this.floats(dw), shape);
  }

  batchStatistics(x: Buffer, mean: Buffer, variance: Buffer, rows: number, channels: number): void {
    norm.batchStatistics(this.floats(x), this.floats(mean), this.floats(variance), rows, channels);
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
    norm.batchNormForward(
      this.floats(x),
      this.floats(mean),
      this.floats(variance),
      this.floats(gamma),
      this.floats(beta),
      this.floatsOrNull(residual),
      this.floats(y),
      shape,
    );
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
    norm.batchNormBackward(
      this.floats(x),
      this.floats(mean),
      this.floats(variance),
      this.floats(gamma),
      this.floats(beta),
      this.floatsOrNull(y),
      this.floats(dy),
      this.floats(dx),
      this.floats(dgamma),
      this.floats(dbeta),
      this.floatsOrNull(dresidual),
      shape,
    );
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
    norm.layerNormForward(
      this.floats(x),
      this.floats(gamma),
      this.floats(beta),
      this.floats(y),
      this.floats(mean),
      this.floats(inverse),
      rows,
      columns,
      epsilon,
    );
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
    norm.layerNormBackward(
      this.floats(x),
      this.floats(gamma),
      this.floats(mean),
      this.floats(inverse),
      this.floats(dy),
      this.floats(dx),
      this.floats(dgamma),
      this.floats(dbeta),
      rows,
      columns,
    );
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
    const masked = this.floatsOrNull(mask);
    softmax.softmaxForward(this.floats(x), masked, this.floats(y), rows, columns, maskRows, scale);
  }

  softmaxBackward(y: Buffer, dy: Buffer, dx: Buffer, rows: number, columns: number, scale: number): void {
    softmax.softmaxBackward(this.floats(y), this.floats(dy), this.floats(dx), rows, columns, scale);
  }

  crossEntropy(
    logits: Buffer,
    targets: Buffer,
    losses: Buffer,
    dlogits: Buffer,
    rows: number,
    classes: number,
  ): void {
    softmax.crossEntropy(
      this.floats(logits),
      this.floats(targets),
      this.floats(losses),
      this.floats(dlogits),
      rows,
      classes,
    );
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
    checkLabels('labelCrossEntropy', this.integers(labels), rows, classes);
    labelCrossEntropy(
      this.floats(logits),
      this.integers(labels),
      this.floats(losses),
      this.floats(likelihoods),
      this.floatsOrNull(dlogits),
      rows,
      classes,
      smoothing,
      factor,
    );
  }

  topLogProbabilities(
    logits: Buffer,
    values: Buffer,
    indices: Buffer,
    rows: number,
    columns: number,
    k: number,
  ): void {
    topLogProbabilities(this.floats(logits), this.floats(values), this.integers(indices), rows, columns, k);
  }

  poolForward(kind: 'average' | 'max', x: Buffer, y: Buffer, index: Buffer | null, shape: WindowShape): void {
    if (kind === 'average') pool.averageForward(this.floats(x), this.floats(y), shape);
    else pool.maxForward(this.floats(x), this.floats(y), this.integers(index as Buffer), shape);
  }

  poolBackward(
    kind: 'average' | 'max',
    dy: Buffer,
    index: Buffer | null,
    dx: Buffer,
    shape: WindowShape,
  ): void {
    if (kind === 'average') pool.averageBackward(this.floats(dy), this.floats(dx), shape);
    else pool.maxBackward(this.floats(dy), this.integers(index as Buffer), this.floats(dx), shape);
  }

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
    attention.attentionForward(
      this.floats(q),
      this.floats(k),
      this.floats(v),
      this.lengths('attentionForward', lengths, shape),
      this.floats(y),
      this.floats(statistics),
      shape,
      key,
    );
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
    attention.attentionBackward(
      this.floats(q),
      this.floats(k),
      this.floats(v),
      this.lengths('attentionBackward', lengths, shape),
      this.floats(y),
      this.floats(statistics),
      this.floats(dy),
      this.floats(dq),
      this.floats(dk),
      this.floats(dv),
      shape,
      key,
    );
  }

  private lengths(kernel: string, lengths: Buffer | null, shape: AttentionShape): Int32Array | null {
    if (lengths === null) return null;
    const seen = this.integers(lengths);
    checkLengths(kernel, seen, shape);
    return seen;
  }

  filterForward(kind: FilterKind, x: Buffer, w: Buffer, y: Buffer, shape: FilterShape): void {
    filter.filterForward(kind, this.floats(x), this.floats(w), this.floats(y), shape);
  }

  filterInputGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dx: Buffer,
    shape: FilterShape,
  ): void {
    const gradient = this.floats(dy);
    filter.filterInputGradient(kind, this.floats(x), this.floats(w), gradient, this.floats(dx), shape);
  }

  filterWeightGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dw: Buffer,
    shape: FilterShape,
  ): void {
    const gradient = this.floats(dy);
    filter.filterWeightGradient(kind, this.floats(x), this.floats(w), gradient, this.floats(dw), shape);
  }

  unary(op: UnaryOp, x: Buffer, y: Buffer, length: number, p = 0, q = 0): void {
    elementwise.unary(op, this.floats(x), this.floats(y), length, p, q);
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
    const gradient = this.floats(dy);
    elementwise.unaryGradient(op, this.floats(x), this.floats(y), gradient, this.floats(dx), length, p, q);
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
    elementwise.binary(op, this.floats(a), this.floats(b), this.floats(y), outer, inner, broadcast);
  }

  axpy(x: Buffer, y: Buffer, length: number, alpha: number): void {
    elementwise.axpy(this.floats(x), this.floats(y), length, alpha);
  }

  fill(y: Buffer, value: number): void {
    this.floats(y).fill(value, 0, y.length);
  }

  reduce(op: ReduceOp, x: Buffer, y: Buffer, outer: number, axis: number, inner: number): void {
    reduce(op, this.floats(x), this.floats(y), outer, axis, inner);
  }

  permute(x: Buffer, y: Buffer, shape: readonly number[], axes: readonly number[]): void {
    layout.permute(this.floats(x), this.floats(y), shape, axes);
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
    layout.copyBlocks(this.floats(x), this.floats(y), rows, columns, from, to, accumulate);
  }

  gatherRows(table: Buffer, index: Buffer, y: Buffer, rows: number, columns: number): void {
    checkIndices('gatherRows', this.integers(index), rows, columns, table.length);
    layout.gatherRows(this.floats(table), this.integers(index), this.floats(y), rows, columns);
  }

  scatterAddRows(x: Buffer, index: Buffer, table: Buffer, rows: number, columns: number): void {
    checkIndices('scatterAddRows', this.integers(index), rows, columns, table.length);
    layout.scatterAddRows(this.floats(x), this.integers(index), this.floats(table), rows, columns);
  }

  piecewiseForward(
    x: Buffer,
    slopes: Buffer,
    y: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void {
    piecewise.piecewiseForward(this.floats(x), this.floats(slopes), this.floats(y), length, pieces, closed);
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
    piecewise.piecewiseBackward(
      this.floats(x),
      this.floats(slopes),
      this.floats(dy),
      this.floats(dx),
      this.floats(dslopes),
      length,
      pieces,
      closed,
    );
  }

  random(kind: 'uniform' | 'normal', y: Buffer, key: readonly [number, number]): void {
    random(kind, this.floats(y), y.length, key);
  }

  dropout(x: Buffer, y: Buffer, length: number, rate: number, key: readonly [number, number]): void {
    dropout(this.floats(x), this.floats(y), length, rate, key);
  }

  sgdStep(w: Buffer, g: Buffer, velocity: Buffer, length: number, shape: SgdShape): void {
    optimisers.sgdStep(this.floats(w), this.floats(g), this.floats(velocity), length, shape);
  }

  adamStep(w: Buffer, g: Buffer, first: Buffer, second: Buffer, length: number, shape: AdamShape): void {
    const moments = this.floats(first);
    optimisers.adamStep(this.floats(w), this.floats(g), moments, this.floats(second), length, shape);
  }

  async finish(): Promise<void> {
    // Every kernel has ended when its call returns.
  }

  dispose(): void {
    this.blocks.dispose();
  }
}
