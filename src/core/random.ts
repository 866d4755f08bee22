/**
 * Randomness is a value: a key and a counter, nothing hidden. The generator is Threefry-2x32 with 20 rounds
 * (Salmon et al., SC 2011), a keyed bijection of the counter, so any backend can reproduce any draw, a stream
 * splits into independent ones by name, and saving it is saving three numbers.
 */
export interface RandomState {
  readonly key: readonly [number, number];
  readonly counter: number;
}

const PARITY = 0x1bd11bda;

/** The two words that `mix` gave last: draws are too many to pay for a pair of their own each. */
let first = 0;
let second = 0;

/** One Threefry-2x32-20 block into `first` and `second`; eight rounds and two injections of the key a turn. */
function mix(k0: number, k1: number, c0: number, c1: number): void {
  let ka = k0 | 0;
  let kb = k1 | 0;
  let kc = ka ^ kb ^ PARITY;
  let x = (c0 + ka) | 0;
  let y = (c1 + kb) | 0;
  for (let injection = 1; ; injection += 2) {
    x = (x + y) | 0;
    y = ((y << 13) | (y >>> 19)) ^ x;
    x = (x + y) | 0;
    y = ((y << 15) | (y >>> 17)) ^ x;
    x = (x + y) | 0;
    y = ((y << 26) | (y >>> 6)) ^ x;
    x = (x + y) | 0;
    y = ((y << 6) | (y >>> 26)) ^ x;
    x = (x + kb) | 0;
    y = (y + kc + injection) | 0;
    if (injection === 5) break;
    x = (x + y) | 0;
    y = ((y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = ((y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = ((y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = ((y << 24) | (y >>> 8)) ^ x;
    x = (x + kc) | 0;
    y = (y + ka + injection + 1) | 0;
    // the three words of the key take turns: two injections on, the third is first
    const kept = ka;
    ka = kc;
    kc = kb;
    kb = kept;
  }
  first = x >>> 0;
  second = y >>> 0;
}

/** One Threefry-2x32-20 block: two 32-bit words from a two-word key and a two-word counter. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  mix(k0, k1, c0, c1);
  return [first, second];
}

/** FNV-1a, folded into two words: turns a label into a key. */
function hashLabel(label: string | number): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const char of String(label)) {
    const code = char.codePointAt(0)!;
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b + code, 0x85ebca6b) ^ (b >>> 13);
  }
  return [a >>> 0, b >>> 0];
}

export class Random {
  private readonly k0: number;
  private readonly k1: number;
  private counter: number;

  constructor(state: RandomState) {
    [this.k0, this.k1] = state.key;
    this.counter = state.counter;
  }

  static fromSeed(seed: number | string): Random {
    return new Random({ key: hashLabel(`seed:${seed}`), counter: 0 });
  }

  state(): RandomState {
    return { key: [this.k0, this.k1], counter: this.counter };
  }

  /** An independent stream; the same label always gives the same stream, however much was drawn before. */
  split(label: string | number): Random {
    const [h0, h1] = hashLabel(label);
    return new Random({ key: threefry(this.k0, this.k1, h0, h1 ^ 0x5bf03635), counter: 0 });
  }

  /** The next block of the stream, into `first` and `second`. */
  private next(): void {
    const counter = this.counter++;
    mix(this.k0, this.k1, counter >>> 0, Math.floor(counter / 2 ** 32));
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    this.next();
    return first;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(low = 0, high = 1): number {
    this.next();
    return low + (high - low) * (((first >>> 5) * 2 ** 26 + (second >>> 6)) / 2 ** 53);
  }

  /** An integer in [0, n), exactly uniform (rejection). */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n > 0))
      throw new RangeError(`integer(n) needs 1 <= n <= 2^53, got ${n}`);
    const span = 2 ** 53;
    const limit = span - (span % n);
    for (;;) {
      this.next();
      const value = first * 2 ** 21 + (second >>> 11);
      if (value < limit) return value % n;
    }
  }

  /** An integer in [0, n) for n beyond 2^53, exactly uniform. */
  bigint(n: bigint): bigint {
    if (n <= 0n) throw new RangeError(`bigint(n) needs n >= 1, got ${n}`);
    const words = Math.ceil((n - 1n).toString(2).length / 32) + 1;
    const span = 1n << BigInt(32 * words);
    const limit = span - (span % n);
    for (;;) {
      let value = 0n;
      for (let i = 0; i < words; i++) value = (value << 32n) | BigInt(this.uint32());
      if (value < limit) return value % n;
    }
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    const u = 1 - this.uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Standard normal draws to values[from..to), two of a block each: many for less than `normal` takes. */
  normals(values: Float32Array, from: number, to: number): void {
    for (let i = from; i < to; i += 2) {
      this.next();
      const radius = Math.sqrt(-2 * Math.log((first + 1) / 2 ** 32));
      const angle = (2 * Math.PI * second) / 2 ** 32;
      values[i] = radius * Math.cos(angle);
      if (i + 1 < to) values[i + 1] = radius * Math.sin(angle);
    }
  }

  boolean(probability = 0.5): boolean {
    return this.uniform() < probability;
  }

  choice<T>(items: readonly T[]): T {
    return items[this.integer(items.length)];
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** The numbers 0..n-1 in random order. */
  permutation(n: number): Uint32Array {
    const out = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = out[i];
      out[i] = out[j];
      out[j] = held;
    }
    return out;
  }
}
