/** The layers of a plan that may compute with few bits, as exceptions of bit widths and tables of layers name them. */
import { ATTENTION_PRODUCTS, type AttentionProduct } from '../layers/attention.ts';
import type { WeightDeclaration } from '../operators/operator.ts';
import type { QuantisedLayer } from '../supernet/quantisation.ts';
import type { AttentionStep, ClassifierStep, Step, WindowStep } from './plan.ts';
import { WEIGHT_ROLE, windowShapeOf } from './plan-declarations.ts';

/** A layer with a weight of its own. */
export type WindowLayer = Required<QuantisedLayer>;

/** The first window of a network is its stem, whatever its step is called. */
export function windowLayer(step: WindowStep): WindowLayer {
  const declaration: WeightDeclaration = { role: WEIGHT_ROLE, shape: windowShapeOf(step), shared: false };
  const { name: place, arithmetic, family } = step;
  const own = family === 'stem' ? ({ name: 'stem', family } as const) : { name: place, family: arithmetic };
  return { ...own, place, declaration };
}

export function productLayer({ name }: AttentionStep, role: AttentionProduct): QuantisedLayer {
  return { name: `${name}.${role}`, family: 'attention' };
}

export function headLayer({ name: place }: ClassifierStep): QuantisedLayer {
  return { name: 'head', family: 'head', place };
}

/** In the order they are computed, shortcuts before the bodies they go past. */
export function planLayers(steps: readonly Step[]): QuantisedLayer[] {
  return steps.flatMap((step): QuantisedLayer[] => {
    switch (step.kind) {
      case 'window':
        return [windowLayer(step)];
      case 'residual':
        return planLayers([...step.shortcut, ...step.body]);
      case 'attention':
        return ATTENTION_PRODUCTS.map((role) => productLayer(step, role));
      case 'classifier':
        return [headLayer(step)];
      default:
        return [];
    }
  });
}
