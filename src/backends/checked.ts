/**
 * A backend in front of a backend: looks at every argument, then passes the call on unchanged. Every backend is
 * handed out through it, so kernels trust their shapes and no backend can forget a check. A wrong size is a
 * `ShiftAddError` of code 'shape'; a wrong type, a freed or a foreign buffer one of code 'internal'.
 */
import { ACTIVATION, BINARY, BROADCAST, RANDOM, REDUCE, UNARY } from './abi.ts';
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
import {
  broadcastLength,
  checkBlocks,
  checkBuffer,
  checkConvolution,
  checkExtent,
  checkMatmul,
  checkOption,
  checkPart,
  checkPermutation,
  checkPool,
  checkPositive,
  checkWrite,
  product,
} from './checks.ts';
import type { AdamPart, ClampPart, MixPart, ScalePart, SgdPart, SquaresPart } from './groups.ts';
import {
  checkAtMost,
  checkAttention,
  checkAttentionGradients,
  checkFilter,
  checkRate,
} from './sequence-checks.ts';

/** The same backend, with its arguments looked at first. */
export function checked(inner: Backend): Backend {
  return new Checked(inner);
}

class Checked implements Backend {
  private readonly inner: Backend;

  constructor(inner: Backend) {
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  get description(): string {
    return this.inner.description;
  }

  get threads(): number {
    return this.inner.threads;
  }

  // ---- memory: lengths and owners are the memory's own business ---------------------------------------------
  allocate(length: number, type: DataType = 'float32'): Buffer {
    return this.inner.allocate(length, type);
  }

  openScope(): { keep(buffer: Buffer): void; close(): void } {
    return this.inner.openScope();
  }

  free(buffer: Buffer): void {
    this.inner.free(buffer);
  }

  write(buffer: Buffer, data: ArrayLike<number>, offset = 0): void {
    checkWrite(buffer, data.length, offset);
    this.inner.write(buffer, data, offset);
  }

  read(buffer: Buffer): Promise<Float32Array | Int32Array> {
    return this.inner.read(buffer);
  }

  memory(): { used: number; peak: number; reserved: number } {
    return this.inner.memory();
  }

  link(): BackendLink | undefined {
    return this.inner.link();
  }

  share(buffer: Buffer): SharedBuffer {
    return this.inner.share(buffer);
  }

  view(shared: SharedBuffer): Buffer {
    return this.inner.view(shared);
  }

  // ---- heavy kernels --------------------------------------------------------------------------------------
  matmul(a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void {
    checkMatmul(a, b, y, shape);
    this.inner.matmul(a, b, y, shape);
  }

  convForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    checkConvolution('convForward', shape, x, null, w, null, y);
    this.inner.convForward(x, w, y, shape);
  }

  convInputGradient(dy: Buffer, w: Buffer, dx: Buffer, shape: WindowShape): void {
    checkConvolution('convInputGradient', shape, null, dx, w, null, dy);
    this.inner.convInputGradient(dy, w, dx, shape);
  }

  convWeightGradient(x: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    checkConvolution('convWeightGradient', shape, x, null, null, dw, dy);
    this.inner.convWeightGradient(x, dy, dw, shape);
  }

  adderForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void {
    checkConvolution('adderForward', shape, x, null, w, null, y);
    this.inner.adderForward(x, w, y, shape);
  }

  adderInputGradient(x: Buffer, w: Buffer, dy: Buffer, dx: Buffer, shape: WindowShape): void {
    checkConvolution('adderInputGradient', shape, x, dx, w, null, dy);
    this.inner.adderInputGradient(x, w, dy, dx, shape);
  }

  adderWeightGradient(x: Buffer, w: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void {
    checkConvolution('adderWeightGradient', shape, x, null, w, dw, dy);
    this.inner.adderWeightGradient(x, w, dy, dw, shape);
  }

  // ---- normalisation, softmax, loss, pooling --------------------------------------------------------------
  batchStatistics(x: Buffer, mean: Buffer, variance: Buffer, rows: number, channels: number): void {
    const kernel = 'batchStatistics';
    checkPositive(kernel, 'rows', rows);
    checkBuffer(kernel, 'x', x, product(kernel, rows, channels));
    checkBuffer(kernel, 'mean', mean, channels);
    checkBuffer(kernel, 'variance', variance, channels);
    this.inner.batchStatistics(x, mean, variance, rows, channels);
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
    const kernel = 'batchNormForward';
    checkOption(kernel, 'activation', ACTIVATION, shape.activation);
    const size = product(kernel, shape.rows, shape.channels);
    checkBuffer(kernel, 'x', x, size);
    checkBuffer(kernel, 'mean', mean, shape.channels);
    checkBuffer(kernel, 'variance', variance, shape.channels);
    checkBuffer(kernel, 'gamma', gamma, shape.channels);
    checkBuffer(kernel, 'beta', beta, shape.channels);
    if (residual !== null) checkBuffer(kernel, 'residual', residual, size);
    checkBuffer(kernel, 'y', y, size);
    this.inner.batchNormForward(x, mean, variance, gamma, beta, residual, y, shape);
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
    const kernel = 'batchNormBackward';
    checkOption(kernel, 'activation', ACTIVATION, shape.activation);
    const size = product(kernel, shape.rows, shape.channels);
    checkBuffer(kernel, 'x', x, size);
    checkBuffer(kernel, 'mean', mean, shape.channels);
    checkBuffer(kernel, 'variance', variance, shape.channels);
    checkBuffer(kernel, 'gamma', gamma, shape.channels);
    checkBuffer(kernel, 'beta', beta, shape.channels);
    if (y !== null) checkBuffer(kernel, 'y', y, size);
    checkBuffer(kernel, 'dy', dy, size);
    checkBuffer(kernel, 'dx', dx, size);
    checkBuffer(kernel, 'dgamma', dgamma, shape.channels);
    checkBuffer(kernel, 'dbeta', dbeta, shape.channels);
    if (dresidual !== null) checkBuffer(kernel, 'dresidual', dresidual, size);
    this.inner.batchNormBackward(x, mean, variance, gamma, beta, y, dy, dx, dgamma, dbeta, dresidual, shape);
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
    const kernel = 'layerNormForward';
    checkPositive(kernel, 'columns', columns);
    const size = product(kernel, rows, columns);
    checkBuffer(kernel, 'x', x, size);
    checkBuffer(kernel, 'gamma', gamma, columns);
    checkBuffer(kernel, 'beta', beta, columns);
    checkBuffer(kernel, 'y', y, size);
    checkBuffer(kernel, 'mean', mean, rows);
    checkBuffer(kernel, 'inverse', inverse, rows);
    this.inner.layerNormForward(x, gamma, beta, y, mean, inverse, rows, columns, epsilon);
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
    const kernel = 'layerNormBackward';
    checkPositive(kernel, 'columns', columns);
    const size = product(kernel, rows, columns);
    checkBuffer(kernel, 'x', x, size);
    checkBuffer(kernel, 'gamma', gamma, columns);
    checkBuffer(kernel, 'mean', mean, rows);
    checkBuffer(kernel, 'inverse', inverse, rows);
    checkBuffer(kernel, 'dy', dy, size);
    checkBuffer(kernel, 'dx', dx, size);
    checkBuffer(kernel, 'dgamma', dgamma, columns);
    checkBuffer(kernel, 'dbeta', dbeta, columns);
    this.inner.layerNormBackward(x, gamma, mean, inverse, dy, dx, dgamma, dbeta, rows, columns);
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
    const kernel = 'softmaxForward';
    const size = product(kernel, rows, columns);
    checkBuffer(kernel, 'x', x, size);
    checkBuffer(kernel, 'y', y, size);
    if (mask !== null) {
      checkPositive(kernel, 'maskRows', maskRows);
      checkBuffer(kernel, 'mask', mask, product(kernel, maskRows, columns));
    }
    this.inner.softmaxForward(x, mask, y, rows, columns, mask === null ? 0 : maskRows, scale);
  }

  softmaxBackward(y: Buffer, dy: Buffer, dx: Buffer, rows: number, columns: number, scale: number): void {
    const size = product('softmaxBackward', rows, columns);
    checkBuffer('softmaxBackward', 'y', y, size);
    checkBuffer('softmaxBackward', 'dy', dy, size);
    checkBuffer('softmaxBackward', 'dx', dx, size);
    this.inner.softmaxBackward(y, dy, dx, rows, columns, scale);
  }

  crossEntropy(
    logits: Buffer,
    targets: Buffer,
    losses: Buffer,
    dlogits: Buffer,
    rows: number,
    classes: number,
  ): void {
    const size = product('crossEntropy', rows, classes);
    checkPositive('crossEntropy', 'classes', classes);
    checkBuffer('crossEntropy', 'logits', logits, size);
    checkBuffer('crossEntropy', 'targets', targets, size);
    checkBuffer('crossEntropy', 'losses', losses, rows);
    checkBuffer('crossEntropy', 'dlogits', dlogits, size);
    this.inner.crossEntropy(logits, targets, losses, dlogits, rows, classes);
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
    const kernel = 'labelCrossEntropy';
    const size = product(kernel, rows, classes);
    checkPositive(kernel, 'classes', classes);
    checkRate(kernel, 'smoothing', smoothing);
    checkBuffer(kernel, 'logits', logits, size);
    checkBuffer(kernel, 'labels', labels, rows, 'int32');
    checkBuffer(kernel, 'losses', losses, rows);
    checkBuffer(kernel, 'likelihoods', likelihoods, rows);
    if (dlogits !== null) checkBuffer(kernel, 'dlogits', dlogits, size);
    this.inner.labelCrossEntropy(
      logits,
      labels,
      losses,
      likelihoods,
      dlogits,
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
    const kernel = 'topLogProbabilities';
    checkBuffer(kernel, 'logits', logits, product(kernel, rows, columns));
    checkAtMost(kernel, 'k', k, columns);
    checkBuffer(kernel, 'values', values, product(kernel, rows, k));
    checkBuffer(kernel, 'indices', indices, rows * k, 'int32');
    this.inner.topLogProbabilities(logits, values, indices, rows, columns, k);
  }

  poolForward(kind: 'average' | 'max', x: Buffer, y: Buffer, index: Buffer | null, shape: WindowShape): void {
    checkPool('poolForward', kind, shape, x, y, index);
    this.inner.poolForward(kind, x, y, kind === 'max' ? index : null, shape);
  }

  poolBackward(
    kind: 'average' | 'max',
    dy: Buffer,
    index: Buffer | null,
    dx: Buffer,
    shape: WindowShape,
  ): void {
    checkPool('poolBackward', kind, shape, dx, dy, index);
    this.inner.poolBackward(kind, dy, kind === 'max' ? index : null, dx, shape);
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
    checkAttention('attentionForward', shape, q, k, v, lengths, y, statistics);
    this.inner.attentionForward(q, k, v, lengths, y, statistics, shape, key);
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
    checkAttention('attentionBackward', shape, q, k, v, lengths, y, statistics);
    checkAttentionGradients('attentionBackward', shape, dy, dq, dk, dv);
    this.inner.attentionBackward(q, k, v, lengths, y, statistics, dy, dq, dk, dv, shape, key);
  }

  filterForward(kind: FilterKind, x: Buffer, w: Buffer, y: Buffer, shape: FilterShape): void {
    checkFilter('filterForward', kind, shape, x, w, y);
    this.inner.filterForward(kind, x, w, y, shape);
  }

  filterInputGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dx: Buffer,
    shape: FilterShape,
  ): void {
    checkFilter('filterInputGradient', kind, shape, x, w, dy);
    checkBuffer('filterInputGradient', 'dx', dx, shape.n * shape.t * shape.c);
    this.inner.filterInputGradient(kind, x, w, dy, dx, shape);
  }

  filterWeightGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dw: Buffer,
    shape: FilterShape,
  ): void {
    checkFilter('filterWeightGradient', kind, shape, x, w, dy);
    checkBuffer('filterWeightGradient', 'dw', dw, shape.heads * shape.k);
    this.inner.filterWeightGradient(kind, x, w, dy, dw, shape);
  }

  // ---- light kernels --------------------------------------------------------------------------------------
  unary(op: UnaryOp, x: Buffer, y: Buffer, length: number, p = 0, q = 0): void {
    checkOption('unary', 'the function', UNARY, op);
    checkExtent('unary', 'length', length);
    checkBuffer('unary', 'x', x, length);
    checkBuffer('unary', 'y', y, length);
    this.inner.unary(op, x, y, length, p, q);
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
    const kernel = 'unaryGradient';
    checkOption(kernel, 'the function', UNARY, op);
    checkExtent(kernel, 'length', length);
    checkBuffer(kernel, 'x', x, length);
    checkBuffer(kernel, 'y', y, length);
    checkBuffer(kernel, 'dy', dy, length);
    checkBuffer(kernel, 'dx', dx, length);
    this.inner.unaryGradient(op, x, y, dy, dx, length, p, q);
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
    checkOption('binary', 'the function', BINARY, op);
    checkOption('binary', 'broadcast', BROADCAST, broadcast);
    const size = product('binary', outer, inner);
    checkBuffer('binary', 'a', a, size);
    checkBuffer('binary', 'b', b, broadcastLength(broadcast, outer, inner));
    checkBuffer('binary', 'y', y, size);
    this.inner.binary(op, a, b, y, outer, inner, broadcast);
  }

  axpy(x: Buffer, y: Buffer, length: number, alpha: number): void {
    checkExtent('axpy', 'length', length);
    checkBuffer('axpy', 'x', x, length);
    checkBuffer('axpy', 'y', y, length);
    this.inner.axpy(x, y, length, alpha);
  }

  fill(y: Buffer, value: number): void {
    checkBuffer('fill', 'y', y, 0);
    this.inner.fill(y, value);
  }

  reduce(op: ReduceOp, x: Buffer, y: Buffer, outer: number, axis: number, inner: number): void {
    checkOption('reduce', 'the function', REDUCE, op);
    checkBuffer('reduce', 'x', x, product('reduce', outer, axis, inner));
    checkBuffer('reduce', 'y', y, product('reduce', outer, inner));
    this.inner.reduce(op, x, y, outer, axis, inner);
  }

  permute(x: Buffer, y: Buffer, shape: readonly number[], axes: readonly number[]): void {
    const size = checkPermutation(shape, axes);
    checkBuffer('permute', 'x', x, size);
    checkBuffer('permute', 'y', y, size);
    this.inner.permute(x, y, shape, axes);
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
    checkBlocks('x', x, rows, columns, from.offset, from.stride);
    checkBlocks('y', y, rows, columns, to.offset, to.stride);
    this.inner.copyBlocks(x, y, rows, columns, from, to, accumulate);
  }

  gatherRows(table: Buffer, index: Buffer, y: Buffer, rows: number, columns: number): void {
    checkBuffer('gatherRows', 'table', table, 0);
    checkBuffer('gatherRows', 'index', index, rows, 'int32');
    checkBuffer('gatherRows', 'y', y, product('gatherRows', rows, columns));
    this.inner.gatherRows(table, index, y, rows, columns);
  }

  scatterAddRows(x: Buffer, index: Buffer, table: Buffer, rows: number, columns: number): void {
    checkBuffer('scatterAddRows', 'x', x, product('scatterAddRows', rows, columns));
    checkBuffer('scatterAddRows', 'index', index, rows, 'int32');
    checkBuffer('scatterAddRows', 'table', table, 0);
    this.inner.scatterAddRows(x, index, table, rows, columns);
  }

  piecewiseForward(
    x: Buffer,
    slopes: Buffer,
    y: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void {
    const kernel = 'piecewiseForward';
    checkExtent(kernel, 'length', length);
    checkPositive(kernel, 'pieces', pieces);
    checkBuffer(kernel, 'x', x, length);
    checkBuffer(kernel, 'slopes', slopes, pieces);
    checkBuffer(kernel, 'y', y, length);
    this.inner.piecewiseForward(x, slopes, y, length, pieces, closed);
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
    const kernel = 'piecewiseBackward';
    checkExtent(kernel, 'length', length);
    checkPositive(kernel, 'pieces', pieces);
    checkBuffer(kernel, 'x', x, length);
    checkBuffer(kernel, 'slopes', slopes, pieces);
    checkBuffer(kernel, 'dy', dy, length);
    checkBuffer(kernel, 'dx', dx, length);
    checkBuffer(kernel, 'dslopes', dslopes, pieces);
    this.inner.piecewiseBackward(x, slopes, dy, dx, dslopes, length, pieces, closed);
  }

  random(kind: 'uniform' | 'normal', y: Buffer, key: readonly [number, number]): void {
    checkOption('random', 'kind', RANDOM, kind);
    checkBuffer('random', 'y', y, 0);
    this.inner.random(kind, y, key);
  }

  dropout(x: Buffer, y: Buffer, length: number, rate: number, key: readonly [number, number]): void {
    checkExtent('dropout', 'length', length);
    checkRate('dropout', 'the rate', rate);
    checkBuffer('dropout', 'x', x, length);
    checkBuffer('dropout', 'y', y, length);
    this.inner.dropout(x, y, length, rate, key);
  }

  // ---- optimisers -----------------------------------------------------------------------------------------
  sgdStep(w: Buffer, g: Buffer, velocity: Buffer, length: number, shape: SgdShape): void {
    checkExtent('sgdStep', 'length', length);
    checkBuffer('sgdStep', 'w', w, length);
    checkBuffer('sgdStep', 'g', g, length);
    checkBuffer('sgdStep', 'velocity', velocity, length);
    this.inner.sgdStep(w, g, velocity, length, shape);
  }

  adamStep(w: Buffer, g: Buffer, first: Buffer, second: Buffer, length: number, shape: AdamShape): void {
    checkExtent('adamStep', 'length', length);
    checkPositive('adamStep', 'step1', shape.step1);
    checkPositive('adamStep', 'step2', shape.step2);
    checkBuffer('adamStep', 'w', w, length);
    checkBuffer('adamStep', 'g', g, length);
    checkBuffer('adamStep', 'first', first, length);
    checkBuffer('adamStep', 'second', second, length);
    this.inner.adamStep(w, g, first, second, length, shape);
  }

  // ---- many tensors at once -------------------------------------------------------------------------------
  sgdSteps(parts: readonly SgdPart[]): void {
    for (const { w, g, velocity, length } of parts) checkPart('sgdSteps', length, { w, g, velocity });
    this.inner.sgdSteps(parts);
  }

  adamSteps(parts: readonly AdamPart[]): void {
    for (const { w, g, first, second, length, shape } of parts) {
      checkPositive('adamSteps', 'step1', shape.step1);
      checkPositive('adamSteps', 'step2', shape.step2);
      checkPart('adamSteps', length, { w, g, first, second });
    }
    this.inner.adamSteps(parts);
  }

  sumsOfSquares(parts: readonly SquaresPart[], y: Buffer): void {
    for (const { x, length } of parts) checkPart('sumsOfSquares', length, { x });
    checkBuffer('sumsOfSquares', 'y', y, parts.length);
    this.inner.sumsOfSquares(parts, y);
  }

  scaleEach(parts: readonly ScalePart[], factors: Buffer): void {
    for (const { x, length } of parts) checkPart('scaleEach', length, { x });
    checkBuffer('scaleEach', 'factors', factors, factors.length === 1 ? 1 : parts.length);
    this.inner.scaleEach(parts, factors);
  }

  mixEach(parts: readonly MixPart[]): void {
    for (const { x, y, length } of parts) checkPart('mixEach', length, { x, y });
    this.inner.mixEach(parts);
  }

  clampEach(parts: readonly ClampPart[]): void {
    for (const { x, length } of parts) checkPart('clampEach', length, { x });
    this.inner.clampEach(parts);
  }

  finish(): Promise<void> {
    return this.inner.finish();
  }

  dispose(): void {
    this.inner.dispose();
  }
}
