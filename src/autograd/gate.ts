/**
 * A factor for every channel of every image: the product that squeeze-excite ends with.
 *
 *   y[n, h, w, c] = x[n, h, w, c] * gate[n, c]
 *   dx = dy * gate,   dgate[n, c] = sum over h, w of dy * x
 *
 * No broadcast of the backend repeats a factor between two axes that stay, so the gate is spread over a map first. That
 * map lives for one product: nothing of it is kept for the backward pass.
 */
import type { Backend, Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';
import { repeat } from './repeat.ts';

/**
 * x: [n, h, w, c], gate: [n, c] -> [n, h, w, c].
 *
 * @throws ShiftAddError 'shape' when the gate does not fit x
 */
export function gated(x: Tensor, gate: Tensor): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const [n, h, w, c] = shape;
  require_(
    shape.length === 4 && gate.shape.length === 2 && gate.shape[0] === n && gate.shape[1] === c,
    'shape',
    () =>
      `a gate for ${showShape(shape)} must have a factor for each image and channel, got ${showShape(gate.shape)}`,
  );
  const [positions, size] = [h * w, sizeOf(shape)];
  const y = scaled(backend, x.buffer, gate.buffer, n, positions, c);
  return graph.record(shape, y, [x, gate], (dy) => {
    const dx = x.needsGradient ? scaled(backend, dy, gate.buffer, n, positions, c) : null;
    if (!gate.needsGradient) return [dx, null];
    const product = backend.allocate(size);
    const dgate = backend.allocate(n * c);
    backend.binary('multiply', dy, x.buffer, product, 1, size, 'same');
    backend.reduce('sum', product, dgate, n, positions, c);
    backend.free(product);
    return [dx, dgate];
  });
}

/** x [images, positions, channels] times gate [images, channels]. */
function scaled(
  backend: Backend,
  x: Buffer,
  gate: Buffer,
  images: number,
  positions: number,
  channels: number,
): Buffer {
  const size = images * positions * channels;
  const spread = repeat(backend, gate, images, positions, channels);
  const y = backend.allocate(size);
  backend.binary('multiply', x, spread, y, 1, size, 'same');
  if (spread !== gate) backend.free(spread);
  return y;
}
