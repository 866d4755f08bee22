import { ShiftAddError } from '../../core/errors.ts';

/** Protocol-buffer wire format, as far as ONNX needs it: a message is a row of numbered fields. */
export interface Field {
  readonly number: number;
  /** A varint or fixed number; for lengths the bytes. */
  readonly value: number | Uint8Array;
}

/** Fields of a message in the order of the file. Throws 'data' when the bytes end too early or are no message. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const need = (count: number) => {
    if (at + count > bytes.length) damaged('it ends in the middle of a field');
  };
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      need(1);
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    return damaged('a number has more than ten bytes');
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (number < 1) damaged(`field number ${number} does not exist`);
    switch (key % 8) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        need(8);
        fields.push({ number, value: view.getFloat64(at, true) });
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (length < 0) damaged('a length is negative');
        need(length);
        fields.push({ number, value: bytes.subarray(at, at + length) });
        at += length;
        break;
      }
      case 5:
        need(4);
        fields.push({ number, value: view.getFloat32(at, true) });
        at += 4;
        break;
      default:
        damaged(`wire type ${key % 8} is not used by ONNX`);
    }
  }
  return fields;
}

/** Whole numbers of a repeated field, packed or one by one. */
export function numbersOf(fields: readonly Field[], number: number): number[] {
  return fields
    .filter((field) => field.number === number)
    .flatMap(({ value }) => (typeof value === 'number' ? [value] : packed(value)));
}

function packed(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    numbers.push(Number(BigInt.asIntN(64, value)));
    [value, shift] = [0n, 0n];
  }
  return numbers;
}

/** 32-bit floats of a repeated field, packed or one by one. */
export function floatsOf(fields: readonly Field[], number: number): number[] {
  return fields
    .filter((field) => field.number === number)
    .flatMap(({ value }) => (typeof value === 'number' ? [value] : rawFloats(value)));
}

/** The floats that bytes hold, smallest byte first. */
export function rawFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true));
}

/** Bytes of every occurrence of a field. */
export function bytesOf(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) =>
    field.number === number && typeof field.value !== 'number' ? [field.value] : [],
  );
}

const utf8 = new TextDecoder();

export function textsOf(fields: readonly Field[], number: number): string[] {
  return bytesOf(fields, number).map((bytes) => utf8.decode(bytes));
}

function damaged(why: string): never {
  throw new ShiftAddError(
    'data',
    `The file is not an ONNX model: ${why}; export it again or check the download.`,
  );
}
