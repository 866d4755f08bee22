/**
 * A picture in the memory of a Wasm module whose passes are those of native/pictures.cpp. Every picture has an instance
 * and a memory of its own, so that threads have nothing to share.
 *
 *   memory   data | before | source | tables [channels, 256] | counts | curve [channels, 256] float | values float
 */
import type { Placement } from '../augment.ts';
import type { Matrix, Picture } from './picture.ts';
import { BEHIND, instantiate, memoryFrom } from './wasm-module.ts';

/** What the module exports; offsets are bytes of its memory. */
interface Passes {
  place(
    source: number,
    data: number,
    height: number,
    width: number,
    channels: number,
    top: number,
    left: number,
    mirrored: number,
    edge: number,
  ): void;
  lookUp(data: number, tables: number, values: number, channels: number): void;
  count(data: number, counts: number, values: number, channels: number): void;
  lumaSum(data: number, values: number, channels: number): number;
  saturate(data: number, greys: number, values: number, factor: number): void;
  sharpen(
    data: number,
    before: number,
    height: number,
    width: number,
    channels: number,
    factor: number,
  ): void;
  transform(
    data: number,
    before: number,
    height: number,
    width: number,
    channels: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    fill: number,
  ): void;
  normalise(data: number, curve: number, values: number, count: number, channels: number): void;
}

export class WasmPicture implements Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
  private readonly passes: Passes;
  private readonly size: number;
  private readonly before: number;
  private readonly source: Uint8Array;
  private readonly tables: Uint8Array;
  private readonly counted: Uint32Array;
  private readonly curve: Float32Array;
  private readonly values: Float32Array;

  /** Undefined where the module is not there. */
  static make(height: number, width: number, channels: number): WasmPicture | undefined {
    const size = height * width * channels;
    const bytes = 3 * (size + BEHIND) + 256 * channels + 4 * (2 * 256 * channels + size) + 6 * BEHIND;
    const module = instantiate<Passes>(bytes);
    return (
      module && new WasmPicture({ height, width, channels }, module.passes, module.memory.buffer, module.base)
    );
  }

  private constructor(
    { height, width, channels }: Pick<Picture, 'height' | 'width' | 'channels'>,
    passes: Passes,
    memory: ArrayBuffer,
    base: number,
  ) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.passes = passes;
    this.size = height * width * channels;
    const take = memoryFrom(base);
    const [pixels, entries] = [this.size, 256 * channels];
    this.data = new Uint8Array(memory, take(pixels + BEHIND), pixels);
    this.before = take(pixels + BEHIND);
    this.source = new Uint8Array(memory, take(pixels + BEHIND), pixels);
    this.tables = new Uint8Array(memory, take(entries), entries);
    this.counted = new Uint32Array(memory, take(4 * entries), entries);
    this.curve = new Float32Array(memory, take(4 * entries), entries);
    this.values = new Float32Array(memory, take(4 * pixels), pixels);
  }

  place(
    pixels: Uint8Array,
    from: number,
    { mirrored, top, left }: Placement,
    padding: 'black' | 'edge',
  ): void {
    const { height, width, channels, source, data } = this;
    source.set(pixels.subarray(from, from + this.size));
    this.passes.place(
      ...([source.byteOffset, data.byteOffset, height, width, channels] as const),
      ...([top, left, Number(mirrored), Number(padding === 'edge')] as const),
    );
  }

  lookUp(tables: Uint8Array): void {
    this.tables.set(tables.subarray(0, this.tables.length));
    this.passes.lookUp(this.data.byteOffset, this.tables.byteOffset, this.size, this.channels);
  }

  counts(): Uint32Array {
    this.passes.count(this.data.byteOffset, this.counted.byteOffset, this.size, this.channels);
    return this.counted;
  }

  lumaSum(): number {
    return this.passes.lumaSum(this.data.byteOffset, this.size, this.channels);
  }

  saturate(factor: number): void {
    this.passes.saturate(this.data.byteOffset, this.before, this.size, factor);
  }

  sharpen(factor: number): void {
    const { height, width, channels, data, before } = this;
    this.passes.sharpen(data.byteOffset, before, height, width, channels, factor);
  }

  transform([a, b, c, d, e, f]: Matrix, fill: readonly number[]): void {
    const { height, width, channels, data, before, tables } = this;
    tables.set(fill);
    this.passes.transform(
      ...([data.byteOffset, before, height, width, channels] as const),
      ...([a, b, c, d, e, f, tables.byteOffset] as const),
    );
  }

  normalise(table: Float32Array, images: Float32Array, at: number): void {
    this.curve.set(table);
    const { data, curve, values } = this;
    this.passes.normalise(
      ...([data.byteOffset, curve.byteOffset, values.byteOffset, this.size, this.channels] as const),
    );
    images.set(values, at);
  }
}
