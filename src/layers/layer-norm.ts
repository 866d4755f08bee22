/** Layer normalisation with parameters of its own. */
import { type Parameter, type Tensor, UNDECAYED } from '../autograd/graph.ts';
import { layerNorm } from '../autograd/layer-norm.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import { ones, zeros } from './initialisers.ts';
import { type Layer, makeParameter, type NamedBuffer, type Source } from './layer.ts';
import { layerNormWorkload } from './workloads.ts';

export class LayerNorm implements Layer {
  readonly name: string;
  readonly gamma: Parameter;
  readonly beta: Parameter;
  private readonly epsilon: number;

  constructor(source: Source, name: string, columns: number, epsilon = 1e-5) {
    this.name = name;
    this.gamma = makeParameter(source, `${name}.gamma`, [columns], UNDECAYED, ones);
    this.beta = makeParameter(source, `${name}.beta`, [columns], UNDECAYED, zeros);
    this.epsilon = epsilon;
  }

  /** x: [..., columns], normalised along the last axis. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, x.graph.parameter(this.gamma), x.graph.parameter(this.beta), this.epsilon);
  }

  parameters(): readonly Parameter[] {
    return [this.gamma, this.beta];
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape(input: Shape): Shape {
    return input;
  }

  workloads(input: Shape): readonly Workload[] {
    const [columns] = this.gamma.shape;
    return [layerNormWorkload(this.name, 'norm', sizeOf(input) / columns, columns)];
  }
}
