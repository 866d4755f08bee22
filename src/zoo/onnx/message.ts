/** The writing side of the wire format: a message is a row of numbered fields (wire.ts reads them back). */
const utf8 = new TextEncoder();

/** A number is a varint, a text or bytes have a length, whole numbers in a row are packed. */
export type Part = readonly [field: number, value: number | string | Uint8Array | readonly number[]];

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/** The bytes of a message with these fields, in this order. */
export function message(...parts: readonly Part[]): Uint8Array {
  return joined(
    parts.flatMap(([field, value]) => {
      if (typeof value === 'number') return [varints([(field << 3) | VARINT, value])];
      const bytes = bytesOf(value);
      return [varints([(field << 3) | LENGTH, bytes.length]), bytes];
    }),
  );
}

/** A field that holds one 32-bit float. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = (field << 3) | FIXED32;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

/** Pieces one after the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function bytesOf(value: string | Uint8Array | readonly number[]): Uint8Array {
  if (typeof value === 'string') return utf8.encode(value);
  return value instanceof Uint8Array ? value : varints(value);
}

function varints(values: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
  }
  return Uint8Array.from(bytes);
}
