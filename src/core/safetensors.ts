/**
 * Safetensors: named arrays and a few strings in one file that anything can read and nothing can execute.
 *
 *   8 bytes          header length, little-endian
 *   header           JSON: { "__metadata__": {...}, name: { dtype, shape, data_offsets: [begin, end] } }, padded
 *                    with spaces so that the data starts at a multiple of 8
 *   data             the arrays one after the other, little-endian, no holes
 *
 * Tensors are written in the order of their names, so equal contents are equal bytes. Format:
 * github.com/huggingface/safetensors, README "Format".
 */
import fs from 'node:fs';
import { endianness } from 'node:os';
import { type AtomicOptions, writeFileAtomic } from './atomic.ts';
import { internal, ShiftAddError } from './errors.ts';
import { parseHeader, type TensorEntry } from './safetensors-header.ts';
import { type Shape, showShape, sizeOf } from './shapes.ts';

export interface TensorData {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

export interface Safetensors {
  readonly tensors: Map<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}

const SWAP = endianness() === 'BE';

/** The bytes of a safetensors file. `tensors`: float32 or int32 arrays of their shapes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = [...tensors.keys()].sort();
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    if (name === '__metadata__' || data.length !== sizeOf(shape)) {
      internal(`tensor ${name} of shape ${showShape(shape)} holds ${data.length} elements`);
    }
    const begin = end;
    end += data.length * 4;
    const dtype = data instanceof Int32Array ? 'I32' : 'F32';
    header.push([name, { dtype, shape: [...shape], data_offsets: [begin, end] }]);
  }
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)), 'utf8');
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(start + end, 0x20);
  bytes.writeBigUInt64LE(BigInt(start - 8));
  text.copy(bytes, 8);
  let offset = start;
  for (const name of names) {
    const { data } = tensors.get(name)!;
    const part = bytes.subarray(offset, offset + data.byteLength);
    part.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (SWAP) part.swap32();
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * Reads what `encodeSafetensors` or any other writer made: float32 and int32, and int64 as far as it fits into 32 bits (the
 * counters that PyTorch keeps). The arrays are copies.
 * @param name of the file, for messages
 * @throws ShiftAddError 'run' with the file and what is wrong with it
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const { metadata, entries, start } = parseHeader(bytes, name);
  const tensors = new Map<string, TensorData>();
  for (const entry of entries) {
    const tensor =
      entry.dtype === 'I64' ? readLong(bytes, start, entry, name) : readTensor(bytes, start, entry);
    tensors.set(entry.name, tensor);
  }
  return { tensors, metadata };
}

function readLong(bytes: Uint8Array, start: number, entry: TensorEntry, file: string): TensorData {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + entry.begin);
  const data = Int32Array.from({ length: sizeOf(entry.shape) }, (_, i) => {
    const value = view.getBigInt64(8 * i, true);
    if (value === BigInt.asIntN(32, value)) return Number(value);
    throw new ShiftAddError(
      'run',
      `${file} is not a sound safetensors file: ${entry.name} holds ${value}, above 32 bits`,
      {
        path: file,
      },
    );
  });
  return { shape: entry.shape, data };
}

function readTensor(bytes: Uint8Array, start: number, entry: TensorEntry): TensorData {
  // A copy, because a view needs the alignment that a file is free not to have.
  const part = bytes.slice(start + entry.begin, start + entry.end);
  const aligned = new Uint8Array(part.length);
  aligned.set(part);
  if (SWAP) Buffer.from(aligned.buffer).swap32();
  const data = entry.dtype === 'I32' ? new Int32Array(aligned.buffer) : new Float32Array(aligned.buffer);
  return { shape: entry.shape, data };
}

/** Writes a safetensors file as one step. @throws ShiftAddError 'disk' */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
  options: AtomicOptions = {},
): void {
  writeFileAtomic(path, encodeSafetensors(tensors, metadata), options);
}

/** Reads a safetensors file. @throws ShiftAddError 'run' when it is missing, cut off or malformed */
export function readSafetensors(path: string): Safetensors {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShiftAddError('run', `cannot read ${path}: ${reason}`, { path }, error);
  }
  return decodeSafetensors(bytes, path);
}
