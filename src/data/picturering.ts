/**
 * The pictures decoded last, in memory that threads share: what one has decoded others use again. A picture has the place
 * that its position gives it, and is replaced by the one that comes a whole round later.
 *
 *   words    of each place: the position whose picture is there, plus 1 (negative while it is being decoded, 0 for none),
 *            its height and its width
 */
import type { Size, Window } from './crops.ts';
import { type Decoded, type Part, partOf } from './image.ts';

/** Can be sent to a thread. */
export interface RingMemory {
  readonly places: number;
  /** Of a place; a larger picture is not kept. */
  readonly bytes: number;
  readonly words: SharedArrayBuffer;
  readonly pixels: SharedArrayBuffer;
}

const WORDS = 3;
/** Tags start again here: positions so far apart are never at hand together. */
const TAGS = 2 ** 30;
/** Milliseconds between two looks at a picture that another thread decodes, and until it is decoded here. */
const LOOK_MS = 1;
const PATIENCE_MS = 10_000;

export function openRing(places: number, bytes: number): RingMemory {
  return {
    ...{ places, bytes },
    words: new SharedArrayBuffer(4 * WORDS * places),
    // the system gives it memory where it is written
    pixels: new SharedArrayBuffer(places * bytes),
  };
}

export class PictureRing {
  private readonly memory: RingMemory;
  private readonly words: Int32Array;
  /** What this thread decodes, by position. */
  private readonly decoding = new Map<number, Promise<Decoded | undefined>>();

  constructor(memory: RingMemory) {
    this.memory = memory;
    this.words = new Int32Array(memory.words);
  }

  /** A part of the picture at `position`, which is decoded where it is not there. Rejects as `decode` does. */
  async part(
    position: number,
    windowOf: (size: Size) => Window,
    decode: () => Promise<Decoded>,
  ): Promise<Part> {
    const there = this.read(position, windowOf);
    if (there !== undefined) return there;
    let decoding = this.decoding.get(position);
    if (decoding === undefined) {
      decoding = this.fill(position, decode).finally(() => this.decoding.delete(position));
      this.decoding.set(position, decoding);
    }
    const mine = await decoding;
    if (mine !== undefined) return partOf(mine, windowOf(mine));
    const decoded = this.read(position, windowOf) ?? (await decode());
    return 'rows' in decoded ? decoded : partOf(decoded, windowOf(decoded));
  }

  /** Undefined where it is not there, or was replaced while it was read. */
  private read(position: number, windowOf: (size: Size) => Window): Part | undefined {
    const { bytes, pixels } = this.memory;
    const [at, tag] = this.placeOf(position);
    const isThere = () => Atomics.load(this.words, WORDS * at) === tag;
    if (!isThere()) return undefined;
    const [height, width] = this.words.subarray(WORDS * at + 1, WORDS * at + 3);
    if (!isThere()) return undefined; // a height of one picture and a width of another would reach beyond the place
    const window = windowOf({ height, width });
    const line = 3 * width;
    const rows = new Uint8Array(pixels, at * bytes + window.top * line, window.height * line).slice();
    return isThere() ? { rows, width, window } : undefined;
  }

  /** Decodes a picture and keeps it; undefined where another thread has kept it meanwhile. */
  private async fill(position: number, decode: () => Promise<Decoded>): Promise<Decoded | undefined> {
    const [at, tag] = this.placeOf(position);
    const word = WORDS * at;
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const state = Atomics.load(this.words, word);
      if (state === tag) return undefined;
      if (state === -tag && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      // whoever writes another picture there, or has died over it, is left alone
      if (state < 0) return decode();
      if (Atomics.compareExchange(this.words, word, state, -tag) === state) break;
    }
    let kept = 0;
    try {
      const picture = await decode();
      const { height, width, pixels } = picture;
      if (pixels.length <= this.memory.bytes) {
        new Uint8Array(this.memory.pixels, at * this.memory.bytes, pixels.length).set(pixels);
        this.words.set([height, width], word + 1);
        kept = tag;
      }
      return picture;
    } finally {
      Atomics.store(this.words, word, kept);
    }
  }

  private placeOf(position: number): [number, number] {
    return [position % this.memory.places, (position % TAGS) + 1];
  }
}
