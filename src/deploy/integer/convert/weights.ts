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

/** Part of the squares of a layer's weights that fewer exponents may cost: as much as rounding to 8 bits costs others. */
const LOST = 1e-4;

/** Exponents that shift weights keep: of their whole number 1, and how many bits a code takes. */
export interface KeptPowers {
  readonly lowest: number;
  readonly codeBits: number;
}

/** The largest exponent that a code of them has. */
export const highestOf = ({ lowest, codeBits }: KeptPowers): number => lowest + largestExponent(codeBits) - 1;

/** The fewest bits that lose next to nothing, at most `mostBits`. */
export function keptPowers(weight: Float32Array, mostBits: number): KeptPowers {
  const exponents = Array.from(weight).flatMap((w) => (w === 0 ? [] : [Math.log2(Math.abs(w))]));
  const largest = exponents.reduce((a, b) => Math.max(a, b), -Infinity);
  const smallest = exponents.reduce((a, b) => Math.min(a, b), Infinity);
  if (exponents.length === 0) return { lowest: 0, codeBits: 2 };
  const kept = (codeBits: number): KeptPowers => ({
    lowest: Math.max(smallest, largest - largestExponent(codeBits) + 1),
    codeBits,
  });
  const all = weight.reduce((sum, w) => sum + w * w, 0);
  for (let codeBits = 2; codeBits < mostBits; codeBits++) {
    const powers = kept(codeBits);
    const lost = weight.reduce((sum, w) => sum + (w - nearestPower(w, powers)) ** 2, 0);
    if (lost <= LOST * all) return powers;
  }
  return kept(mostBits);
}

/** A power of two as it is kept: below the smallest it becomes 0, or the smallest, whichever is nearer. */
export function nearestPower(w: number, { lowest }: KeptPowers): number {
  const e = Math.log2(Math.abs(w)) - lowest;
  return w === 0 || e < -1 ? 0 : e < 0 ? Math.sign(w) * 2 ** lowest : w;
}

/** Powers of two as codes. */
export function shiftWeights(weight: Float32Array, m: number, grid: Grid, mostBits: number): ShiftCodes {
  const powers = keptPowers(weight, mostBits);
  const { lowest, codeBits } = powers;
  const taps = weight.length / m;
  const sums = new Array<number>(m).fill(0);
  const codes = Array.from(weight, (real, i) => {
    const w = nearestPower(real, powers);
    if (w === 0) return 0;
    const e = Math.round(Math.log2(Math.abs(w)) - lowest);
    sums[Math.floor(i / taps)] += Math.sign(w) * 2 ** e;
    return codeOf(w, e + 1, codeBits);
  });
  const units = new Array<number>(m).fill(2 ** lowest * grid.step);
  return { stored: packCodes(codes, codeBits), units, sums, codeBits };
}

/** How far 8 bits of weight are shifted to reach as far as the grid does: not at all on grids of 8 bits. */
export const adderShift = ({ bits, most }: Grid): number =>
  bits === 8 ? 0 : Math.max(0, Math.log2(most) - 7);

/** On the grid of what the layer reads; of 16 bits, on every 2^weightShift-th of its numbers. */
export function adderWeights(weight: Float32Array, m: number, grid: Grid): AdderWeights {
  const { step, zero } = grid;
  const weightShift = adderShift(grid);
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
