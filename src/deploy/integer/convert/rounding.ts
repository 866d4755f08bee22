/**
 * What whole numbers do to a folded network, in real numbers (fake quantisation): every value and every weight is rounded
 * to the grid that the integer program counts it in. Gradients pass straight through, but for values beyond their grid:
 * what is cut off there does not depend on them.
 */
import {
  fakeQuantise,
  type Grid as RoundingGrid,
  weightGrid,
  weightStep,
} from '../../../autograd/fake-quantise.ts';
import type { Tensor } from '../../../autograd/graph.ts';
import { fewPowers } from '../../../autograd/quantise.ts';
import { clamp } from '../../../autograd/unary.ts';
import type { Backend, Buffer } from '../../../backends/backend.ts';
import type { Folded, FoldedWindow } from './folded.ts';
import type { Grid } from './grids.ts';
import { adderShift, highestOf, type KeptPowers, keptPowers } from './weights.ts';

/** Bits of weights of convolutions and adders. */
const WEIGHT_BITS = 8;

/** The whole numbers of a program. */
export interface RoundedTo {
  /** Of every value. */
  readonly grids: readonly Grid[];
  /** Of shift weights at most, sign included. */
  readonly shiftBits: number;
}

/** A grid, and the real numbers that it reaches. */
interface ValueGrid extends RoundingGrid {
  readonly from: number;
  readonly to: number;
}

export class Rounding {
  private readonly backend: Backend;
  private readonly buffers: Buffer[] = [];
  private readonly values: ValueGrid[];
  /** Of adder weights, by layer. */
  private readonly weights = new Map<number, RoundingGrid>();
  /** Of shift weights, by layer. */
  private readonly powers = new Map<number, KeptPowers>();

  /** Made while no scope is open, and disposed of by its owner. */
  constructor(backend: Backend, { layers }: Folded, { grids, shiftBits }: RoundedTo) {
    this.backend = backend;
    const bounds = (value: number) => {
      const layer = layers[value - 1];
      return layer !== undefined && 'low' in layer ? layer : { low: -Infinity, high: Infinity };
    };
    this.values = grids.map((grid, value) => this.valueGrid(grid, bounds(value)));
    layers.forEach((layer, i) => {
      if (layer.kind !== 'window') return;
      if (layer.arithmetic === 'add') this.weights.set(i, this.adderGrid(grids[layer.x]));
      if (layer.arithmetic === 'shift') this.powers.set(i, keptPowers(layer.weight, shiftBits));
    });
  }

  value(y: Tensor, value: number): Tensor {
    const grid = this.values[value];
    return fakeQuantise(clamp(y, grid.from, grid.to), grid);
  }

  weight(weight: Tensor, i: number, { arithmetic }: FoldedWindow): Tensor {
    switch (arithmetic) {
      case 'conv': {
        const step = weightStep(weight, WEIGHT_BITS, 'channel');
        return fakeQuantise(weight, weightGrid(this.backend, step, WEIGHT_BITS));
      }
      case 'shift': {
        const powers = this.powers.get(i)!;
        return fewPowers(weight, powers.lowest, highestOf(powers));
      }
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
  ): ValueGrid {
    const lowest = low === 0 ? 0 : -most - zero;
    const highest = Math.min(most - 1 - zero, Math.round(high / step));
    // as far as what is rounded to the outermost numbers
    const [from, to] = [step * (lowest - 0.5), step * (highest + 0.5)];
    return { ...this.grid(step, lowest, highest), from, to };
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
