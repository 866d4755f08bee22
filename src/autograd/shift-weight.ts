/**
 * The shift layer's weight made from two latent tensors, an exponent and a sign (DeepShift-PS; spec 4.2):
 *
 *   w  = sign(p) * 2^round(clamp(s, lowest, 0))   sign(p) = 0 where |p| <= threshold
 *   ds = dw * w * ln 2                            the chain rule of the power, straight through round and clamp
 *   dp = dw                                       not times 2^s, or signs of small weights would never learn
 */
import { require_ } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export interface ShiftWeightOptions {
  /** Smallest exponent, -(2^(bits - 1) - 2): -14 (the default) for weights of 5 bits. */
  readonly lowest?: number;
  /** Half width of the band of p that means zero; 0.5 is rounding p, 0.3 is what the released supernet passes. */
  readonly threshold?: number;
}

/** The effective weight of exponents `s` and signs `p`, all of one shape. */
export function shiftWeight(s: Tensor, p: Tensor, options: ShiftWeightOptions = {}): Tensor {
  const { lowest = -14, threshold = 0.5 } = options;
  const { graph, shape } = s;
  const { backend } = graph;
  require_(
    sameShape(shape, p.shape),
    'shape',
    () => `exponents and signs need one shape, got ${showShape(shape)} and ${showShape(p.shape)}`,
  );
  const length = sizeOf(shape);
  const clamped = backend.allocate(length);
  const exponent = backend.allocate(length);
  const power = backend.allocate(length);
  const sign = backend.allocate(length);
  const w = backend.allocate(length);
  backend.unary('clamp', s.buffer, clamped, length, lowest, 0);
  backend.unary('round', clamped, exponent, length);
  backend.unary('exp2', exponent, power, length);
  backend.unary('ternary', p.buffer, sign, length, threshold);
  backend.binary('multiply', power, sign, w, 1, length, 'same');
  return graph.record(shape, w, [s, p], (dw) => {
    if (!s.needsGradient) return [null, dw];
    const product = backend.allocate(length);
    const ds = backend.allocate(length);
    backend.binary('multiply', dw, w, product, 1, length, 'same');
    backend.unary('affine', product, ds, length, Math.LN2, 0);
    return [ds, dw];
  });
}
