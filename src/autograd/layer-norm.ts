/** Layer normalisation: every row by its own mean and variance. */
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta along the last axis of x [..., c]; gamma, beta: [c]. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const columns = shape[shape.length - 1];
  const rows = sizeOf(shape) / columns;
  require_(
    sizeOf(gamma.shape) === columns && sizeOf(beta.shape) === columns,
    'shape',
    () =>
      `layer norm of ${showShape(shape)} needs gamma and beta [${columns}], got ${showShape(gamma.shape)}`,
  );
  const y = backend.allocate(rows * columns);
  const mean = backend.allocate(rows);
  const inverse = backend.allocate(rows);
  backend.layerNormForward(x.buffer, gamma.buffer, beta.buffer, y, mean, inverse, rows, columns, epsilon);
  return graph.record(shape, y, [x, gamma, beta], (dy) => {
    const dx = backend.allocate(rows * columns);
    const dgamma = backend.allocate(columns);
    const dbeta = backend.allocate(columns);
    backend.layerNormBackward(x.buffer, gamma.buffer, mean, inverse, dy, dx, dgamma, dbeta, rows, columns);
    return [dx, dgamma, dbeta];
  });
}
