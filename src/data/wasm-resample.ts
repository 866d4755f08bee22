/**
 * The passes of `PlainResampler` in Wasm, byte for byte.
 *
 *   memory   columns: first | used | weights, rows: first | used | weights | result | narrow picture | picture
 */
import { BEHIND, type Instance, instantiate, memoryFrom, PAGE } from './augment/wasm-module.ts';
import type { Size, Window } from './crops.ts';
import { PlainResampler, type Resampler, type Weights, weightsOf } from './resample.ts';

/** What the module exports; offsets are bytes of its memory. */
interface Passes {
  resampleColumns(
    rows: number,
    narrow: number,
    height: number,
    width: number,
    count: number,
    first: number,
    used: number,
    weights: number,
    taps: number,
  ): void;
  resampleRows(
    narrow: number,
    out: number,
    line: number,
    count: number,
    first: number,
    used: number,
    weights: number,
    taps: number,
  ): void;
}

/** Lengths whose weights are kept: pictures of one size have no more of them. */
const MOST_KNOWN = 1024;

/** The quickest that there is here. */
export function resamplerOf(size: Size): Resampler {
  const module = instantiate<Passes>(0);
  return module === undefined ? new PlainResampler(size) : new WasmResampler(size, module);
}

export class WasmResampler implements Resampler {
  private readonly size: Size;
  private readonly module: Instance<Passes>;
  /** Those of a line of each length so far, to the width and to the height. */
  private readonly columns = new Map<number, Weights>();
  private readonly rows = new Map<number, Weights>();

  constructor(size: Size, module: Instance<Passes>) {
    this.size = size;
    this.module = module;
  }

  cut(rows: Uint8Array, width: number, window: Window): Uint8Array {
    const { size } = this;
    const { passes, memory, base } = this.module;
    const take = memoryFrom(base);
    const across = known(this.columns, window.width, size.width);
    const down = known(this.rows, window.height, size.height);
    const [columns, lines] = [placeOf(across, take), placeOf(down, take)];
    const bytes = size.height * size.width * 3;
    const out = take(bytes + BEHIND);
    const narrow = take(window.height * size.width * 3 + BEHIND);
    // of the last row nothing behind the window is there, of the first nothing before it
    const seen = rows.subarray(
      window.left * 3,
      ((window.height - 1) * width + window.left + window.width) * 3,
    );
    const picture = take(seen.length + BEHIND);
    this.reach(picture + seen.length + BEHIND);
    write(memory.buffer, across, columns);
    write(memory.buffer, down, lines);
    new Uint8Array(memory.buffer, picture, seen.length).set(seen);
    passes.resampleColumns(
      ...([picture, narrow, window.height, width * 3, size.width] as const),
      ...([columns.first, columns.used, columns.weights, across.taps] as const),
    );
    passes.resampleRows(
      ...([narrow, out, size.width * 3, size.height] as const),
      ...([lines.first, lines.used, lines.weights, down.taps] as const),
    );
    return new Uint8Array(memory.buffer, out, bytes);
  }

  /** Makes the memory as large as `end`. */
  private reach(end: number): void {
    const { memory } = this.module;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  }
}

function known(cache: Map<number, Weights>, length: number, count: number): Weights {
  let found = cache.get(length);
  if (found === undefined) {
    if (cache.size >= MOST_KNOWN) cache.clear();
    found = weightsOf(length, count);
    cache.set(length, found);
  }
  return found;
}

interface Place {
  readonly first: number;
  readonly used: number;
  readonly weights: number;
}

function placeOf({ first, used, weights }: Weights, take: (bytes: number) => number): Place {
  return {
    first: take(first.byteLength),
    used: take(used.byteLength),
    weights: take(weights.byteLength),
  };
}

function write(memory: ArrayBuffer, { first, used, weights }: Weights, place: Place): void {
  new Int32Array(memory, place.first, first.length).set(first);
  new Int32Array(memory, place.used, used.length).set(used);
  new Int32Array(memory, place.weights, weights.length).set(weights);
}
