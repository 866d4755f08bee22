/**
 * An optimiser turns the gradients of a batch into a step. Its state is buffers by name plus step counters, so
 * that a checkpoint is that state and nothing else.
 */
import type { Parameter } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
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

/** AdderNet's local learning rate: g <- eta * sqrt(k) / ||g||_2 * g, in place (spec 4.1). */
export function applyLocalRate(backend: Backend, gradient: Buffer, length: number, eta: number): void {
  const norm = backend.allocate(1);
  backend.reduce('sumSquares', gradient, norm, 1, length, 1);
  backend.unary('sqrt', norm, norm, 1);
  backend.unary('clamp', norm, norm, 1, 1e-12, Number.MAX_VALUE);
  backend.unary('reciprocal', norm, norm, 1);
  backend.unary('affine', norm, norm, 1, eta * Math.sqrt(length), 0);
  backend.binary('multiply', gradient, norm, gradient, 1, length, 'scalar');
}

/** Keeps a parameter inside its bounds after a step. */
export function applyBounds(backend: Backend, parameter: Parameter): void {
  const { bounds } = parameter.traits;
  if (bounds === undefined) return;
  const length = sizeOf(parameter.shape);
  backend.unary('clamp', parameter.value, parameter.value, length, bounds[0], bounds[1]);
}
