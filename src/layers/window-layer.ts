/**
 * Convolution, adder and shift layers differ in how a window meets its weight, and in nothing else: sizes,
 * parameters and costs are those of a window moved over an image.
 */
import type { Graph, Parameter, Tensor } from '../autograd/graph.ts';
import { outputOf, type WindowOptions, windowShape } from '../autograd/window.ts';
import { require_ } from '../core/errors.ts';
import type { Shape } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import type { Layer, NamedBuffer } from './layer.ts';
import type { EffectiveWeight } from './weight.ts';
import { windowWorkload } from './workloads.ts';

export interface WindowConfig {
  readonly inputs: number;
  readonly outputs: number;
  /** Rows and columns of the window. */
  readonly kernel: number;
  /** 1 by default. */
  readonly stride?: number;
  /** Half the window, rounded down, by default: an odd window then keeps the size at stride 1. */
  readonly pad?: number;
  /** 1 dense (the default), `inputs` depthwise. */
  readonly groups?: number;
}

/** [r, s, c / groups, m] of a layer. */
export function weightShape(name: string, { inputs, outputs, kernel, groups = 1 }: WindowConfig): Shape {
  require_(
    inputs % groups === 0 && outputs % groups === 0,
    'shape',
    () => `groups must divide the channels of ${name}, got ${groups} for ${inputs} and ${outputs}`,
  );
  return [kernel, kernel, inputs / groups, outputs];
}

type WindowFunction = (x: Tensor, weight: Tensor, options: WindowOptions) => Tensor;

export abstract class WindowLayer implements Layer {
  readonly name: string;
  readonly kind: 'conv' | 'add' | 'shift';
  readonly weight: EffectiveWeight;
  private readonly compute: WindowFunction;
  private readonly options: Required<WindowOptions>;

  constructor(
    name: string,
    kind: 'conv' | 'add' | 'shift',
    weight: EffectiveWeight,
    compute: WindowFunction,
    { kernel, stride = 1, pad = Math.floor(kernel / 2), groups = 1 }: WindowConfig,
  ) {
    this.name = name;
    this.kind = kind;
    this.weight = weight;
    this.compute = compute;
    this.options = { stride, pad, groups };
  }

  /** x: [n, h, w, c] -> [n, e, f, m]. */
  forward(x: Tensor): Tensor {
    return this.compute(x, this.effectiveWeight(x.graph), this.options);
  }

  effectiveWeight(graph: Graph): Tensor {
    return this.weight.effective(graph);
  }

  parameters(): readonly Parameter[] {
    return this.weight.parameters();
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape(input: Shape): Shape {
    return outputOf(windowShape(input, this.weight.shape, this.options));
  }

  workloads(input: Shape): readonly Workload[] {
    const { name, kind } = this;
    return [
      windowWorkload({ ...windowShape(input, this.weight.shape, this.options), name, kind, family: kind }),
    ];
  }
}
