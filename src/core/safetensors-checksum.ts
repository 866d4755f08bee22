/**
 * SHA-256 over named tensors and over what else a file says, for whoever reads it to notice damage. It is of contents, not
 * of bytes in a file: one that another program wrote anew, with the same contents in another order, has the same.
 */
import { createHash } from 'node:crypto';
import type { Metadata, Values } from './safetensors-writer.ts';
import type { Shape } from './shapes.ts';

interface Tensor {
  readonly shape: Shape;
  readonly data: Values;
}

/** Over a text and every tensor with its name, type and shape, added in the order of names. */
export class Checksum {
  private readonly hash = createHash('sha256');

  constructor(text: string) {
    this.hash.update(JSON.stringify(text));
  }

  add(name: string, { shape, data }: Tensor): void {
    this.hash.update(JSON.stringify([name, data.constructor.name, shape]));
    this.hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Of what was added so far, hexadecimal. */
  hex(): string {
    return this.hash.copy().digest('hex');
  }
}

/** Where metadata hold it. Files that have none, PyTorch's for one, are read as they are. */
const KEY = 'shiftaddnas.sha256';

/** Metadata with the checksum of themselves and of the tensors. */
export function withChecksum(tensors: ReadonlyMap<string, Tensor>, metadata: Metadata): Metadata {
  return { ...metadata, [KEY]: checksumOf(tensors, metadata) };
}

/** Whether contents are those that their checksum was taken of; true where there is none. */
export function isSound(tensors: ReadonlyMap<string, Tensor>, metadata: Metadata): boolean {
  const { [KEY]: noted, ...others } = metadata;
  return noted === undefined || noted === checksumOf(tensors, others);
}

function checksumOf(tensors: ReadonlyMap<string, Tensor>, metadata: Metadata): string {
  const checksum = new Checksum(JSON.stringify(Object.entries(metadata).sort(byName)));
  for (const [name, tensor] of [...tensors].sort(byName)) checksum.add(name, tensor);
  return checksum.hex();
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;
