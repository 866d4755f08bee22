/**
 * Memory of a backend: blocks in size classes, handed out within a stack of scopes. What a scope allocated goes
 * back to the pool when it closes and serves the next one, so a training step costs neither system calls nor
 * garbage. Generic over what a block is (typed arrays, an address), so every backend shares the accounting and
 * the errors.
 *
 *   root ── scope ── scope        allocate() puts a buffer into the innermost scope
 *     ^─keep──┘ ^─keep──┘         keep() moves it one scope out
 */
import { internal, ShiftAddError } from '../core/errors.ts';
import type { Buffer, DataType } from './backend.ts';

/** Where blocks come from. `create` gets a multiple of 64 bytes and may throw when there is no more memory. */
export interface BlockSource<Block> {
  create(bytes: number): Block;
  destroy(block: Block, bytes: number): void;
}

/** The size class of a buffer over memory that is somebody else's: it never goes into the pool. */
const FOREIGN = -1;

/** A buffer of a `ScopedMemory`. A freed one keeps no block, so using it is noticed. */
export class ScopedBuffer<Block> implements Buffer {
  readonly length: number;
  readonly type: DataType;
  readonly owner: ScopedMemory<Block>;
  readonly sizeClass: number;
  block: Block | null;
  scope: Scope<Block>;
  /** Place in its scope's list. */
  slot: number;

  constructor(
    owner: ScopedMemory<Block>,
    length: number,
    type: DataType,
    sizeClass: number,
    block: Block,
    scope: Scope<Block>,
  ) {
    this.owner = owner;
    this.length = length;
    this.type = type;
    this.sizeClass = sizeClass;
    this.block = block;
    this.scope = scope;
    this.slot = scope.buffers.length;
    scope.buffers.push(this);
  }
}

interface Scope<Block> {
  readonly depth: number;
  readonly buffers: ScopedBuffer<Block>[];
  open: boolean;
}

const SMALLEST = 64;
const LARGEST = 2 ** 36;
/** A block up to twice the wanted size is taken from the pool before a new one is made: four classes higher. */
const STRETCH = 4;
/** The pool may hold this much beyond a quarter more than the peak before it gives blocks back. */
const SLACK = 64 * 2 ** 20;

/** Four classes to each power of two: 64, 80, 96, 112, 128, 160 ... bytes; at most a quarter is unused. */
export function sizeClassOf(bytes: number): number {
  if (bytes <= SMALLEST) return 0;
  const power = 31 - Math.clz32(Math.ceil(bytes / SMALLEST) - 1);
  const base = SMALLEST * 2 ** power;
  return power * 4 + Math.ceil((bytes - base) / (base / 4));
}

/** Bytes of a block of the class. */
export function bytesOfClass(sizeClass: number): number {
  const base = SMALLEST * 2 ** Math.floor(sizeClass / 4);
  return Math.ceil((base * (4 + (sizeClass % 4))) / 4 / SMALLEST) * SMALLEST;
}

export class ScopedMemory<Block> {
  private readonly name: string;
  private readonly source: BlockSource<Block>;
  private readonly pool: Block[][] = [];
  private readonly scopes: Scope<Block>[] = [{ depth: 0, buffers: [], open: true }];
  private used = 0;
  private peak = 0;
  private reserved = 0;
  private disposed = false;

  constructor(name: string, source: BlockSource<Block>) {
    this.name = name;
    this.source = source;
  }

  allocate(length: number, type: DataType): ScopedBuffer<Block> {
    if (this.disposed) internal(`backend ${this.name} was disposed of, and then asked for a buffer`);
    if (!Number.isInteger(length) || length < 0 || length * 4 > LARGEST) {
      throw new ShiftAddError(
        'shape',
        `a buffer has between 0 and 2^34 elements, but ${length} were asked of backend ${this.name}`,
        { length },
      );
    }
    let sizeClass = sizeClassOf(length * 4);
    let block: Block | undefined;
    for (let near = sizeClass; near <= sizeClass + STRETCH && block === undefined; near++) {
      block = this.pool[near]?.pop();
      if (block !== undefined) sizeClass = near;
    }
    const bytes = bytesOfClass(sizeClass);
    if (block === undefined) {
      this.trim(Math.max(this.peak, this.used + bytes) * 1.25 + SLACK - bytes);
      block = this.source.create(bytes);
      this.reserved += bytes;
    }
    this.used += bytes;
    if (this.used > this.peak) this.peak = this.used;
    return new ScopedBuffer(this, length, type, sizeClass, block, this.scopes[this.scopes.length - 1]);
  }

  /** A buffer over a block that somebody else owns. */
  view(block: Block, length: number, type: DataType): ScopedBuffer<Block> {
    return new ScopedBuffer(this, length, type, FOREIGN, block, this.scopes[this.scopes.length - 1]);
  }

  /** Puts another block of the same size, with the same contents, behind a buffer. */
  exchange(buffer: Buffer, block: Block): void {
    this.block(buffer);
    this.own(buffer).block = block;
  }

  /** The block behind a buffer that may be written to: not one of somebody else. */
  writable(buffer: Buffer): Block {
    const block = this.block(buffer);
    if (this.own(buffer).sizeClass === FOREIGN) {
      internal(`what another thread shares can only be read, but was to be written (backend ${this.name})`);
    }
    return block;
  }

  /** The block behind a buffer; an error if it was freed or belongs to someone else. */
  block(buffer: Buffer): Block {
    const own = this.own(buffer);
    if (own.block === null) {
      internal(`a buffer of ${own.length} elements was used after it had been freed (backend ${this.name})`);
    }
    return own.block;
  }

  openScope(): { keep(buffer: Buffer): void; close(): void } {
    const scope: Scope<Block> = { depth: this.scopes.length, buffers: [], open: true };
    this.scopes.push(scope);
    return {
      keep: (buffer) => this.keep(scope, buffer),
      close: () => this.close(scope),
    };
  }

  free(buffer: Buffer): void {
    this.block(buffer);
    const own = this.own(buffer);
    this.detach(own);
    this.release(own);
  }

  statistics(): { used: number; peak: number; reserved: number } {
    return { used: this.used, peak: this.peak, reserved: this.reserved };
  }

  /** Gives every block back; buffers still held count as freed. */
  dispose(): void {
    while (this.scopes.length > 1) this.close(this.scopes[this.scopes.length - 1]);
    const root = this.scopes[0];
    for (const buffer of root.buffers) this.release(buffer);
    root.buffers.length = 0;
    this.trim(0);
    this.disposed = true;
  }

  private own(buffer: Buffer): ScopedBuffer<Block> {
    if (!(buffer instanceof ScopedBuffer) || buffer.owner !== this) {
      internal(`backend ${this.name} was given a buffer that belongs to another backend`);
    }
    return buffer as ScopedBuffer<Block>;
  }

  /** A buffer of an outer scope outlives this one already and stays where it is. */
  private keep(scope: Scope<Block>, buffer: Buffer): void {
    if (!scope.open) internal(`keep() was called on a scope that is closed (backend ${this.name})`);
    this.block(buffer);
    const own = this.own(buffer);
    const outer = this.scopes[scope.depth - 1];
    if (own.scope.depth <= outer.depth) return;
    this.detach(own);
    own.scope = outer;
    own.slot = outer.buffers.length;
    outer.buffers.push(own);
  }

  /** Closes the scopes inside as well: an exception may have left them open. Closing twice does nothing. */
  private close(scope: Scope<Block>): void {
    if (!scope.open) return;
    while (this.scopes.length > scope.depth) {
      const innermost = this.scopes.pop() as Scope<Block>;
      for (const buffer of innermost.buffers) this.release(buffer);
      innermost.buffers.length = 0;
      innermost.open = false;
    }
  }

  private detach(buffer: ScopedBuffer<Block>): void {
    const { buffers } = buffer.scope;
    const last = buffers.pop() as ScopedBuffer<Block>;
    if (last !== buffer) {
      buffers[buffer.slot] = last;
      last.slot = buffer.slot;
    }
  }

  private release(buffer: ScopedBuffer<Block>): void {
    if (buffer.sizeClass === FOREIGN) {
      buffer.block = null;
      return;
    }
    (this.pool[buffer.sizeClass] ??= []).push(buffer.block as Block);
    buffer.block = null;
    this.used -= bytesOfClass(buffer.sizeClass);
  }

  /** Gives idle blocks back, the largest first, until at most `limit` bytes are reserved or none is idle. */
  private trim(limit: number): void {
    for (let sizeClass = this.pool.length - 1; sizeClass >= 0 && this.reserved > limit; sizeClass--) {
      const idle = this.pool[sizeClass];
      while (idle !== undefined && idle.length > 0 && this.reserved > limit) {
        const bytes = bytesOfClass(sizeClass);
        this.source.destroy(idle.pop() as Block, bytes);
        this.reserved -= bytes;
      }
    }
  }
}
