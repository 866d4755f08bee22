/**
 * Shift weights in few bits. A code has `bits` bits: the highest is the sign, the others are e; the weight is 0 where e is
 * 0, and otherwise 2^(e - 1), negative where the sign is 1. Sign 1 with e 0 does not exist.
 *
 * Codes lie one behind the other without holes: code i takes bits i * bits ... of the stream, and bit j of the stream is
 * bit j % 8 of byte floor(j / 8), where bit 0 is the lowest. The last byte is filled with zeros.
 */

/** Largest e of a code. */
export const largestExponent = (bits: number): number => 2 ** (bits - 1) - 1;

export const codeOf = (sign: number, e: number, bits: number): number =>
  e === 0 ? 0 : e + (sign < 0 ? 2 ** (bits - 1) : 0);

/** The whole number that a code stands for. */
export function weightOf(code: number, bits: number): number {
  const half = 2 ** (bits - 1);
  const e = code % half;
  if (e === 0) return 0;
  return code >= half ? -(2 ** (e - 1)) : 2 ** (e - 1);
}

export const packedBytes = (count: number, bits: number): number => Math.ceil((count * bits) / 8);

export function packCodes(codes: ArrayLike<number>, bits: number): Uint8Array {
  const bytes = new Uint8Array(packedBytes(codes.length, bits));
  for (let i = 0; i < codes.length; i++) {
    for (let b = 0; b < bits; b++) {
      const at = i * bits + b;
      if ((codes[i] >> b) & 1) bytes[at >> 3] |= 1 << (at & 7);
    }
  }
  return bytes;
}

export function unpackCodes(bytes: Uint8Array, count: number, bits: number): Uint8Array {
  const codes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < bits; b++) {
      const at = i * bits + b;
      if ((bytes[at >> 3] >> (at & 7)) & 1) codes[i] |= 1 << b;
    }
  }
  return codes;
}
