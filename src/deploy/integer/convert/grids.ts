/**
 * Which whole numbers the values of a folded network are counted in. A value's grid is made of its range alone, and three
 * rules tie grids to each other:
 *
 *   a max pool   has the grid of what it reads
 *   a sum        and what it adds have steps that are powers of two apart, so that it needs no multiplication
 *   attention    reads queries, keys and values with the zero 0
 */
import type { ValueStatistics } from './calibrate.ts';
import { type Folded, foldedInputs, readersOf } from './folded.ts';

export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface Grid {
  readonly bits: 8 | 16;
  readonly step: number;
  readonly zero: number;
  /** Numbers go from -most to most - 1. */
  readonly most: number;
}

export interface GridOptions {
  readonly bits: 8 | 16;
  /** Bits of 16 that values go without, by their number: where an accumulator could overflow. */
  readonly fewer?: ReadonlyMap<number, number>;
}

/** Of all that was seen, and of 0. Leaving out a thousandth or less of the values costs accuracy (docs/integer.md). */
const rangeOf = ({ smallest, largest }: ValueStatistics): Range => ({
  low: Math.min(0, smallest),
  high: Math.max(0, largest),
});

const union = (a: Range, b: Range): Range => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/** Smallest step of a grid of the range. 16 bits count from 0 both ways. */
export function stepFor({ low, high }: Range, bits: 8 | 16, fewer = 0): number {
  const reach = Math.max(high, -low);
  const width = bits === 8 && high !== -low ? (high - low) / 255 : reach / (mostOf(bits, fewer) - 1);
  return Math.max(width, 1e-30);
}

const mostOf = (bits: 8 | 16, fewer: number): number => 2 ** (bits - 1 - (bits === 16 ? fewer : 0));

/** A grid of a step that is wide enough, with the range in its middle. */
export function gridOf({ low, high }: Range, step: number, bits: 8 | 16, fewer = 0): Grid {
  const most = mostOf(bits, fewer);
  if (bits === 16 || high === -low) return { bits, step, zero: 0, most };
  // where nothing is below 0 all numbers serve the others
  const zero = low === 0 ? -most : Math.round(-0.5 - (low + high) / 2 / step);
  return { bits, step, zero: Math.max(-most, Math.min(most - 1, zero)) + 0, most };
}

/** Attention multiplies what it reads, and needs the same reach to both sides of 0. */
const balanced = (range: Range): Range => {
  const most = Math.max(-range.low, range.high);
  return { low: -most, high: most };
};

/** The grid of every value. @param statistics of every value, from calibrate.ts */
export function gridsOf(
  network: Folded,
  statistics: readonly ValueStatistics[],
  { bits, fewer = new Map() }: GridOptions,
): Grid[] {
  const { shapes } = network;
  const readers = readersOf(network);
  const families = familiesOf(network);
  const ranges = statistics.map((one, value) => {
    const range = rangeOf(one);
    const last = value === shapes.length - 1;
    // logits beyond what was seen must not be cut off: they decide
    if (last) return { low: 2 * range.low, high: 2 * range.high };
    return readers[value].some(({ kind }) => kind === 'attention') ? balanced(range) : range;
  });
  const values: Grid[] = [];
  for (const family of families.steps) {
    const wide = (value: number): 8 | 16 => (value === shapes.length - 1 ? 16 : bits);
    const equals = family.map((value) =>
      families.equal.get(value)!.reduce((range, other) => union(range, ranges[other]), ranges[value]),
    );
    const less = family.map((value) =>
      Math.max(...families.equal.get(value)!.map((other) => fewer.get(other) ?? 0)),
    );
    const wanted = family.map((value, i) => stepFor(equals[i], wide(value), less[i]));
    const base = family.length > 1 ? commonStep(wanted) : wanted[0];
    family.forEach((value, i) => {
      const step = base * 2 ** Math.ceil(Math.log2(wanted[i] / base) - 1e-9);
      values[value] = gridOf(equals[i], step, wide(value), less[i]);
    });
  }
  return values;
}

/** The step among whose doublings and halves those not below the wanted ones are finest together. */
function commonStep(wanted: readonly number[]): number {
  const wasted = (base: number) =>
    wanted.reduce((sum, step) => sum + Math.ceil(Math.log2(step / base) - 1e-9) - Math.log2(step / base), 0);
  let best = wanted[0];
  // the best base is one of them: a smaller one could grow until it met one
  for (const base of wanted) if (wasted(base) < wasted(best) - 1e-9) best = base;
  return best;
}

interface Families {
  /** Values whose steps are powers of two apart. */
  readonly steps: readonly (readonly number[])[];
  /** Values with the very same grid, by value. */
  readonly equal: ReadonlyMap<number, readonly number[]>;
}

function familiesOf({ layers, shapes }: Folded): Families {
  const steps = new Groups(shapes.length);
  const equal = new Groups(shapes.length);
  layers.forEach((layer, i) => {
    if (layer.kind === 'max-pool') equal.join(layer.x, i + 1);
    if (layer.kind !== 'max-pool' && layer.kind !== 'sum') return;
    for (const x of foldedInputs(layer)) steps.join(x, i + 1);
  });
  return { steps: steps.all(), equal: new Map(shapes.map((_, value) => [value, equal.of(value)])) };
}

/** Disjoint sets of numbers. */
class Groups {
  private readonly parent: number[];

  constructor(count: number) {
    this.parent = Array.from({ length: count }, (_, i) => i);
  }

  join(a: number, b: number): void {
    this.parent[this.root(a)] = this.root(b);
  }

  of(a: number): number[] {
    return this.parent.flatMap((_, i) => (this.root(i) === this.root(a) ? [i] : []));
  }

  all(): number[][] {
    return this.parent.flatMap((_, i) => (this.root(i) === i ? [this.of(i)] : []));
  }

  private root(a: number): number {
    return this.parent[a] === a ? a : this.root(this.parent[a]);
  }
}
