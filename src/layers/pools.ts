/** Pools as layers, which have no parameters. */
import type { Parameter, Tensor } from '../autograd/graph.ts';
import { averagePool, globalAveragePool, maxPool, type PoolOptions } from '../autograd/pool.ts';
import { type Shape, windowOutput } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import type { Layer, NamedBuffer } from './layer.ts';
import { globalPoolWorkload, poolWorkload } from './workloads.ts';

/** Average or maximum over windows of [n, h, w, c]; padding does not count. */
export class Pool2d implements Layer {
  readonly name: string;
  readonly kind: 'average' | 'max';
  private readonly options: Required<PoolOptions>;

  constructor(name: string, kind: 'average' | 'max', { kernel, stride = kernel, pad = 0 }: PoolOptions) {
    this.name = name;
    this.kind = kind;
    this.options = { kernel, stride, pad };
  }

  forward(x: Tensor): Tensor {
    return this.kind === 'average' ? averagePool(x, this.options) : maxPool(x, this.options);
  }

  parameters(): readonly Parameter[] {
    return [];
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape([n, h, w, c]: Shape): Shape {
    const { kernel, stride, pad } = this.options;
    return [n, windowOutput(h, kernel, stride, pad), windowOutput(w, kernel, stride, pad), c];
  }

  workloads([n, h, w, c]: Shape): readonly Workload[] {
    return [poolWorkload(this.kind, { name: this.name, family: 'pool', n, h, w, c, ...this.options })];
  }
}

/** Mean over all positions: [n, h, w, c] -> [n, c]. */
export class GlobalAveragePool implements Layer {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  forward(x: Tensor): Tensor {
    return globalAveragePool(x);
  }

  parameters(): readonly Parameter[] {
    return [];
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape([n, , , c]: Shape): Shape {
    return [n, c];
  }

  workloads([n, h, w, c]: Shape): readonly Workload[] {
    return [globalPoolWorkload(this.name, 'pool', h, w, c, n)];
  }
}
