/** Fully connected layer. */
import { add } from '../autograd/arithmetic.ts';
import { type Parameter, PLAIN, type Tensor, UNDECAYED } from '../autograd/graph.ts';
import { matmul } from '../autograd/matmul.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import { type Initialiser, normal, zeros } from './initialisers.ts';
import { type Layer, makeParameter, type NamedBuffer, type Source } from './layer.ts';
import { linearWorkload } from './workloads.ts';

export interface LinearConfig {
  readonly inputs: number;
  readonly outputs: number;
  /** true by default. */
  readonly bias?: boolean;
  /** N(0, 1 / inputs) by default. */
  readonly initialise?: Initialiser;
}

export class Linear implements Layer {
  readonly name: string;
  /** [inputs, outputs] */
  readonly weight: Parameter;
  /** [outputs] */
  readonly bias: Parameter | null;

  constructor(source: Source, name: string, config: LinearConfig) {
    const { inputs, outputs, bias = true, initialise = normal(1 / Math.sqrt(inputs)) } = config;
    this.name = name;
    this.weight = makeParameter(source, `${name}.weight`, [inputs, outputs], PLAIN, initialise);
    this.bias = bias ? makeParameter(source, `${name}.bias`, [outputs], UNDECAYED, zeros) : null;
  }

  /** x: [..., inputs] -> [..., outputs]. */
  forward(x: Tensor): Tensor {
    const y = matmul(x, x.graph.parameter(this.weight));
    return this.bias === null ? y : add(y, x.graph.parameter(this.bias));
  }

  parameters(): readonly Parameter[] {
    return this.bias === null ? [this.weight] : [this.weight, this.bias];
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape(input: Shape): Shape {
    return [...input.slice(0, -1), this.weight.shape[1]];
  }

  workloads(input: Shape): readonly Workload[] {
    const [inputs, outputs] = this.weight.shape;
    const rows = sizeOf(input) / inputs;
    return [linearWorkload(this.name, 'linear', rows, inputs, outputs, this.bias !== null)];
  }
}
