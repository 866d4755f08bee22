/**
 * AdamW (Loshchilov & Hutter 2019). A tensor shared by several operator families keeps one second moment for
 * each of them and a first moment over steps that are already normalised, so that the family with the largest
 * gradients does not own the step size (weight-sharing evidence, section 6).
 */
import type { Graph, Parameter } from '../autograd/graph.ts';
import type { Backend } from '../backends/backend.ts';
import { internal } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import {
  applyBounds,
  applyLocalRate,
  Moments,
  type Optimiser,
  type OptimiserState,
  prepare,
} from './optimiser.ts';

export interface AdamWConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
  /** Families that read shared tensors; each has its own second moment. */
  readonly families: readonly string[];
}

export const DEFAULT_ADAMW: AdamWConfig = {
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  decay: 0.05,
  families: [],
};

const firstMoment = (parameter: Parameter) => `${parameter.name}/first`;
const secondMoment = (parameter: Parameter, family?: string) =>
  family === undefined ? `${parameter.name}/second` : `${parameter.name}/second/${family}`;

export class AdamW implements Optimiser {
  private readonly backend: Backend;
  private readonly config: AdamWConfig;
  private readonly held: Moments;

  constructor(backend: Backend, parameters: Iterable<Parameter>, config: AdamWConfig = DEFAULT_ADAMW) {
    this.backend = backend;
    this.config = config;
    this.held = new Moments(backend);
    prepare(this.held, parameters, (parameter) => [
      firstMoment(parameter),
      ...(parameter.traits.shared === true
        ? config.families.map((family) => secondMoment(parameter, family))
        : [secondMoment(parameter)]),
    ]);
  }

  step(graph: Graph, rate: number): void {
    const { beta1, beta2, epsilon, decay } = this.config;
    for (const [parameter, gradient] of graph.trained()) {
      const { traits } = parameter;
      const length = sizeOf(parameter.shape);
      if (traits.localRate !== undefined) applyLocalRate(this.backend, gradient, length, traits.localRate);
      const family = traits.shared === true ? graph.readers.get(parameter) : undefined;
      if (traits.shared === true && family === undefined) {
        internal(`shared parameter ${parameter.name} was trained without saying which family read it`);
      }
      const first = firstMoment(parameter);
      const second = secondMoment(parameter, family);
      this.backend.adamStep(
        parameter.value,
        gradient,
        this.held.buffers.get(first) ?? internal(`no moment ${first}`),
        this.held.buffers.get(second) ?? internal(`no moment ${second}`),
        length,
        {
          rate: rate * traits.rate,
          beta1,
          beta2,
          epsilon,
          decay: traits.decay ? decay : 0,
          step1: this.held.count(first),
          step2: this.held.count(second),
          normalised: traits.shared === true,
        },
      );
      applyBounds(this.backend, parameter);
    }
  }

  state(): OptimiserState {
    return this.held.state();
  }

  moments() {
    return this.held.buffers;
  }

  restore(state: OptimiserState): void {
    this.held.restore(state);
  }

  dispose(): void {
    this.held.dispose();
  }
}
