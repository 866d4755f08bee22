/** The sizes of a window moved over an image, worked out once from a tensor, a weight and options. */
import type { WindowShape } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { type Shape, showShape, windowOutput } from '../core/shapes.ts';

export interface WindowOptions {
  /** Step of the window in both directions; 1 by default. */
  readonly stride?: number;
  /** Zero padding on all four sides; 0 by default. */
  readonly pad?: number;
  /** 1 dense (the default), c depthwise. */
  readonly groups?: number;
}

/**
 * Sizes for x [n, h, w, c] and a weight [r, s, c / groups, m]; the output is [n, e, f, m].
 *
 * @throws ShiftAddError 'shape' when channels and groups do not fit or the window is larger than the padded image.
 */
export function windowShape(x: Shape, weight: Shape, options: WindowOptions): WindowShape {
  const { stride = 1, pad = 0, groups = 1 } = options;
  const [n, h, w, c] = x;
  const [r, s, perGroup, m] = weight;
  const e = windowOutput(h, r, stride, pad);
  const f = windowOutput(w, s, stride, pad);
  require_(
    x.length === 4 && weight.length === 4 && perGroup * groups === c && m % groups === 0 && e > 0 && f > 0,
    'shape',
    () =>
      `a weight [r, s, c / groups, m] must fit an image [n, h, w, c], got weight ${showShape(weight)}, image ` +
      `${showShape(x)}, groups ${groups}, stride ${stride}, padding ${pad}`,
  );
  return { n, h, w, c, r, s, m, stride, pad, groups, e, f };
}

export const outputOf = (shape: WindowShape): Shape => [shape.n, shape.e, shape.f, shape.m];
export const inputSize = (shape: WindowShape): number => shape.n * shape.h * shape.w * shape.c;
export const outputSize = (shape: WindowShape): number => shape.n * shape.e * shape.f * shape.m;
export const weightSize = (shape: WindowShape): number =>
  (shape.r * shape.s * shape.c * shape.m) / shape.groups;
