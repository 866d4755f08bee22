/**
 * A backend owns memory and runs about forty coarse kernels over it. Everything above works with opaque
 * buffers and shapes; nothing above touches bytes. Think of it as a small accelerator: you allocate, write,
 * launch, and read back rarely and asynchronously.
 *
 *   layout   images [n, h, w, c]; convolution weights [r, s, c / groups, m]; matrices row-major
 *   types    float32 everywhere; int32 only for indices
 *   scopes   what is allocated inside `scope(...)` is reused by the next one: no garbage, no leaks
 *   meaning  `reference` is the specification; every other backend equals it in conformance.test.ts
 *   order    reductions run in fixed chunks: the same bits for any number of threads
 */

import type { Groups } from './groups.ts';

export type DataType = 'float32' | 'int32';

/** Memory of a backend. Opaque: only its own backend may look inside. */
export interface Buffer {
  readonly length: number; // elements
  readonly type: DataType;
}

/** What another thread of this process needs to open a backend beside an open one: plain data, to be posted to it. */
export interface BackendLink {
  /** Name of the backend that is open. */
  readonly backend: string;
}

/** A buffer as other threads' backends can view it: plain data, to be posted to them. */
export interface SharedBuffer {
  readonly length: number;
  readonly type: DataType;
}

/** A window moved over an image: sizes of convolution, adder and pooling kernels. */
export interface WindowShape {
  readonly n: number; // images
  readonly h: number; // input rows
  readonly w: number; // input columns
  readonly c: number; // input channels
  readonly r: number; // window rows
  readonly s: number; // window columns
  readonly m: number; // output channels (pooling: m === c)
  readonly stride: number;
  readonly pad: number; // zero padding on all four sides
  readonly groups: number; // 1 dense, c depthwise
  readonly e: number; // output rows
  readonly f: number; // output columns
}

/** y (+)= alpha * op(a) op(b), `batch` products; a is [m, k] or its transpose, b is [k, n] or its transpose. */
export interface MatmulShape {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly accumulate: boolean;
  /** The operand that is a gradient, and so may be very small: one that is asked for half precision keeps it as it is. */
  readonly gradient?: 'a' | 'b';
}

export type Activation = 'none' | 'relu';

export interface BatchNormShape {
  readonly rows: number; // n * h * w
  readonly channels: number;
  readonly epsilon: number;
  readonly activation: Activation;
}

/** Element-wise functions of one argument; `p`, `q` are their parameters where they have any. */
export type UnaryOp =
  | 'copy'
  | 'negate'
  | 'relu'
  | 'silu'
  | 'gelu' // tanh form
  | 'sigmoid'
  | 'tanh'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'square'
  | 'abs'
  | 'reciprocal'
  | 'affine' // p * x + q
  | 'clamp' // to [p, q]; gradient passes inside
  | 'round' // half away from zero; straight-through gradient
  | 'floor' // straight-through gradient
  | 'ternary' // sign(x) where |x| > p, else 0; straight-through gradient
  | 'exp2' // 2^x
  | 'powerOfTwo' // sign(x) * 2^round(log2 clamp(|x|, 2^p, 2^q)), sign(0) = 0; straight-through gradient
  | 'fixedPoint'; // floor(x * 2^p) / 2^p, clamped to q integer bits; straight-through gradient

export type BinaryOp = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum';

/**
 * How b meets a, which is seen as [outer, inner]: 'same' element by element, 'row' b is [inner] (a bias),
 * 'column' b is [outer], 'scalar' b is [1].
 */
export type Broadcast = 'same' | 'row' | 'column' | 'scalar';

export type ReduceOp = 'sum' | 'sumSquares' | 'max' | 'nonFinite'; // nonFinite counts NaN and infinities

/** Optimiser step sizes; see src/training/optimisers for the meaning. */
export interface SgdShape {
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly decay: number; // coupled L2, as SGD's weight decay is
}

export interface AdamShape {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number; // decoupled (AdamW)
  readonly step1: number; // steps of the first moment, this one included, from 1
  readonly step2: number; // steps of this second moment, this one included, from 1
  /** true: the first moment averages steps already divided by sqrt(v) (weight-sharing evidence, section 6). */
  readonly normalised: boolean;
}

/** Attention of one set of rows to another: sizes of the attention kernels. */
export interface AttentionShape {
  readonly n: number; // sentences
  readonly heads: number;
  readonly queries: number; // rows that ask, of a sentence
  readonly keys: number; // rows that answer
  readonly width: number; // of a head
  readonly keyRows: number; // rows that a sentence takes in k and v, >= keys: a cache with room
  readonly causal: boolean; // query i sees keys up to keys - queries + i
  readonly scale: number; // on the scores
  readonly drop: number; // probability that an attention weight is dropped
}

/** 'conv' multiplies and adds; 'add' answers with minus the distance |x - w|, as the adder layer does. */
export type FilterKind = 'conv' | 'add';

/** A filter moved along sentences, the same for all channels of a head: lightweight convolution and its adder form. */
export interface FilterShape {
  readonly n: number; // sentences
  readonly t: number; // input rows
  readonly e: number; // output rows
  readonly c: number; // channels
  readonly k: number; // window
  readonly heads: number; // channel i reads w[floor(i / (c / heads))]
  /** Output row i reads x rows i - left ... i - left + k - 1; may be negative. Rows outside are 0, and take part. */
  readonly left: number;
}

/** Kernels, and the calls over many tensors at once of groups.ts. */
export interface Backend extends Groups {
  readonly name: string;
  /** One line for people: instruction set, threads. */
  readonly description: string;
  readonly threads: number;

  // ---- memory -------------------------------------------------------------------------------------------
  /** Contents are undefined. Lives until its scope ends, or for ever outside any scope. */
  allocate(length: number, type?: DataType): Buffer;
  /** Opens a scope; returns what closes it. Scopes nest; `keep` moves a buffer to the enclosing one. */
  openScope(): { keep(buffer: Buffer): void; close(): void };
  /** Frees a buffer at once, in whichever scope it lies; the kernels launched before have read it. */
  free(buffer: Buffer): void;
  write(buffer: Buffer, data: ArrayLike<number>, offset?: number): void;
  /** A copy of the contents. Waits for what was launched before. */
  read(buffer: Buffer): Promise<Float32Array | Int32Array>;
  /** Bytes now handed out, the most there ever were, and bytes taken from the system. */
  memory(): { used: number; peak: number; reserved: number };

  // ---- other threads of the process: their own backends over the same memory (join.ts) --------------------
  /** For `joinBackend` in one other thread at a time; undefined where threads cannot share this memory. */
  link(): BackendLink | undefined;
  /** The buffer for other threads to view. It must be neither written nor freed while they do. */
  share(buffer: Buffer): SharedBuffer;
  /** A buffer to read from, over what the backend at the other end of the link shares. `free` only forgets it. */
  view(shared: SharedBuffer): Buffer;

  // ---- heavy kernels ------------------------------------------------------------------------------------
  matmul(a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void;
  /** y[n,e,f,m] = sum x * w */
  convForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void;
  convInputGradient(dy: Buffer, w: Buffer, dx: Buffer, shape: WindowShape): void;
  convWeightGradient(x: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void;
  /** y[n,e,f,m] = - sum |x - w|; padded positions take part with x = 0 (spec 4.1). */
  adderForward(x: Buffer, w: Buffer, y: Buffer, shape: WindowShape): void;
  /** dx = sum clamp(w - x, -1, 1) * dy (spec 4.1). */
  adderInputGradient(x: Buffer, w: Buffer, dy: Buffer, dx: Buffer, shape: WindowShape): void;
  /** dw = sum (x - w) * dy, padded positions included with x = 0 (spec 4.1). */
  adderWeightGradient(x: Buffer, w: Buffer, dy: Buffer, dw: Buffer, shape: WindowShape): void;

  // ---- normalisation, softmax, loss, pooling ------------------------------------------------------------
  /** Per channel of x [rows, channels]: mean and biased variance. */
  batchStatistics(x: Buffer, mean: Buffer, variance: Buffer, rows: number, channels: number): void;
  /** y = act(gamma * (x - mean) / sqrt(variance + eps) + beta [+ residual]) */
  batchNormForward(
    x: Buffer,
    mean: Buffer,
    variance: Buffer,
    gamma: Buffer,
    beta: Buffer,
    residual: Buffer | null,
    y: Buffer,
    shape: BatchNormShape,
  ): void;
  /**
   * Gradients of batchNormForward; `throughStatistics` when mean and variance came from this x. The activation's mask
   * is where y > 0; y may be null where nothing was added, for x and beta tell it without reading another tensor.
   * dresidual may be null. dgamma, dbeta are overwritten.
   */
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
  ): void;
  /** Per row of x [rows, columns]: y = gamma * (x - mean) / sqrt(variance + eps) + beta; keeps mean, 1/deviation. */
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
  ): void;
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
  ): void;
  /** Rows of x [rows, columns]: y = softmax(scale * x + mask); mask is [rows % maskRows, columns] or null. */
  softmaxForward(
    x: Buffer,
    mask: Buffer | null,
    y: Buffer,
    rows: number,
    columns: number,
    maskRows: number,
    scale: number,
  ): void;
  softmaxBackward(y: Buffer, dy: Buffer, dx: Buffer, rows: number, columns: number, scale: number): void;
  /** Cross-entropy with soft targets [rows, classes]: losses [rows], and dlogits = softmax * sum(targets) - targets. */
  crossEntropy(
    logits: Buffer,
    targets: Buffer,
    losses: Buffer,
    dlogits: Buffer,
    rows: number,
    classes: number,
  ): void;
  /**
   * Cross-entropy with one label a row, smoothed: losses = (1 - s) * nll + s / classes * sum of -log p, likelihoods = nll,
   * where nll = -log p[label]; dlogits = factor * gradient of the loss. logits [rows, classes], labels int32 [rows]. A
   * label below 0 asks for nothing: losses, likelihoods and gradient are 0. dlogits may be null, or logits itself.
   */
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
  ): void;
  /**
   * The k largest of each row of logits [rows, columns], best first, equal ones by lower index: their log-softmax in
   * values [rows, k], their columns in indices int32 [rows, k]. NaN counts as -Infinity; k <= columns.
   */
  topLogProbabilities(
    logits: Buffer,
    values: Buffer,
    indices: Buffer,
    rows: number,
    columns: number,
    k: number,
  ): void;
  /** Average (padding not counted) or maximum over windows; the maximum also writes the flat input index. */
  poolForward(kind: 'average' | 'max', x: Buffer, y: Buffer, index: Buffer | null, shape: WindowShape): void;
  poolBackward(
    kind: 'average' | 'max',
    dy: Buffer,
    index: Buffer | null,
    dx: Buffer,
    shape: WindowShape,
  ): void;

  // ---- sentences ----------------------------------------------------------------------------------------
  /**
   * y = dropped(softmax(scale * q k')) v, head by head. q, y [n, queries, heads * width]; k, v [n, keyRows, heads * width];
   * lengths int32 [n]: keys of each sentence that are seen, null for all. statistics [n, heads, queries]: the logarithm of
   * the sum of exponentials, which is all that the backward pass needs. A query that sees nothing gets 0, and -Infinity;
   * what it does not see reaches nothing of it, infinity and NaN included, in both passes.
   * Weight j of row r = (sentence * heads + head) * queries + query is drawn by word j % 2 of the Threefry block
   * (r, floor(j / 2)) under `key`, as `random` makes uniform numbers; it is kept, times 1 / (1 - drop), above `drop`.
   */
  attentionForward(
    q: Buffer,
    k: Buffer,
    v: Buffer,
    lengths: Buffer | null,
    y: Buffer,
    statistics: Buffer,
    shape: AttentionShape,
    key: readonly [number, number],
  ): void;
  /** All rows of dq, dk and dv are overwritten; those of keys that nobody sees with 0. */
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
  ): void;
  /** x [n, t, c], w [heads, k], y [n, e, c]: y = sum x * w, or - sum |x - w|. */
  filterForward(kind: FilterKind, x: Buffer, w: Buffer, y: Buffer, shape: FilterShape): void;
  /** dx = sum w * dy, or sum clamp(w - x, -1, 1) * dy (spec 4.1). */
  filterInputGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dx: Buffer,
    shape: FilterShape,
  ): void;
  /** dw = sum x * dy, or sum (x - w) * dy, rows outside included with x = 0 (spec 4.1). */
  filterWeightGradient(
    kind: FilterKind,
    x: Buffer,
    w: Buffer,
    dy: Buffer,
    dw: Buffer,
    shape: FilterShape,
  ): void;

  // ---- light kernels ------------------------------------------------------------------------------------
  unary(op: UnaryOp, x: Buffer, y: Buffer, length: number, p?: number, q?: number): void;
  /** dx = f'(x) * dy, where y = f(x). */
  unaryGradient(
    op: UnaryOp,
    x: Buffer,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
    length: number,
    p?: number,
    q?: number,
  ): void;
  binary(
    op: BinaryOp,
    a: Buffer,
    b: Buffer,
    y: Buffer,
    outer: number,
    inner: number,
    broadcast: Broadcast,
  ): void;
  /** y = y + alpha * x */
  axpy(x: Buffer, y: Buffer, length: number, alpha: number): void;
  fill(y: Buffer, value: number): void;
  /** x seen as [outer, axis, inner], y is [outer, inner]. */
  reduce(op: ReduceOp, x: Buffer, y: Buffer, outer: number, axis: number, inner: number): void;
  /** y takes x's axes in the given order; at most six axes. */
  permute(x: Buffer, y: Buffer, shape: readonly number[], axes: readonly number[]): void;
  /** `rows` pieces of `columns` elements between strided places (slice, concatenate, pad). */
  copyBlocks(
    x: Buffer,
    y: Buffer,
    rows: number,
    columns: number,
    from: { readonly offset: number; readonly stride: number },
    to: { readonly offset: number; readonly stride: number },
    accumulate: boolean,
  ): void;
  /**
   * y[i] = table[index[i]], rows of `columns`. An index of no row is an error: at once where indices can be seen, from
   * the next `read` where they are on a device. So are labels and lengths of other kernels.
   */
  gatherRows(table: Buffer, index: Buffer, y: Buffer, rows: number, columns: number): void;
  /** table[index[i]] += x[i], in the order of i. */
  scatterAddRows(x: Buffer, index: Buffer, table: Buffer, rows: number, columns: number): void;
  /**
   * The released transformation T (spec 5.3): bins of equal width over [min x, max x], y = slopes[bin] * x.
   * `closed`: the maximum belongs to the last bin; open, as released, it maps to 0.
   */
  piecewiseForward(
    x: Buffer,
    slopes: Buffer,
    y: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void;
  piecewiseBackward(
    x: Buffer,
    slopes: Buffer,
    dy: Buffer,
    dx: Buffer,
    dslopes: Buffer,
    length: number,
    pieces: number,
    closed: boolean,
  ): void;
  /** Counter-based draws (Threefry): element i depends on key and i alone. uniform in [0,1), or standard normal. */
  random(kind: 'uniform' | 'normal', y: Buffer, key: readonly [number, number]): void;

  /** y = x times 1 / (1 - rate) where element i of the uniform draws under `key` is above `rate`, times 0 elsewhere. */
  dropout(x: Buffer, y: Buffer, length: number, rate: number, key: readonly [number, number]): void;

  // ---- optimisers ---------------------------------------------------------------------------------------
  sgdStep(w: Buffer, g: Buffer, velocity: Buffer, length: number, shape: SgdShape): void;
  adamStep(w: Buffer, g: Buffer, first: Buffer, second: Buffer, length: number, shape: AdamShape): void;

  /** Waits for everything launched. */
  finish(): Promise<void>;
  /** Gives memory and threads back; the backend is unusable afterwards. */
  dispose(): void;
}
