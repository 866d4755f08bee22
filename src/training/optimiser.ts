/**
 * An optimiser turns the gradients of a batch into a step. Its state is buffers by name plus step counters, so
 * that a checkpoint is that state and nothing else.
 */
import type { Parameter } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { ScalePart } from '../backends/groups.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Gradient } from './gradients.ts';

export interface OptimiserState {
  /** Steps taken, by name of moment: `layer0.conv1/first`, `layer0.conv1/second/add`. */
  readonly steps: Readonly<Record<string, number>>;
}

export interface Optimiser {
  /** Steps along the gradients with the given learning rate. */
  step(gradients: Iterable<Gradient>, rate: number): void;
  state(): OptimiserState;
  /** Moments by name, for a checkpoint. */
  moments(): ReadonlyMap<string, Buffer>;
  /** Restores the counters; the moments are written by whoever reads the checkpoint. */
  restore(state: OptimiserState): void;
  dispose(): void;
}

/** Zeroed buffers by name that outlive every graph. */
export class Moments {
  readonly buffers = new Map<string, Buffer>();
  readonly steps = new Map<string, number>();
  private readonly backend: Backend;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** Makes a moment if it is not there; must be called while no scope is open. */
  ensure(name: string, length: number): Buffer {
    let buffer = this.buffers.get(name);
    if (buffer === undefined) {
      buffer = this.backend.allocate(length);
      this.backend.fill(buffer, 0);
      this.buffers.set(name, buffer);
      this.steps.set(name, 0);
    }
    return buffer;
  }

  count(name: string): number {
    const steps = (this.steps.get(name) ?? 0) + 1;
    this.steps.set(name, steps);
    return steps;
  }

  state(): OptimiserState {
    return { steps: Object.fromEntries([...this.steps].sort(([a], [b]) => (a < b ? -1 : 1))) };
  }

  restore(state: OptimiserState): void {
    for (const [name, steps] of Object.entries(state.steps)) this.steps.set(name, steps);
  }

  dispose(): void {
    for (const buffer of this.buffers.values()) this.backend.free(buffer);
    this.buffers.clear();
  }
}

/** The moments an optimiser needs for a parameter: makes them all before the first graph is opened. */
export type MomentPlan = (parameter: Parameter) => readonly string[];

export function prepare(moments: Moments, parameters: Iterable<Parameter>, plan: MomentPlan): void {
  for (const parameter of parameters) {
    for (const name of plan(parameter)) moments.ensure(name, sizeOf(parameter.shape));
  }
}

/**
 * AdderNet's local learning rate: g <- eta * sqrt(k) / ||g||_2 * g where `etaOf` gives a parameter one (spec 4.1). The
 * gradients that come back take the place of those given, which are changed in place unless two parameters have one.
 */
export function withLocalRates(
  backend: Backend,
  gradients: Iterable<Gradient>,
  etaOf: (parameter: Parameter) => number | undefined,
): readonly Gradient[] {
  const list = [...gradients];
  const uses = new Map<Buffer, number>();
  for (const { value } of list) uses.set(value, (uses.get(value) ?? 0) + 1);
  const parts: ScalePart[] = [];
  const result = list.map((gradient) => {
    const eta = etaOf(gradient.parameter);
    if (eta === undefined) return gradient;
    const length = sizeOf(gradient.parameter.shape);
    let { value } = gradient;
    if (uses.get(value) !== 1) {
      value = backend.allocate(length);
      backend.unary('copy', gradient.value, value, length);
    }
    parts.push({ x: value, length, by: eta * Math.sqrt(length) });
    return { ...gradient, value };
  });
  if (parts.length === 0) return list;
  const norms = backend.allocate(parts.length);
  backend.sumsOfSquares(parts, norms);
  backend.unary('sqrt', norms, norms, parts.length);
  backend.unary('clamp', norms, norms, parts.length, 1e-12, Number.MAX_VALUE);
  backend.unary('reciprocal', norms, norms, parts.length);
  backend.scaleEach(parts, norms);
  return result;
}

/** Keeps parameters inside their bounds after a step. */
export function applyBounds(backend: Backend, gradients: readonly Gradient[]): void {
  const parts = gradients.flatMap(({ parameter: { value, shape, traits } }) => {
    if (traits.bounds === undefined) return [];
    const [low, high] = traits.bounds;
    return [{ x: value, length: sizeOf(shape), low, high }];
  });
  if (parts.length > 0) backend.clampEach(parts);
}
