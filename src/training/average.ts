/**
 * An exponential moving average of weights beside the weights that are trained. It is often the better network
 * (Polyak and Juditsky, 1992). Its state is a buffer for each weight: a checkpoint holds them and nothing else.
 *
 *   average = decay * average + (1 - decay) * weight    after every step
 */
import type { Parameter } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { MixPart } from '../backends/groups.ts';
import { sizeOf } from '../core/shapes.ts';

/** Smaller at the beginning, min(decay, (1 + steps) / (10 + steps)), so that the first values are soon forgotten. */
export function decayAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

export class WeightAverage {
  /** Averages by name of weight. */
  readonly buffers = new Map<string, Buffer>();
  private readonly backend: Backend;
  private readonly parameters: readonly Parameter[];
  private readonly decay: number;

  /** Starts at the weights as they are. Made while no scope is open. decay: above 0 and below 1. */
  constructor(backend: Backend, parameters: Iterable<Parameter>, decay: number) {
    this.backend = backend;
    this.parameters = [...parameters];
    this.decay = decay;
    for (const { name, shape, value } of this.parameters) {
      const buffer = backend.allocate(sizeOf(shape));
      backend.unary('copy', value, buffer, sizeOf(shape));
      this.buffers.set(name, buffer);
    }
  }

  /** Takes in the weights after step `step`, counted from 0. */
  update(step: number): void {
    const decay = decayAt(this.decay, step);
    const parts: MixPart[] = [];
    this.forEach((x, y, length) => {
      parts.push({ x, y, length, keep: decay, add: 1 - decay });
    });
    this.backend.mixEach(parts);
  }

  /** Exchanges weights and averages: once to use the averages, once more to train on. */
  swap(): void {
    this.forEach((weight, average, length) => {
      const held = this.backend.allocate(length);
      this.backend.unary('copy', weight, held, length);
      this.backend.unary('copy', average, weight, length);
      this.backend.unary('copy', held, average, length);
      this.backend.free(held);
    });
  }

  dispose(): void {
    for (const buffer of this.buffers.values()) this.backend.free(buffer);
    this.buffers.clear();
  }

  private forEach(work: (weight: Buffer, average: Buffer, length: number) => void): void {
    for (const { name, shape, value } of this.parameters) {
      const average = this.buffers.get(name);
      if (average !== undefined) work(value, average, sizeOf(shape));
    }
  }
}
