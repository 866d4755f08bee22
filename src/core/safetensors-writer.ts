/**
 * A safetensors file written tensor by tensor. Its header needs no values, so it goes first, and whoever writes holds one
 * tensor at a time however large the file is.
 *
 *   header ── tensor ── tensor ── ... ── header once more, where its metadata tell of what was written ── placed
 */
import { endianness } from 'node:os';
import { AtomicFile, type AtomicOptions } from './atomic.ts';
import { internal } from './errors.ts';
import { formatHeader, type TensorLayout } from './safetensors-header.ts';
import { showShape, sizeOf } from './shapes.ts';

export type Values = Float32Array | Int32Array;
export type Metadata = Readonly<Record<string, string>>;

/** A tensor whose values are fetched when their turn has come. */
export interface TensorSource extends TensorLayout {
  read(): Values | Promise<Values>;
}

export const SWAP = endianness() === 'BE';

/** Takes the place of the earlier file in `finish`. Every call throws ShiftAddError 'disk' where it fails. */
export class SafetensorsWriter {
  /** The order in which tensors are to be written. */
  readonly names: readonly string[];
  private readonly tensors: ReadonlyMap<string, TensorLayout>;
  private readonly file: AtomicFile;
  private readonly start: number;
  private written = 0;

  constructor(
    path: string,
    tensors: ReadonlyMap<string, TensorLayout>,
    metadata: Metadata = {},
    options: AtomicOptions = {},
  ) {
    const { bytes, names } = formatHeader(tensors, metadata);
    this.tensors = tensors;
    this.names = names;
    this.start = bytes.length;
    this.file = new AtomicFile(path, options);
    try {
      this.file.write(bytes);
    } catch (error) {
      this.file.close();
      throw error;
    }
  }

  /** The values of the next tensor. */
  write(data: Values): void {
    const name = this.names[this.written++] ?? internal('a safetensors file was given one tensor too many');
    this.file.write(tensorBytes(name, this.tensors.get(name), data));
  }

  /** `metadata`: what the header is to say instead; it takes as many bytes as before. */
  finish(metadata?: Metadata): void {
    if (this.written < this.names.length) internal(`tensor ${this.names[this.written]} was not written`);
    if (metadata !== undefined) {
      const { bytes } = formatHeader(this.tensors, metadata);
      if (bytes.length !== this.start) internal(`a header of ${this.start} bytes became ${bytes.length}`);
      this.file.write(bytes, 0);
    }
    this.file.place();
  }

  /** To be called in the end, come what may: what is not finished is taken away. */
  close(): void {
    this.file.close();
  }
}

/** The bytes of a tensor in the file. */
export function tensorBytes(name: string, layout: TensorLayout | undefined, data: Values): Uint8Array {
  const { shape, type } = layout ?? internal(`no tensor ${name}`);
  if (data.length !== sizeOf(shape) || typeOf(data) !== type) {
    internal(`tensor ${name}, ${type} of shape ${showShape(shape)}, holds ${data.length} of ${typeOf(data)}`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return SWAP ? Buffer.from(bytes).swap32() : bytes;
}

export function typeOf(data: Values): TensorLayout['type'] {
  return data instanceof Int32Array ? 'int32' : 'float32';
}
