/**
 * What every backend looks at before a kernel is launched: that sizes are whole numbers, agree with each other
 * and fit into the buffers they describe. Behind these checks kernels trust their arguments, so a wrong shape
 * ends in a sentence and never in a memory fault. Only arithmetic, no allocation: it costs nanoseconds.
 */
import { internal, ShiftAddError } from '../core/errors.ts';
import { windowOutput } from '../core/shapes.ts';
import { POOL } from './abi.ts';
import type { Broadcast, Buffer, DataType, MatmulShape, WindowShape } from './backend.ts';

const LARGEST_EXTENT = 2 ** 31;
const LARGEST_PRODUCT = 2 ** 40;
const MOST_AXES = 6;
/** A longer stride is a mistake, unless an image or window is as long. */
const LONG_STRIDE = 64;

function reject(kernel: string, sentence: string): never {
  throw new ShiftAddError('shape', `${kernel}: ${sentence}`, { kernel });
}

/** A size: a non-negative integer below 2^31. */
export function checkExtent(kernel: string, name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value < LARGEST_EXTENT)) {
    reject(kernel, `${name} must be a whole number from 0 to 2^31 - 1, but is ${value}`);
  }
}

/**
 * Elements of up to four extents, below 2^40. That holds for an empty tensor's other extents as well: kernels
 * multiply them in an order of their own, and 64 bits must be enough for each of those products.
 */
export function product(kernel: string, a: number, b: number, c = 1, d = 1): number {
  checkExtent(kernel, 'a size', a);
  checkExtent(kernel, 'a size', b);
  checkExtent(kernel, 'a size', c);
  checkExtent(kernel, 'a size', d);
  if ((a || 1) * (b || 1) * (c || 1) * (d || 1) >= LARGEST_PRODUCT) {
    reject(kernel, `a tensor has fewer than 2^40 elements, but ${a} x ${b} x ${c} x ${d} were asked for`);
  }
  return a * b * c * d;
}

/** The option is one of those that the table numbers. */
export function checkOption(
  kernel: string,
  name: string,
  table: Readonly<Record<string, number>>,
  value: string,
): void {
  if (!Object.hasOwn(table, value)) {
    reject(kernel, `${name} must be one of ${Object.keys(table).join(', ')}, but is ${value}`);
  }
}

/** The buffer is of the type and holds at least `length` elements. */
export function checkBuffer(
  kernel: string,
  name: string,
  buffer: Buffer,
  length: number,
  type: DataType = 'float32',
): void {
  if (buffer === null || buffer === undefined) internal(`${kernel} needs ${name}, but got none`, { kernel });
  if (buffer.type !== type) {
    internal(`${kernel} needs ${name} as ${type}, but was given ${buffer.type}`, { kernel });
  }
  if (buffer.length < length) {
    reject(kernel, `${name} needs ${length} elements, but its buffer has ${buffer.length}`);
  }
}

/** A tensor of a group: each of its buffers holds `length` floats. */
export function checkPart(kernel: string, length: number, buffers: Readonly<Record<string, Buffer>>): void {
  checkExtent(kernel, 'length', length);
  for (const name in buffers) checkBuffer(kernel, name, buffers[name], length);
}

function checkWindow(kernel: string, shape: WindowShape): void {
  const { h, w, c, r, s, m, stride, pad, groups, e, f } = shape;
  for (const key of WINDOW_KEYS) checkExtent(kernel, key, shape[key]);
  if (stride < 1 || r < 1 || s < 1 || groups < 1) {
    reject(kernel, `stride, groups and window are at least 1, but are ${stride}, ${groups}, ${r} x ${s}`);
  }
  if (c % groups !== 0 || m % groups !== 0) {
    reject(kernel, `groups must divide the channels, but ${groups} does not divide ${c} and ${m}`);
  }
  // A pass over every residue modulo the stride is what the gradient of the input takes.
  const longest = Math.max(LONG_STRIDE, h, w, r, s);
  if (stride > longest) reject(kernel, `stride must be at most ${longest} here, but is ${stride}`);
  const rows = windowOutput(h, r, stride, pad);
  const columns = windowOutput(w, s, stride, pad);
  if (e !== rows || f !== columns) {
    reject(
      kernel,
      `a ${r} x ${s} window over ${h} x ${w} with stride ${stride} and padding ${pad} gives ` +
        `${rows} x ${columns}, but the shape says ${e} x ${f}`,
    );
  }
}

const WINDOW_KEYS = ['n', 'h', 'w', 'c', 'r', 's', 'm', 'stride', 'pad', 'groups', 'e', 'f'] as const;

/** x [n, h, w, c], w [r, s, c / groups, m], y [n, e, f, m] of a convolution or adder kernel; null is not there. */
export function checkConvolution(
  kernel: string,
  shape: WindowShape,
  image: Buffer | null,
  secondImage: Buffer | null,
  filter: Buffer | null,
  secondFilter: Buffer | null,
  output: Buffer,
): void {
  checkWindow(kernel, shape);
  const input = product(kernel, shape.n, shape.h, shape.w, shape.c);
  const weights = product(kernel, shape.r, shape.s, shape.c / shape.groups, shape.m);
  if (image !== null) checkBuffer(kernel, 'x', image, input);
  if (secondImage !== null) checkBuffer(kernel, 'dx', secondImage, input);
  if (filter !== null) checkBuffer(kernel, 'w', filter, weights);
  if (secondFilter !== null) checkBuffer(kernel, 'dw', secondFilter, weights);
  checkBuffer(kernel, 'y', output, product(kernel, shape.n, shape.e, shape.f, shape.m));
}

/** A pooling window lies at least partly over the image: the maximum and the count of nothing are undefined. */
export function checkPool(
  kernel: string,
  kind: 'average' | 'max',
  shape: WindowShape,
  input: Buffer,
  output: Buffer,
  index: Buffer | null,
): void {
  checkOption(kernel, 'kind', POOL, kind);
  checkWindow(kernel, shape);
  if (shape.m !== shape.c) {
    reject(kernel, `pooling keeps the channels, but the shape says ${shape.c} in and ${shape.m} out`);
  }
  const results = product(kernel, shape.n, shape.e, shape.f, shape.m);
  if (results > 0 && (shape.pad >= shape.r || shape.pad >= shape.s || shape.h === 0 || shape.w === 0)) {
    reject(
      kernel,
      `every window must touch the image, but a ${shape.r} x ${shape.s} window with padding ${shape.pad} ` +
        `over ${shape.h} x ${shape.w} can lie in padding alone`,
    );
  }
  const places = product(kernel, shape.n, shape.h, shape.w, shape.c);
  checkBuffer(kernel, 'x', input, places);
  checkBuffer(kernel, 'y', output, results);
  if (kind === 'max') {
    if (index === null) reject(kernel, 'max pooling needs a buffer for the indices, but got null');
    if (places >= LARGEST_EXTENT) {
      reject(kernel, `max pooling names places by int32, so x has fewer than 2^31, but it has ${places}`);
    }
    checkBuffer(kernel, 'index', index, results, 'int32');
  }
}

export function checkMatmul(a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void {
  checkBuffer('matmul', 'a', a, product('matmul', shape.batch, shape.m, shape.k));
  checkBuffer('matmul', 'b', b, product('matmul', shape.batch, shape.k, shape.n));
  checkBuffer('matmul', 'y', y, product('matmul', shape.batch, shape.m, shape.n));
}

/** Elements of b under a broadcast over [outer, inner]. */
export function broadcastLength(broadcast: Broadcast, outer: number, inner: number): number {
  if (broadcast === 'same') return outer * inner;
  if (broadcast === 'row') return inner;
  return broadcast === 'column' ? outer : 1;
}

/** Elements of a permuted tensor. */
export function checkPermutation(shape: readonly number[], axes: readonly number[]): number {
  if (shape.length > MOST_AXES || axes.length !== shape.length) {
    reject('permute', `at most ${MOST_AXES} axes, each once, but got [${axes}] for shape [${shape}]`);
  }
  let [size, extents, seen] = [1, 1, 0];
  for (let i = 0; i < axes.length; i++) {
    const axis = axes[i];
    if (!(Number.isInteger(axis) && axis >= 0 && axis < axes.length) || (seen & (1 << axis)) !== 0) {
      reject('permute', `axes must be an order of 0..${axes.length - 1}, but are [${axes}]`);
    }
    seen |= 1 << axis;
    checkExtent('permute', 'a size', shape[i]);
    size *= shape[i];
    extents *= shape[i] || 1;
  }
  if (extents >= LARGEST_PRODUCT) {
    reject('permute', `a tensor has fewer than 2^40 elements, but [${shape}] were asked for`);
  }
  return size;
}

/** Blocks stay inside their buffer; strides and offsets may not be negative. */
export function checkBlocks(
  name: string,
  buffer: Buffer,
  rows: number,
  columns: number,
  offset: number,
  stride: number,
): void {
  const size = product('copyBlocks', rows, columns);
  checkExtent('copyBlocks', `${name}'s offset`, offset);
  checkExtent('copyBlocks', `${name}'s stride`, stride);
  checkBuffer('copyBlocks', name, buffer, size === 0 ? 0 : offset + (rows - 1) * stride + columns);
}

/** Indices name rows of a table of `length / columns` rows (elements, where columns is 1). */
export function checkIndices(
  kernel: string,
  indices: Int32Array,
  rows: number,
  columns: number,
  length: number,
): void {
  const limit = columns === 0 ? LARGEST_EXTENT : Math.floor(length / columns);
  for (let i = 0; i < rows; i++) {
    if (indices[i] < 0 || indices[i] >= limit) {
      reject(kernel, `index ${i} must name one of ${limit} places, but is ${indices[i]}`);
    }
  }
}

/** Data to be written fits into the buffer. */
export function checkWrite(buffer: Buffer, length: number, offset: number): void {
  if (buffer === null || buffer === undefined) internal('write needs a buffer, but got none');
  checkExtent('write', 'offset', offset);
  if (offset + length > buffer.length) {
    reject('write', `${length} values at ${offset} do not fit into a buffer of ${buffer.length}`);
  }
}

/** A scalar the kernel divides by or counts with. */
export function checkPositive(kernel: string, name: string, value: number): void {
  checkExtent(kernel, name, value);
  if (value === 0) reject(kernel, `${name} must be at least 1, but is 0`);
}
