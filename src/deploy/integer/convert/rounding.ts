/**
 * What whole numbers do to a folded network, in real numbers (fake quantisation): every value and every weight is rounded
 * to the grid that the integer program counts it in. Gradients pass straight through.
 */
import {
  fakeQuantise,
  type Grid as RoundingGrid,
  weightGrid,
  weightStep,
} from '../../../autograd/fake-quantise.ts';
import type { Tensor } from '../../../autograd/graph.ts';
import type { Backend, Buffer } from '../../../backends/backend.ts';
import type { Folded, FoldedWindow } from './folded.ts';
import type { Grid } from './grids.ts';
import { adderShift } from './weights.ts';

/** Bits of weights of convolutions and adders. */
const WEIGHT_BITS = 8;

export class Rounding {
  private readonly backend: Backend;
  private readonly buffers: Buffer[] = [];
  private readonly values: RoundingGrid[];
  /** Of adder weights, by layer. */
  private readonly weights = new Map<number, RoundingGrid>();

  /** Made while no scope is open, and disposed of by its owner. */
  constructor(backend: Backend, { layers }: Folded, grids: readonly Grid[]) {
    this.backend = backend;
    const bounds = (value: number) => {
      const layer = layers[value - 1];
      return layer !== undefined && 'low' in layer ? layer : { low: -Infinity, high: Infinity };
    };
    this.values = grids.map((grid, value) => this.valueGrid(grid, bounds(value)));
    layers.forEach((layer, i) => {
      if (layer.kind === 'window' && layer.arithmetic === 'add') {
        this.weights.set(i, this.adderGrid(grids[layer.x]));
      }
    });
  }

  value(y: Tensor, value: number): Tensor {
    return fakeQuantise(y, this.values[value]);
  }

  weight(weight: Tensor, i: number, { arithmetic }: FoldedWindow): Tensor {
    switch (arithmetic) {
      case 'conv': {
        const step = weightStep(weight, WEIGHT_BITS, 'channel');
        return fakeQuantise(weight, weightGrid(this.backend, step, WEIGHT_BITS));
      }
      case 'shift':
        return weight;
      case 'add':
        return fakeQuantise(weight, this.weights.get(i)!);
    }
  }

  dispose(): void {
    for (const buffer of this.buffers) this.backend.free(buffer);
  }

  private valueGrid(
    { step, zero, most }: Grid,
    { low, high }: { readonly low: number; readonly high: number },
  ): RoundingGrid {
    const lowest = low === 0 ? 0 : -most - zero;
    return this.grid(step, lowest, Math.min(most - 1 - zero, Math.round(high / step)));
  }

  private adderGrid(grid: Grid): RoundingGrid {
    const { step, zero } = grid;
    return this.grid(step * 2 ** adderShift(grid), -128 - zero, 127 - zero);
  }

  private grid(step: number, lowest: number, highest: number): RoundingGrid {
    const number = (value: number) => {
      const buffer = this.backend.allocate(1);
      this.backend.fill(buffer, value);
      this.buffers.push(buffer);
      return buffer;
    };
    return { step: number(step), lowest: number(lowest), highest: number(highest) };
  }
}
