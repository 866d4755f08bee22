/** Convolution (cross-correlation) of images. */
import type { Tensor } from './graph.ts';
import { inputSize, outputOf, outputSize, type WindowOptions, weightSize, windowShape } from './window.ts';

/** y[n, e, f, m] = sum of x * weight over each window. x: [n, h, w, c], weight: [r, s, c / groups, m]. */
export function conv2d(x: Tensor, weight: Tensor, options: WindowOptions = {}): Tensor {
  const { graph } = x;
  const { backend } = graph;
  const shape = windowShape(x.shape, weight.shape, options);
  const y = backend.allocate(outputSize(shape));
  backend.convForward(x.buffer, weight.buffer, y, shape);
  return graph.record(outputOf(shape), y, [x, weight], (dy) => {
    const dx = x.needsGradient ? backend.allocate(inputSize(shape)) : null;
    const dw = weight.needsGradient ? backend.allocate(weightSize(shape)) : null;
    if (dx !== null) backend.convInputGradient(dy, weight.buffer, dx, shape);
    if (dw !== null) backend.convWeightGradient(x.buffer, dy, dw, shape);
    return [dx, dw];
  });
}
