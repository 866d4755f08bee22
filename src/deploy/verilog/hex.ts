/** Memory files as $readmemh reads them: a word a line, in hexadecimal, negative numbers as two's complement. */

/** The lowest `bits` bits of a number. */
export function hex(number: number | bigint, bits: number): string {
  const digits = Math.ceil(bits / 4);
  return BigInt.asUintN(bits, BigInt(number)).toString(16).padStart(digits, '0');
}

export function memory(numbers: ArrayLike<number> | readonly bigint[], bits: number): string {
  return Array.from(numbers as ArrayLike<number | bigint>, (number) => `${hex(number, bits)}\n`).join('');
}

/** One behind the other, the first in the highest bits. */
export function joined(parts: readonly (readonly [number: number, bits: number])[]): bigint {
  return parts.reduce(
    (word, [number, bits]) => (word << BigInt(bits)) | BigInt.asUintN(bits, BigInt(number)),
    0n,
  );
}
