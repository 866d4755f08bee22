/**
 * The weight a layer computes with, as opposed to the tensor that is trained. An adder reads a scaled and offset
 * copy, a shift layer powers of two; a convolution reads what is trained. Whoever holds the trained tensor, the
 * effective weight is a tensor on the graph and gradients find their way back through it.
 */
import type { Graph, Parameter, ParameterTraits, Tensor } from '../autograd/graph.ts';
import { PLAIN } from '../autograd/graph.ts';
import type { Shape } from '../core/shapes.ts';
import { fanIn, type Initialiser, kaimingNormal } from './initialisers.ts';
import { makeParameter, type Source } from './layer.ts';

export interface EffectiveWeight {
  /** [r, s, c / groups, m] */
  readonly shape: Shape;
  effective(graph: Graph): Tensor;
  parameters(): readonly Parameter[];
}

/** The leaf of a parameter; of a shared one, notes on the graph which family read it (evidence, section 6). */
export function readAs(graph: Graph, parameter: Parameter, family: string): Tensor {
  if (parameter.traits.shared === true) graph.readers.set(parameter, family);
  return graph.parameter(parameter);
}

export interface PlainWeightOptions {
  readonly shape: Shape;
  readonly initialise?: Initialiser;
  readonly traits?: ParameterTraits;
  /** The operator family that reads it; 'conv' by default. */
  readonly family?: string;
  /** A tensor that others hold too, instead of one of its own. */
  readonly weight?: Parameter;
}

/** A weight that is used as it is trained; Kaiming by fan-in by default. */
export class PlainWeight implements EffectiveWeight {
  readonly shape: Shape;
  readonly weight: Parameter;
  private readonly family: string;

  constructor(source: Source, name: string, options: PlainWeightOptions) {
    const { shape, traits = PLAIN, initialise = kaimingNormal(fanIn(shape)) } = options;
    this.shape = shape;
    this.family = options.family ?? 'conv';
    this.weight = options.weight ?? makeParameter(source, `${name}.weight`, shape, traits, initialise);
  }

  effective(graph: Graph): Tensor {
    return readAs(graph, this.weight, this.family);
  }

  parameters(): readonly Parameter[] {
    return [this.weight];
  }
}
