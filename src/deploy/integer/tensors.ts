/**
 * The numbers of a program as the bytes of weights.bin: the tensors one after the other, little-endian, row-major, each at
 * a multiple of 8 bytes, zeros between them.
 */
import { sizeOf } from '../../core/shapes.ts';
import type { IntegerTensor, TensorType } from './program.ts';

export const BYTES: Readonly<Record<TensorType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
};
const ALIGNMENT = 8;

export interface Placed {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly offset: number;
}

const READ: Readonly<Record<TensorType, (view: DataView, at: number) => number>> = {
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  int16: (view, at) => view.getInt16(at, true),
  int32: (view, at) => view.getInt32(at, true),
  int64: (view, at) => Number(view.getBigInt64(at, true)),
};

const WRITE: Readonly<Record<TensorType, (view: DataView, at: number, value: number) => void>> = {
  int8: (view, at, value) => view.setInt8(at, value),
  uint8: (view, at, value) => view.setUint8(at, value),
  int16: (view, at, value) => view.setInt16(at, value, true),
  int32: (view, at, value) => view.setInt32(at, value, true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
};

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: Float64Array,
} as const;

export function encodeTensors(tensors: ReadonlyMap<string, IntegerTensor>): {
  readonly bytes: Uint8Array;
  readonly placed: Readonly<Record<string, Placed>>;
} {
  const placed: Record<string, Placed> = {};
  let end = 0;
  for (const [name, { type, shape }] of tensors) {
    const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    placed[name] = { type, shape, offset };
    end = offset + sizeOf(shape) * BYTES[type];
  }
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  for (const [name, { type, data }] of tensors) {
    data.forEach((value, i) => {
      WRITE[type](view, placed[name].offset + i * BYTES[type], value);
    });
  }
  return { bytes, placed };
}

export const endOf = ({ type, shape, offset }: Placed): number => offset + sizeOf(shape) * BYTES[type];

export function decodeTensor(bytes: Uint8Array, { type, shape, offset }: Placed): IntegerTensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new ARRAYS[type](sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = READ[type](view, offset + i * BYTES[type]);
  return { type, shape, data };
}
