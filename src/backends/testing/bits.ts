/** Outputs compared bit by bit. */
import type { Values } from '../conformance/case.ts';

/** The bits of numbers; which NaN it is, JavaScript does not define, and the tiers of its compiler differ. */
export function bitsOf(values: Values): Uint32Array {
  const bits = new Uint32Array(values.slice().buffer);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return bits;
}

export function sameBits(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((bits, i) => bits === b[i]);
}
