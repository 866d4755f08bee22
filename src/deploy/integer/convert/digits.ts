/** Real factors as whole numbers: a multiplier with a shift, or a few signed powers of two. */
import type { Scale } from '../builder.ts';
import { MOST_TERMS } from '../program.ts';

/** factor = sum of signs[k] * 2^exponents[k], nearly. */
export interface SignedDigits {
  readonly signs: readonly number[];
  readonly exponents: readonly number[];
  /** What they sum to. */
  readonly value: number;
}

/** Digits below this part of the factor are left out: four of them are within 0.2 % on average. */
const SMALLEST = 2 ** -11;

/** The nearest power of two, again and again, of what is left: canonical signed digits from the top. */
export function signedDigits(factor: number, most = MOST_TERMS): SignedDigits {
  const signs: number[] = [];
  const exponents: number[] = [];
  let left = factor;
  while (signs.length < most && Math.abs(left) > Math.abs(factor) * SMALLEST) {
    const exponent = nearestExponent(Math.abs(left));
    signs.push(Math.sign(left));
    exponents.push(exponent);
    left -= Math.sign(left) * 2 ** exponent;
  }
  return { signs, exponents, value: factor - left };
}

/** Of the power of two that is nearest to x > 0. */
function nearestExponent(x: number): number {
  const below = Math.floor(Math.log2(x));
  return x - 2 ** below > 2 ** (below + 1) - x ? below + 1 : below;
}

const MOST_SHIFT = 31;
const MOST_MULTIPLIER = 2 ** 15 - 1;
/** Below 2^47 with what an accumulator adds, for which half is left. */
const MOST_ADDEND = 2 ** 46;

/** y = floor((acc * multiplier + addend) / 2^shift) that rounds factor * acc + offset. */
export function scaleOf(factor: number, offset: number): Scale {
  for (let shift = MOST_SHIFT; shift > 0; shift--) {
    const multiplier = Math.round(factor * 2 ** shift);
    const addend = Math.round(offset * 2 ** shift) + 2 ** (shift - 1);
    if (Math.abs(multiplier) <= MOST_MULTIPLIER && Math.abs(addend) < MOST_ADDEND) {
      return { multiplier, addend, shift };
    }
  }
  return { multiplier: Math.round(factor), addend: Math.round(offset), shift: 0 };
}
