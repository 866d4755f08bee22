/**
 * A weight tensor brought to a given mean and deviation, so that what reads it does not inherit the drift of its
 * norm (weight-sharing evidence, section 6):
 *
 *   y = s * (w - mean) / sd + b     sd with n - 1; s the scale, b the offset
 *
 * This is batch normalisation of one channel, whose kernels run twice over the memory where the formula written out
 * runs eight times. Their deviation divides by n: gamma = s * sqrt((n - 1) / n). The derivative goes through mean and
 * deviation, and to s and b where they are learned.
 */
import type { Backend, Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

const EPSILON = 1e-16; // a constant tensor gives the offset, not a division by zero

/**
 * A tensor of the shape of w, which has at least two elements. `scale` (1 by default) and `offset` (0) are numbers, or
 * tensors of one element.
 */
export function standardise(w: Tensor, scale: Tensor | number = 1, offset: Tensor | number = 0): Tensor {
  const { graph, shape } = w;
  const { backend } = graph;
  const n = sizeOf(shape);
  require_(n > 1, 'shape', () => `a deviation needs at least two elements, got ${n}`);
  const unbiased = Math.sqrt((n - 1) / n);

  const mean = backend.allocate(1);
  const variance = backend.allocate(1);
  const gamma = scaled(backend, scale, unbiased);
  const beta = scaled(backend, offset, 1);
  const y = backend.allocate(n);
  const settings = { rows: n, channels: 1, epsilon: EPSILON, activation: 'none' } as const;
  backend.batchStatistics(w.buffer, mean, variance, n, 1);
  backend.batchNormForward(w.buffer, mean, variance, gamma, beta, null, y, settings);

  const learned = [scale, offset].filter((value) => typeof value !== 'number');
  return graph.record(shape, y, [w, ...learned], (dy) => {
    const dw = backend.allocate(n);
    const dgamma = backend.allocate(1);
    const dbeta = backend.allocate(1);
    backend.batchNormBackward(w.buffer, mean, variance, gamma, beta, null, dy, dw, dgamma, dbeta, null, {
      ...settings,
      throughStatistics: true,
    });
    const gradients = [dw];
    if (typeof scale !== 'number') gradients.push(times(backend, dgamma, unbiased));
    if (typeof offset !== 'number') gradients.push(dbeta);
    return gradients;
  });
}

/** factor * value, in a buffer of one element. */
function scaled(backend: Backend, value: Tensor | number, factor: number): Buffer {
  if (typeof value !== 'number') return times(backend, value.buffer, factor);
  const buffer = backend.allocate(1);
  backend.fill(buffer, value * factor);
  return buffer;
}

function times(backend: Backend, value: Buffer, factor: number): Buffer {
  if (factor === 1) return value;
  const product = backend.allocate(1);
  backend.unary('affine', value, product, 1, factor, 0);
  return product;
}
