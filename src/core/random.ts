/**
 * Randomness is a value: a key and a counter, nothing hidden. The generator is Threefry-2x32 with 20 rounds
 * (Salmon et al., SC 2011), a keyed bijection of the counter, so any backend can reproduce any draw, a stream
 * splits into independent ones by name, and saving it is saving three numbers.
 */
export interface RandomState {
  readonly key: readonly [number, number];
  readonly counter: number;
}

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** One Threefry-2x32-20 block: two 32-bit words from a two-word key and a two-word counter. */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0, k1, k0 ^ k1 ^ PARITY];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round & 7];
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1;
      x0 = (x0 + keys[injection % 3]) | 0;
      x1 = (x1 + keys[(injection + 1) % 3] + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
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

  private next(): [number, number] {
    const counter = this.counter++;
    return threefry(this.k0, this.k1, counter >>> 0, Math.floor(counter / 2 ** 32));
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    return this.next()[0];
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(low = 0, high = 1): number {
    const [a, b] = this.next();
    return low + (high - low) * (((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53);
  }

  /** An integer in [0, n), exactly uniform (rejection). */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n > 0))
      throw new RangeError(`integer(n) needs 1 <= n <= 2^53, got ${n}`);
    const span = 2 ** 53;
    const limit = span - (span % n);
    for (;;) {
      const [a, b] = this.next();
      const value = (a >>> 0) * 2 ** 21 + (b >>> 11);
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
