/**
 * Shift layer: weights are signed powers of two, activations fixed-point numbers, so that a product is a shift
 * (DeepShift; spec 4.2). In training the shift is carried out as the multiplication it equals. The stochastic
 * rounding of outgoing gradients that DeepShift-PS adds is left out.
 */
import { conv2d } from '../autograd/convolution.ts';
import type { Tensor } from '../autograd/graph.ts';
import { fixedPoint } from '../autograd/quantise.ts';
import type { WindowOptions } from '../autograd/window.ts';
import type { Source } from './layer.ts';
import { ShiftWeightPS, ShiftWeightQ } from './shift-weight.ts';
import type { EffectiveWeight } from './weight.ts';
import { type WindowConfig, WindowLayer, weightShape } from './window-layer.ts';

/** Bits of activations behind and before the binary point (spec 4.2). */
export const ACTIVATION_BITS = { fraction: 16, integer: 16 } as const;

/** conv2d of floored activations; `weight` holds signed powers of two. x: [n, h, w, c], weight: [r, s, c / groups, m]. */
export function shiftConv2d(x: Tensor, weight: Tensor, options: WindowOptions = {}): Tensor {
  return conv2d(fixedPoint(x, ACTIVATION_BITS.fraction, ACTIVATION_BITS.integer), weight, options);
}

export interface ShiftConfig extends WindowConfig {
  /** 'Q' rounds a real weight (the default), 'PS' learns exponents and signs. */
  readonly parameterisation?: 'Q' | 'PS';
  /** Bits of a weight; 5 by default. */
  readonly bits?: number;
}

export class Shift2d extends WindowLayer {
  /** `weight`: one that others hold too, instead of one of its own. */
  constructor(source: Source, name: string, config: ShiftConfig, weight?: EffectiveWeight) {
    const { parameterisation = 'Q', bits = 5 } = config;
    const options = { shape: weightShape(name, config), bits };
    const Own = parameterisation === 'Q' ? ShiftWeightQ : ShiftWeightPS;
    super(name, 'shift', weight ?? new Own(source, name, options), shiftConv2d, config);
  }
}
