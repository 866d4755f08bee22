/** Adder layer with a weight of its own; `adder2d` of src/autograd/adder.ts is its function form (spec 4.1). */
import { adder2d } from '../autograd/adder.ts';
import { AdderWeight, type AdderWeightOptions } from './adder-weight.ts';
import type { Source } from './layer.ts';
import type { EffectiveWeight } from './weight.ts';
import { type WindowConfig, WindowLayer, weightShape } from './window-layer.ts';

export interface AdderConfig extends WindowConfig {
  readonly scale?: AdderWeightOptions['scale'] & {};
  readonly offset?: AdderWeightOptions['offset'] & {};
}

/** Its outputs are large negative numbers: a norm has to follow (spec 4.1). */
export class Adder2d extends WindowLayer {
  /** `weight`: another one than the standardised one, such as `publishedAdderWeight`. */
  constructor(source: Source, name: string, config: AdderConfig, weight?: EffectiveWeight) {
    const { scale, offset } = config;
    const choices = {
      ...(scale === undefined ? {} : { scale }),
      ...(offset === undefined ? {} : { offset }),
    };
    const own = weight ?? new AdderWeight(source, name, { shape: weightShape(name, config), ...choices });
    super(name, 'add', own, adder2d, config);
  }
}
