/**
 * The adder layer: a window answers with minus its L1 distance to the filter, so no product is formed
 * (AdderNet; spec 4.1). Its gradients are not the derivative, which would be a sign and forget how far apart
 * the two are:
 *
 *   weight   dw = sum (x - w) * g               "full precision"
 *   input    dx = sum clamp(w - x, -1, 1) * g   clipped, or it would grow from layer to layer
 *
 * Padded positions take part with x = 0, forward and in dw.
 */
import type { Tensor } from './graph.ts';
import { inputSize, outputOf, outputSize, type WindowOptions, weightSize, windowShape } from './window.ts';

/** y[n, e, f, m] = - sum |x - weight| over each window. x: [n, h, w, c], weight: [r, s, c / groups, m]. */
export function adder2d(x: Tensor, weight: Tensor, options: WindowOptions = {}): Tensor {
  const { graph } = x;
  const { backend } = graph;
  const shape = windowShape(x.shape, weight.shape, options);
  const y = backend.allocate(outputSize(shape));
  backend.adderForward(x.buffer, weight.buffer, y, shape);
  return graph.record(outputOf(shape), y, [x, weight], (dy) => {
    const dx = x.needsGradient ? backend.allocate(inputSize(shape)) : null;
    const dw = weight.needsGradient ? backend.allocate(weightSize(shape)) : null;
    if (dx !== null) backend.adderInputGradient(x.buffer, weight.buffer, dy, dx, shape);
    if (dw !== null) backend.adderWeightGradient(x.buffer, weight.buffer, dy, dw, shape);
    return [dx, dw];
  });
}
