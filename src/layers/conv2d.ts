/** Convolution with a weight of its own; `conv2d` of src/autograd/convolution.ts is its function form. */
import { conv2d } from '../autograd/convolution.ts';
import type { Source } from './layer.ts';
import { type EffectiveWeight, PlainWeight } from './weight.ts';
import { type WindowConfig, WindowLayer, weightShape } from './window-layer.ts';

export class Conv2d extends WindowLayer {
  /** `weight`: one that others hold too, instead of a Kaiming one of its own. */
  constructor(source: Source, name: string, config: WindowConfig, weight?: EffectiveWeight) {
    const own = weight ?? new PlainWeight(source, name, { shape: weightShape(name, config) });
    super(name, 'conv', own, conv2d, config);
  }
}
