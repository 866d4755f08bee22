/** Batch normalisation with parameters and running statistics of its own. */
import { batchNorm } from '../autograd/batch-norm.ts';
import { type Parameter, type Tensor, UNDECAYED } from '../autograd/graph.ts';
import type { Activation } from '../backends/backend.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import { ones, zeros } from './initialisers.ts';
import { type Layer, makeParameter, type NamedBuffer, type Source } from './layer.ts';
import { RunningStatistics } from './running-statistics.ts';
import { activationWorkload, normWorkload } from './workloads.ts';

export interface BatchNormConfig {
  readonly channels: number;
  /** 'none' by default. */
  readonly activation?: Activation;
  /** gamma starts at 0: the last norm of a residual block (spec 3.4). */
  readonly zero?: boolean;
  /** Share of the newest batch in the running statistics; 0.1 by default. */
  readonly momentum?: number;
  /** 1e-5 by default. */
  readonly epsilon?: number;
}

export class BatchNorm2d implements Layer {
  readonly name: string;
  readonly gamma: Parameter;
  readonly beta: Parameter;
  readonly statistics: RunningStatistics;
  private readonly activation: Activation;
  private readonly epsilon: number;

  constructor(source: Source, name: string, config: BatchNormConfig) {
    const { channels, activation = 'none', zero = false, momentum = 0.1, epsilon = 1e-5 } = config;
    this.name = name;
    this.gamma = makeParameter(source, `${name}.gamma`, [channels], UNDECAYED, zero ? zeros : ones);
    this.beta = makeParameter(source, `${name}.beta`, [channels], UNDECAYED, zeros);
    this.statistics = new RunningStatistics(source, name, channels, momentum);
    this.activation = activation;
    this.epsilon = epsilon;
  }

  /** act(norm(x) [+ residual]), shapes as x [..., c]; a training graph uses the batch's statistics and observes them. */
  forward(x: Tensor, residual?: Tensor): Tensor {
    const { graph } = x;
    const { activation, epsilon, statistics } = this;
    const options = { activation, epsilon, ...(residual === undefined ? {} : { residual }) };
    const gamma = graph.parameter(this.gamma);
    const beta = graph.parameter(this.beta);
    if (!graph.training) {
      const kept = { mean: statistics.mean.value, variance: statistics.variance.value };
      return batchNorm(x, gamma, beta, { ...options, statistics: kept });
    }
    const rows = sizeOf(x.shape) / this.gamma.shape[0];
    return batchNorm(x, gamma, beta, {
      ...options,
      measured: (mean, variance) => statistics.observe(mean, variance, rows),
    });
  }

  parameters(): readonly Parameter[] {
    return [this.gamma, this.beta];
  }

  buffers(): readonly NamedBuffer[] {
    return [this.statistics.mean, this.statistics.variance];
  }

  outputShape(input: Shape): Shape {
    return input;
  }

  /** The residual addition is its block's to count. */
  workloads([n, h, w, c]: Shape): readonly Workload[] {
    const norm = normWorkload(this.name, 'norm', h, w, c, n);
    if (this.activation === 'none') return [norm];
    return [norm, activationWorkload(`${this.name}.${this.activation}`, 'norm', h, w, c, n)];
  }
}
