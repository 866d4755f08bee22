/** Weights as the whole numbers of their layer's arithmetic. All lie in the order [m, r, s, c / groups]. */
import { codeOf, largestExponent, packCodes } from '../codes.ts';
import type { Grid } from './grids.ts';

export interface WholeWeights {
  /** As they lie in the program. */
  readonly stored: ArrayLike<number>;
  /** The real number that 1 of an accumulator stands for, for each output channel; [m] */
  readonly units: readonly number[];
  /** What an input of 1 throughout adds to each accumulator: what zero points must be taken off by; [m] */
  readonly sums: readonly number[];
}

export interface ShiftCodes extends WholeWeights {
  readonly codeBits: number;
}

export interface AdderWeights extends WholeWeights {
  readonly weightShift: number;
}

const MOST = 127;

/** A step for each output channel: its largest weight is 127 of them. */
export function convWeights(weight: Float32Array, m: number, grid: Grid): WholeWeights {
  const taps = weight.length / m;
  const stored = new Int8Array(weight.length);
  const [units, sums]: [number[], number[]] = [[], []];
  for (let o = 0; o < m; o++) {
    const own = weight.subarray(o * taps, (o + 1) * taps);
    const step = own.reduce((most, w) => Math.max(most, Math.abs(w)), 1e-30) / MOST;
    let sum = 0;
    for (let i = 0; i < taps; i++) {
      stored[o * taps + i] = Math.round(own[i] / step);
      sum += stored[o * taps + i];
    }
    units.push(step * grid.step);
    sums.push(sum);
  }
  return { stored, units, sums };
}

/**
 * Powers of two as codes. The largest weight takes the largest exponent that the codes have need of; what is below the
 * smallest becomes 0 or the smallest, whichever is nearer.
 */
export function shiftWeights(weight: Float32Array, m: number, grid: Grid, mostBits: number): ShiftCodes {
  const exponents = Array.from(weight).flatMap((w) => (w === 0 ? [] : [Math.log2(Math.abs(w))]));
  const largest = exponents.reduce((a, b) => Math.max(a, b), -Infinity);
  const smallest = exponents.reduce((a, b) => Math.min(a, b), Infinity);
  let codeBits = 2;
  while (codeBits < mostBits && largest - smallest >= largestExponent(codeBits)) codeBits++;
  const lowest = exponents.length === 0 ? 0 : Math.max(smallest, largest - largestExponent(codeBits) + 1);
  const taps = weight.length / m;
  const sums = new Array<number>(m).fill(0);
  const codes = Array.from(weight, (w, i) => {
    const e = w === 0 ? 0 : Math.round(Math.log2(Math.abs(w)) - lowest) + 1;
    const kept = e < 0 ? 0 : e === 0 && w !== 0 ? 1 : e;
    sums[Math.floor(i / taps)] += kept === 0 ? 0 : Math.sign(w) * 2 ** (kept - 1);
    return codeOf(w, kept, codeBits);
  });
  const units = new Array<number>(m).fill(2 ** lowest * grid.step);
  return { stored: packCodes(codes, codeBits), units, sums, codeBits };
}

/** How far 8 bits of weight are shifted to reach as far as the weights do: not at all on grids of 8 bits. */
export function adderShift(weight: Float32Array, { bits, step }: Grid): number {
  const most = weight.reduce((a, w) => Math.max(a, Math.abs(w)), 0);
  let shift = 0;
  if (bits === 16) while (shift < 8 && most / step / 2 ** shift > MOST) shift++;
  return shift;
}

/** On the grid of what the layer reads; of 16 bits, on every 2^weightShift-th of its numbers. */
export function adderWeights(weight: Float32Array, m: number, grid: Grid): AdderWeights {
  const { step, zero } = grid;
  const weightShift = adderShift(weight, grid);
  const stored = Int8Array.from(weight, (w) =>
    Math.max(-128, Math.min(127, Math.round(w / step / 2 ** weightShift) + zero)),
  );
  return {
    stored,
    weightShift,
    units: new Array<number>(m).fill(step),
    sums: new Array<number>(m).fill(0),
  };
}
