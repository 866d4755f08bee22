/** Averages and maxima over windows. */
import type { WindowShape } from '../backends/backend.ts';
import type { Tensor } from './graph.ts';
import { reshape } from './reshape.ts';
import { inputSize, outputOf, outputSize, windowShape } from './window.ts';

export interface PoolOptions {
  /** Window rows and columns. */
  readonly kernel: number;
  /** Equal to `kernel` by default. */
  readonly stride?: number;
  readonly pad?: number;
}

function sizes(x: Tensor, { kernel, stride = kernel, pad = 0 }: PoolOptions): WindowShape {
  const c = x.shape[3];
  // a window without weights is a depthwise one as far as sizes go
  return windowShape(x.shape, [kernel, kernel, 1, c], { stride, pad, groups: c });
}

function average(x: Tensor, shape: WindowShape): Tensor {
  const { backend } = x.graph;
  const y = backend.allocate(outputSize(shape));
  backend.poolForward('average', x.buffer, y, null, shape);
  return x.graph.record(outputOf(shape), y, [x], (dy) => {
    const dx = backend.allocate(inputSize(shape));
    backend.poolBackward('average', dy, null, dx, shape);
    return [dx];
  });
}

/** Mean over each window of x [n, h, w, c]; padded positions are not counted. */
export const averagePool = (x: Tensor, options: PoolOptions): Tensor => average(x, sizes(x, options));

/** Mean over all positions: [n, h, w, c] -> [n, c]. */
export function globalAveragePool(x: Tensor): Tensor {
  const [n, h, w, c] = x.shape;
  const shape = windowShape(x.shape, [h, w, 1, c], { groups: c });
  return reshape(average(x, shape), [n, c]);
}

/** Maximum over each window of x [n, h, w, c]; its gradient goes to the position that held it. */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  const { backend } = x.graph;
  const shape = sizes(x, options);
  const y = backend.allocate(outputSize(shape));
  const index = backend.allocate(outputSize(shape), 'int32');
  backend.poolForward('max', x.buffer, y, index, shape);
  return x.graph.record(outputOf(shape), y, [x], (dy) => {
    const dx = backend.allocate(inputSize(shape));
    backend.poolBackward('max', dy, index, dx, shape);
    return [dx];
  });
}
