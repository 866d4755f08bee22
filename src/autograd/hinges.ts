/**
 * What a line cut at fixed knots can do. Knots t_1 < ... < t_p cut the real line into p + 1 pieces, the outer two
 * unbounded, and piece k contributes
 *
 *   r_k(x) = clamp(x, t_k, t_k+1) - clamp(0, t_k, t_k+1)       so that the r_k of all pieces sum to x
 *
 * `bend` weighs them by slopes: the continuous piecewise linear map through the origin with these slopes, monotone
 * where they are positive. `pieceMeans` averages them over a tensor: by them a distribution can be compared with
 * another, for the mean of r_k is the integral of 1 - F (right of 0) or of -F (left of 0) over the piece.
 */
import type { Backend, Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** Stands for infinity: far beyond any weight, and a float32. */
const FAR = 1e30;

interface Piece {
  readonly low: number;
  readonly high: number;
  /** The point of the piece nearest to 0. */
  readonly origin: number;
}

function piecesOf(knots: readonly number[]): Piece[] {
  require_(
    knots.length > 0 && knots.every((knot, i) => i === 0 || knots[i - 1] < knot),
    'usage',
    () => `knots must rise, got ${knots.join(', ')}`,
  );
  const ends = [-FAR, ...knots, FAR];
  return ends.slice(1).map((high, i) => {
    const low = ends[i];
    return { low, high, origin: Math.min(high, Math.max(low, 0)) };
  });
}

/** y = r_k(x) of one piece. */
function contribution(backend: Backend, x: Buffer, y: Buffer, n: number, { low, high, origin }: Piece): void {
  backend.unary('clamp', x, y, n, low, high);
  if (origin !== 0) backend.unary('affine', y, y, n, 1, -origin);
}

const at = (offset: number) => ({ offset, stride: 1 });

/** One number from a place of `from` to a place of `to`. */
function pick(backend: Backend, from: Buffer, offset: number, to: Buffer, place: number): void {
  backend.copyBlocks(from, to, 1, 1, at(offset), at(place), false);
}

/** total += factor * [x in the piece] * dy; `factor` is [1], `work` is overwritten. */
function addInside(
  backend: Backend,
  { x, dy, total, work, factor }: Record<'x' | 'dy' | 'total' | 'work' | 'factor', Buffer>,
  n: number,
  { low, high }: Piece,
): void {
  backend.unaryGradient('clamp', x, x, dy, work, n, low, high);
  backend.binary('multiply', work, factor, work, 1, n, 'scalar');
  backend.axpy(work, total, n, 1);
}

/** y = sum over k of slopes[k] * r_k(x). x: any shape; slopes: [knots.length + 1]; y: the shape of x. */
export function bend(x: Tensor, slopes: Tensor, knots: readonly number[]): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const n = sizeOf(shape);
  const pieces = piecesOf(knots);
  require_(
    sizeOf(slopes.shape) === pieces.length,
    'shape',
    () => `${knots.length} knots need ${pieces.length} slopes, got ${showShape(slopes.shape)}`,
  );
  const y = backend.allocate(n);
  const part = backend.allocate(n);
  const slope = backend.allocate(1);
  backend.fill(y, 0);
  for (const [k, piece] of pieces.entries()) {
    contribution(backend, x.buffer, part, n, piece);
    pick(backend, slopes.buffer, k, slope, 0);
    backend.binary('multiply', part, slope, part, 1, n, 'scalar');
    backend.axpy(part, y, n, 1);
  }
  backend.free(part);
  return graph.record(shape, y, [x, slopes], (dy) => {
    const dx = backend.allocate(n);
    const dslopes = backend.allocate(pieces.length);
    const work = backend.allocate(n);
    const one = backend.allocate(1);
    backend.fill(dx, 0);
    for (const [k, piece] of pieces.entries()) {
      contribution(backend, x.buffer, work, n, piece);
      backend.binary('multiply', work, dy, work, 1, n, 'same');
      backend.reduce('sum', work, one, 1, n, 1);
      pick(backend, one, 0, dslopes, k);
      if (!x.needsGradient) continue;
      pick(backend, slopes.buffer, k, one, 0);
      addInside(backend, { x: x.buffer, dy, total: dx, work, factor: one }, n, piece);
    }
    backend.free(work);
    backend.free(one);
    return [dx, dslopes];
  });
}

/** The mean over x of every r_k: [knots.length + 1]. */
export function pieceMeans(x: Tensor, knots: readonly number[]): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const n = sizeOf(shape);
  const pieces = piecesOf(knots);
  const y = backend.allocate(pieces.length);
  const part = backend.allocate(n);
  const mean = backend.allocate(1);
  for (const [k, piece] of pieces.entries()) {
    contribution(backend, x.buffer, part, n, piece);
    backend.reduce('sum', part, mean, 1, n, 1);
    backend.unary('affine', mean, mean, 1, 1 / n, 0);
    pick(backend, mean, 0, y, k);
  }
  backend.free(part);
  return graph.record([pieces.length], y, [x], (dy) => {
    const dx = backend.allocate(n);
    const share = backend.allocate(n);
    const work = backend.allocate(n);
    const factor = backend.allocate(1);
    backend.fill(dx, 0);
    backend.fill(share, 1 / n);
    for (const [k, piece] of pieces.entries()) {
      pick(backend, dy, k, factor, 0);
      addInside(backend, { x: x.buffer, dy: share, total: dx, work, factor }, n, piece);
    }
    backend.free(share);
    backend.free(work);
    backend.free(factor);
    return [dx];
  });
}
