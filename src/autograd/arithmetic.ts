/**
 * Element-wise arithmetic of two tensors. The smaller one may be repeated in the three ways the backend knows:
 *
 *   a [n, h, w, c]   b [c] or [1, 1, 1, c]   'row'      a bias, a value per channel
 *                    b [n] or [n, 1, 1, 1]   'column'   a value per image
 *                    b [1] or []             'scalar'
 *
 * The gradient of what was repeated is the sum over the repetitions.
 */
import type { Backend, BinaryOp, Broadcast, Buffer } from '../backends/backend.ts';
import { ShiftAddError } from '../core/errors.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export { scale } from './unary.ts';

/** How b meets a: its kind, and a seen as [outer, inner]. */
interface Meeting {
  readonly broadcast: Broadcast;
  readonly outer: number;
  readonly inner: number;
}

/** Where both 'row' and 'column' would fit (a [c, c], b [c]) it is a row; write [c, 1] to mean a column. */
function meet(a: Shape, b: Shape): Meeting | null {
  const size = sizeOf(a);
  if (sameShape(a, b)) return { broadcast: 'same', outer: 1, inner: size };
  const inner = sizeOf(b);
  if (inner === 1) return { broadcast: 'scalar', outer: 1, inner: size };
  let first = 0;
  while (first < b.length && b[first] === 1) first++;
  const suffix = b.slice(first);
  if (suffix.length <= a.length && sameShape(a.slice(a.length - suffix.length), suffix)) {
    return { broadcast: 'row', outer: size / inner, inner };
  }
  let last = b.length;
  while (last > 0 && b[last - 1] === 1) last--;
  const prefix = b.slice(0, last);
  if (prefix.length <= a.length && sameShape(a.slice(0, prefix.length), prefix)) {
    return { broadcast: 'column', outer: inner, inner: size / inner };
  }
  return null;
}

function run(backend: Backend, op: BinaryOp, a: Buffer, b: Buffer, meeting: Meeting): Buffer {
  const y = backend.allocate(meeting.outer * meeting.inner);
  backend.binary(op, a, b, y, meeting.outer, meeting.inner, meeting.broadcast);
  return y;
}

/** Sums [outer, inner] to the shape of what was repeated; `g` itself when nothing was. */
function collapse(backend: Backend, g: Buffer, { broadcast, outer, inner }: Meeting): Buffer {
  if (broadcast === 'same') return g;
  const rows = broadcast === 'column' ? outer : 1;
  const columns = broadcast === 'row' ? inner : 1;
  const sum = backend.allocate(rows * columns);
  backend.reduce('sum', g, sum, rows, (outer * inner) / (rows * columns), columns);
  return sum;
}

/** `collapse` of a buffer nobody else reads: it is freed when it was summed. */
function collapseOwn(backend: Backend, g: Buffer, meeting: Meeting): Buffer {
  const sum = collapse(backend, g, meeting);
  if (sum !== g) backend.free(g);
  return sum;
}

function negated(backend: Backend, x: Buffer, length: number): Buffer {
  const y = backend.allocate(length);
  backend.unary('negate', x, y, length);
  return y;
}

function binary(op: 'add' | 'subtract' | 'multiply' | 'divide', a: Tensor, b: Tensor): Tensor {
  const { graph, shape } = a;
  const { backend } = graph;
  const meeting = meet(shape, b.shape);
  if (meeting === null) {
    if ((op === 'add' || op === 'multiply') && meet(b.shape, shape) !== null) return binary(op, b, a);
    throw new ShiftAddError(
      'shape',
      `${op} needs equal shapes, or a second one that repeats along the first or last axes of the first; got ` +
        `${showShape(shape)} and ${showShape(b.shape)}`,
    );
  }
  const y = run(backend, op, a.buffer, b.buffer, meeting);
  const flat: Meeting = { broadcast: 'same', outer: 1, inner: sizeOf(shape) };
  return graph.record(shape, y, [a, b], (dy) => {
    let da: Buffer | null = null;
    let db: Buffer | null = null;
    const size = sizeOf(b.shape);
    switch (op) {
      case 'add':
        da = dy;
        if (b.needsGradient) db = collapse(backend, dy, meeting);
        break;
      case 'subtract':
        da = dy;
        if (b.needsGradient) db = negated(backend, collapse(backend, dy, meeting), size);
        break;
      case 'multiply':
        if (a.needsGradient) da = run(backend, 'multiply', dy, b.buffer, meeting);
        if (b.needsGradient) db = collapseOwn(backend, run(backend, 'multiply', dy, a.buffer, flat), meeting);
        break;
      case 'divide':
        if (a.needsGradient) da = run(backend, 'divide', dy, b.buffer, meeting);
        if (b.needsGradient) {
          // d(a / b) / db = -y / b, and 1 / b is the same for all that is summed
          const sum = collapseOwn(backend, run(backend, 'multiply', dy, y, flat), meeting);
          const own: Meeting = { broadcast: 'same', outer: 1, inner: size };
          db = negated(backend, run(backend, 'divide', sum, b.buffer, own), size);
        }
        break;
      default:
        op satisfies never;
    }
    return [da, db];
  });
}

/** a + b; either may be the repeated one. Result: the larger shape. */
export const add = (a: Tensor, b: Tensor): Tensor => binary('add', a, b);
/** a - b; b may be repeated. */
export const subtract = (a: Tensor, b: Tensor): Tensor => binary('subtract', a, b);
/** a * b element by element; either may be the repeated one. */
export const multiply = (a: Tensor, b: Tensor): Tensor => binary('multiply', a, b);
/** a / b element by element; b may be repeated. */
export const divide = (a: Tensor, b: Tensor): Tensor => binary('divide', a, b);
