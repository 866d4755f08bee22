/**
 * AdamW (Loshchilov & Hutter 2019). A tensor shared by several operator families keeps one second moment for
 * each of them and a first moment over steps that are already normalised, so that the family with the largest
 * gradients does not own the step size (weight-sharing evidence, section 6).
 */
import type { Parameter } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { AdamPart, MixPart } from '../backends/groups.ts';
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

export interface AdamWConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
  /** Families that read shared tensors; each has its own second moment. */
  readonly families: readonly string[];
  /** RAdam (Liu et al. 2020): the variance of the second moment's first values is made up for. */
  readonly rectified?: boolean;
}

/** As RAdam was published. */
export const RADAM_BETA2 = 0.999;

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

  step(gradients: Iterable<Gradient>, rate: number): void {
    const { beta1, beta2, epsilon, decay, rectified = false } = this.config;
    const scaled = withLocalRates(this.backend, gradients, ({ traits }) => traits.localRate);
    const steps: AdamPart[] = [];
    // What has no step of its own yet, for its second moment says nothing: w = w (1 - rate decay) - rate * m / (1 - b1^step)
    const alone: MixPart[] = [];
    for (const { parameter, value: g, family } of scaled) {
      const { traits, value: w } = parameter;
      const length = sizeOf(parameter.shape);
      if (traits.shared === true && family === undefined) {
        internal(`shared parameter ${parameter.name} was trained without saying which family read it`);
      }
      const [first, step1] = this.moment(firstMoment(parameter));
      const [second, step2] = this.moment(secondMoment(parameter, family));
      const own = rate * traits.rate;
      const lost = traits.decay ? decay : 0;
      const factor = rectified ? rectification(beta2, step2) : 1;
      const shape = {
        ...{ beta1, beta2, epsilon, step1, step2, normalised: traits.shared === true },
        // decay is multiplied by the rate, and a rectified rate is not what weights decay by
        rate: own * factor,
        decay: factor > 0 ? lost / factor : 0,
      };
      steps.push({ w, g, first, second, length, shape });
      if (factor === 0) {
        alone.push({ x: first, y: w, length, keep: 1 - own * lost, add: -own / (1 - beta1 ** step1) });
      }
    }
    this.backend.adamSteps(steps);
    if (alone.length > 0) this.backend.mixEach(alone);
    applyBounds(this.backend, scaled);
  }

  /** A moment, and its steps with the one that is taken now. */
  private moment(name: string): readonly [Buffer, number] {
    return [this.held.buffers.get(name) ?? internal(`no moment ${name}`), this.held.count(name)];
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

/**
 * The factor on the rate of step `step`, from 1, that makes up for the variance of the second moment (Liu et al. 2020,
 * algorithm 2); 0 where that variance is not known, which the released code takes for granted up to rho 5.
 */
export function rectification(beta2: number, step: number): number {
  const longest = 2 / (1 - beta2) - 1;
  const power = beta2 ** step;
  const length = longest - (2 * step * power) / (1 - power);
  if (length < 5) return 0;
  return Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
}
