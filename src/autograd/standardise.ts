/**
 * A weight tensor brought to mean 0 and deviation 1, so that what reads it does not inherit the drift of its
 * norm (weight-sharing evidence, section 6). The derivative goes through mean and deviation:
 *
 *   z  = (w - mean) / (sd + 1e-8),  sd with n - 1
 *   dw = (h - mean(h) - z * sum(h z) / (n - 1)) / (sd + 1e-8)      for the incoming gradient h
 */
import { require_ } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

const EPSILON = 1e-8;

/** z of the shape of w, which has at least two elements. */
export function standardise(w: Tensor): Tensor {
  const { graph, shape } = w;
  const { backend } = graph;
  const n = sizeOf(shape);
  require_(n > 1, 'shape', () => `a deviation needs at least two elements, got ${n}`);

  const total = backend.allocate(1);
  const mean = backend.allocate(1);
  const centred = backend.allocate(n);
  const squares = backend.allocate(1);
  const variance = backend.allocate(1);
  const sd = backend.allocate(1);
  const divisor = backend.allocate(1);
  const z = backend.allocate(n);
  backend.reduce('sum', w.buffer, total, 1, n, 1);
  backend.unary('affine', total, mean, 1, 1 / n, 0);
  backend.binary('subtract', w.buffer, mean, centred, 1, n, 'scalar');
  backend.reduce('sumSquares', centred, squares, 1, n, 1);
  backend.unary('affine', squares, variance, 1, 1 / (n - 1), 0);
  backend.unary('sqrt', variance, sd, 1);
  backend.unary('affine', sd, divisor, 1, 1, EPSILON);
  backend.binary('divide', centred, divisor, z, 1, n, 'scalar');

  return graph.record(shape, z, [w], (h) => {
    const sum = backend.allocate(1);
    const average = backend.allocate(1);
    const product = backend.allocate(n);
    const overlap = backend.allocate(1);
    const slope = backend.allocate(1);
    const along = backend.allocate(n);
    const level = backend.allocate(n);
    const across = backend.allocate(n);
    const dw = backend.allocate(n);
    backend.reduce('sum', h, sum, 1, n, 1);
    backend.unary('affine', sum, average, 1, 1 / n, 0);
    backend.binary('multiply', h, z, product, 1, n, 'same');
    backend.reduce('sum', product, overlap, 1, n, 1);
    backend.unary('affine', overlap, slope, 1, 1 / (n - 1), 0);
    backend.binary('multiply', z, slope, along, 1, n, 'scalar');
    backend.binary('subtract', h, average, level, 1, n, 'scalar');
    backend.binary('subtract', level, along, across, 1, n, 'same');
    backend.binary('divide', across, divisor, dw, 1, n, 'scalar');
    return [dw];
  });
}
