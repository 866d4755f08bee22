/**
 * Stochastic gradient descent with (Nesterov) momentum and coupled weight decay. A shared tensor's gradient is
 * first brought to unit root mean square, whichever family it came from: AdderNet's local rate applied to all
 * operators alike (weight-sharing evidence, section 6).
 */
import type { Parameter } from '../autograd/graph.ts';
import type { Backend } from '../backends/backend.ts';
import { internal } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Gradient } from './gradients.ts';
import {
  applyBounds,
  Moments,
  type Optimiser,
  type OptimiserState,
  prepare,
  withLocalRates,
} from './optimiser.ts';

export interface SgdConfig {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly decay: number;
}

export const DEFAULT_SGD: SgdConfig = { momentum: 0.9, nesterov: true, decay: 5e-4 };

const velocity = (parameter: Parameter) => `${parameter.name}/velocity`;

export class Sgd implements Optimiser {
  private readonly backend: Backend;
  private readonly config: SgdConfig;
  private readonly held: Moments;

  constructor(backend: Backend, parameters: Iterable<Parameter>, config: SgdConfig = DEFAULT_SGD) {
    this.backend = backend;
    this.config = config;
    this.held = new Moments(backend);
    prepare(this.held, parameters, (parameter) => [velocity(parameter)]);
  }

  step(gradients: Iterable<Gradient>, rate: number): void {
    const { momentum, nesterov, decay } = this.config;
    const local = ({ traits }: Parameter) => (traits.shared === true ? 1 : traits.localRate);
    const scaled = withLocalRates(this.backend, gradients, local);
    this.backend.sgdSteps(
      scaled.map(({ parameter, value: g }) => {
        const { traits, value: w } = parameter;
        const name = velocity(parameter);
        this.held.count(name);
        return {
          ...{ w, g, velocity: this.held.buffers.get(name) ?? internal(`no moment ${name}`) },
          length: sizeOf(parameter.shape),
          shape: { rate: rate * traits.rate, momentum, nesterov, decay: traits.decay ? decay : 0 },
        };
      }),
    );
    applyBounds(this.backend, scaled);
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
