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
import { type AtomicOptions, PIECE } from './atomic.ts';
import { require_, ShiftAddError } from './errors.ts';
import { isSound } from './safetensors-checksum.ts';
import {
  type Bytes,
  formatHeader,
  parseHeader,
  type TensorEntry,
  type TensorLayout,
} from './safetensors-header.ts';
import {
  type Metadata,
  SafetensorsWriter,
  SWAP,
  type TensorSource,
  tensorBytes,
  typeOf,
  type Values,
} from './safetensors-writer.ts';
import { type Shape, sizeOf } from './shapes.ts';

export interface TensorData {
  readonly shape: Shape;
  readonly data: Values;
}

export interface Safetensors {
  readonly tensors: Map<string, TensorData>;
  readonly metadata: Metadata;
}

/** Tensors that are in memory already, for those who write from anywhere. */
export function sourcesOf(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorSource> {
  return new Map(
    Array.from(tensors, ([name, { shape, data }]) => [name, { shape, type: typeOf(data), read: () => data }]),
  );
}

/** The bytes of a safetensors file. `tensors`: float32 or int32 arrays of their shapes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Metadata = {},
): Uint8Array {
  const layouts: ReadonlyMap<string, TensorLayout> = sourcesOf(tensors);
  const { bytes: header, names, dataBytes } = formatHeader(layouts, metadata);
  const bytes = Buffer.alloc(header.length + dataBytes);
  bytes.set(header);
  let offset = header.length;
  for (const name of names) {
    const part = tensorBytes(name, layouts.get(name), tensors.get(name)!.data);
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/**
 * Reads what `encodeSafetensors` or any other writer made: float32 and int32, and int64 as far as it fits into 32 bits (the
 * counters that PyTorch keeps). The arrays are copies. Where metadata hold a checksum, contents must be those it was taken of.
 * @param name of the file, for messages
 * @throws ShiftAddError 'run' with the file and what is wrong with it
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const copy = (from: number, into: Uint8Array) => into.set(bytes.subarray(from, from + into.length));
  return decode({ size: bytes.length, copy }, name);
}

/** Each tensor comes into an array of its own: a file is free not to have the alignment that a view needs. */
function decode(bytes: Bytes, name: string): Safetensors {
  const { metadata, entries, start } = parseHeader(bytes, name);
  const tensors = new Map<string, TensorData>();
  for (const entry of entries) {
    const part = new Uint8Array(entry.end - entry.begin);
    bytes.copy(start + entry.begin, part);
    tensors.set(entry.name, { shape: entry.shape, data: valuesOf(part, entry, name) });
  }
  require_(
    isSound(tensors, metadata),
    'run',
    () =>
      `${name} is damaged: its SHA-256 was taken of other contents; take the file from a copy, or have it written anew`,
    { path: name },
  );
  return { tensors, metadata };
}

function valuesOf({ buffer }: Uint8Array<ArrayBuffer>, entry: TensorEntry, file: string): Values {
  if (entry.dtype === 'I64') return shortened(buffer, entry, file);
  if (SWAP) Buffer.from(buffer).swap32();
  return entry.dtype === 'I32' ? new Int32Array(buffer) : new Float32Array(buffer);
}

function shortened(buffer: ArrayBuffer, entry: TensorEntry, file: string): Int32Array {
  const view = new DataView(buffer);
  return Int32Array.from({ length: sizeOf(entry.shape) }, (_, i) => {
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
}

/** Writes a safetensors file as one step. @throws ShiftAddError 'disk' */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Metadata = {},
  options: AtomicOptions = {},
): void {
  const file = new SafetensorsWriter(path, sourcesOf(tensors), metadata, options);
  try {
    for (const name of file.names) file.write(tensors.get(name)!.data);
    file.finish();
  } finally {
    file.close();
  }
}

/** Reads a safetensors file. @throws ShiftAddError 'run' when it is missing, cut off or malformed */
export function readSafetensors(path: string): Safetensors {
  return withBytes(path, (bytes) => decode(bytes, path));
}

/** What a file says of itself, without its tensors. @throws ShiftAddError as readSafetensors */
export function readMetadata(path: string): Metadata {
  return withBytes(path, (bytes) => parseHeader(bytes, path).metadata);
}

function withBytes<T>(path: string, use: (bytes: Bytes) => T): T {
  const reading = <R>(work: () => R): R => {
    try {
      return work();
    } catch (error) {
      throw new ShiftAddError('run', `cannot read ${path}: ${reasonOf(error)}`, { path }, error);
    }
  };
  const file = reading(() => fs.openSync(path, 'r'));
  try {
    const { size } = reading(() => fs.fstatSync(file));
    return use({ size, copy: (from, into) => reading(() => readAll(file, from, into)) });
  } finally {
    fs.closeSync(file);
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? 'it is a folder, and a safetensors file is needed here' : message;
}

/** Fills `into` from byte `from` of a file on: the system may give only a part at a time. */
function readAll(file: number, from: number, into: Uint8Array): void {
  let read = 0;
  while (read < into.length) {
    const length = Math.min(PIECE, into.length - read);
    const found = fs.readSync(file, into, read, length, from + read);
    if (found === 0) throw new Error('it became shorter while it was read');
    read += found;
  }
}
