/**
 * Programs drawn at random, for tests of whatever runs or writes programs: every operation, both ways to requantise, both
 * widths, odd sizes, strides, padding, groups and weights at their extremes. They are sound, and mean nothing.
 */
import { Random } from '../../../core/random.ts';
import { sizeOf } from '../../../core/shapes.ts';
import { windowBounds } from '../bounds.ts';
import { ProgramBuilder, type Scale, type TermSum } from '../builder.ts';
import { checkProgram, countsOf, windowed } from '../check.ts';
import { codeOf, largestExponent, packCodes } from '../codes.ts';
import {
  type IntegerProgram,
  type MapShape,
  type PoolWindow,
  type Requantise,
  type Share,
  TABLE_ENTRIES,
  type Value,
  type WindowOperation,
} from '../program.ts';

export interface Drawing {
  /** Operations besides the last, the logits. */
  readonly operations: number;
  /** Of the image. */
  readonly side: number;
  readonly channels: number;
  /** Most channels of any value. */
  readonly most: number;
}

export const SMALL: Drawing = { operations: 6, side: 8, channels: 3, most: 9 };

const KINDS = [
  ...['conv', 'shift', 'add', 'depthwise', 'grouped', 'rescale', 'sum'],
  ...['max-pool', 'average-pool', 'attention', 'rescale', 'lookup', 'gate'],
] as const;

class Drawer {
  readonly build: ProgramBuilder;
  private readonly random: Random;
  private readonly drawing: Drawing;

  constructor(random: Random, drawing: Drawing) {
    this.random = random;
    this.drawing = drawing;
    this.build = new ProgramBuilder([drawing.side, drawing.side + 1, drawing.channels]);
  }

  /** A whole number from `low` to `high`, both among them. */
  private whole(low: number, high: number): number {
    return low + this.random.integer(high - low + 1);
  }

  private one<T>(choices: readonly T[]): T {
    return choices[this.random.integer(choices.length)];
  }

  /** Numbers of `bits` bits: all sizes, and now and then all extremes. */
  private numbers(count: number, bits: number): number[] {
    const most = 2 ** (bits - 1);
    const kind = this.whole(0, 11);
    return Array.from({ length: count }, () => {
      if (kind === 0) return -most;
      if (kind === 1) return most - 1;
      if (kind === 2) return this.one([-most, most - 1]);
      return this.whole(-most, most - 1);
    });
  }

  private value(shape: MapShape, more: Partial<Value> = {}): Value {
    const bits = more.bits ?? this.one([8, 8, 16] as const);
    const most = 2 ** (bits - 1);
    const zero = bits === 16 ? 0 : this.one([0, -most, this.whole(-most, most - 1)]);
    const low = this.one([zero, -most]);
    return { shape, bits, zero, low, high: most - 1, step: 1, ...more };
  }

  /** A way from accumulators that lie within `bound` of `-centre` to numbers of `to`. */
  private requantise(
    name: string,
    bound: number,
    channels: number,
    to: Value,
    terms: boolean,
    centre = 0,
  ): Requantise {
    // sums seldom come near their bound: from a small part of the value's numbers to far beyond them
    // a value may use fewer numbers than its bits hold
    const bits = Math.min(to.bits, Math.ceil(Math.log2(2 * (to.high + 1))));
    const exponent = () => bits - Math.ceil(Math.log2(bound + 1)) + this.whole(-1, 3);
    const middle = (to.low + to.high) / 2;
    if (!terms) {
      const scales = Array.from({ length: channels }, (): Scale => {
        const multiplier = this.one([-1, 1]) * this.whole(2 ** 14, 2 ** 15 - 1) * this.one([1, 1, 1, 0]);
        const shift = Math.min(31, Math.max(0, 15 - exponent()));
        const addend = (middle + this.whole(-20, 20) + 0.5) * 2 ** shift + centre * multiplier;
        return { multiplier, shift, addend: Math.floor(addend) };
      });
      return this.build.multiply(name, scales);
    }
    const guard = Math.max(0, Math.min(8, 28 - to.bits));
    const sums = Array.from({ length: channels }, (): TermSum => {
      const count = this.whole(1, 4);
      const top = exponent() + guard;
      const places = Array.from({ length: count }, (_, k) => Math.max(-31, Math.min(30, top - 2 * k)));
      const signs = places.map(() => this.one([-1, 1, 1, 0]));
      const scale = places.reduce((sum, place, k) => sum + signs[k] * 2 ** place, 0);
      const addend = (middle + this.whole(-20, 20)) * 2 ** guard + centre * scale;
      return { signs, places, addend: Math.floor(addend) };
    });
    return this.build.terms(name, sums, guard);
  }

  /** Sizes of a window that fits the map; `inner` leaves padding smaller than the window. */
  private window([h, w]: MapShape): PoolWindow {
    const [r, s] = [this.whole(1, Math.min(h, 4)), this.whole(1, Math.min(w, 4))];
    return { r, s, stride: this.whole(1, 2), pad: this.whole(0, Math.min(r, s) - 1) };
  }

  weighted(name: string, x: number, kind: WindowKind, whole?: number): number {
    const { build, drawing } = this;
    const from = build.values[x];
    const [h, w, c] = from.shape;
    const apart = kind === 'depthwise' || kind === 'grouped';
    const arithmetic = apart ? this.one(['conv', 'shift', 'add'] as const) : kind;
    const groups = kind === 'depthwise' ? c : apart ? this.one([c, smallestDivisor(c)]) : 1;
    const m = whole ?? (kind === 'depthwise' ? c : apart ? 2 * groups : this.whole(1, drawing.most));
    const size = whole === undefined ? this.window(from.shape) : { r: h, s: w, stride: 1, pad: 0 };
    const window = { ...size, groups };
    const shape = [m, size.r, size.s, c / groups];
    const count = sizeOf(shape);
    let drawn: DrawnWindow;
    if (arithmetic === 'shift') {
      const codeBits = this.whole(2, 5);
      const codes = Array.from({ length: count }, () =>
        codeOf(this.one([-1, 1]), this.whole(0, largestExponent(codeBits)), codeBits),
      );
      const packed = packCodes(codes, codeBits);
      const weight = build.tensor(`${name}.weight`, 'uint8', [packed.length], packed);
      drawn = { kind: 'window', name, x, window, arithmetic, codeBits, weight };
    } else {
      const weight = build.tensor(`${name}.weight`, 'int8', shape, this.numbers(count, 8));
      const weightShift = from.bits === 16 && from.zero === 0 ? this.whole(0, 8) : 0;
      drawn =
        arithmetic === 'conv'
          ? { kind: 'window', name, x, window, arithmetic, weight }
          : { kind: 'window', name, x, window, arithmetic, weight, weightShift };
    }
    const bits = whole === undefined ? {} : ({ bits: 16, zero: 0, low: -32768 } as const);
    const to = this.value(windowed(from.shape, window, m), bits);
    const bounds = windowBounds(build, drawn as WindowOperation, from, to);
    const terms = arithmetic === 'conv' ? false : this.one([true, true, false]);
    const bound = Math.max(...bounds);
    // distances are never negative: theirs lie about a third of the bound
    const centre = arithmetic === 'add' ? bound / 3 : 0;
    const requantise = this.requantise(name, bound - centre, m, to, terms, centre);
    return build.add({ ...drawn, requantise } as WindowOperation, to);
  }

  rescale(name: string, x: number, more: Partial<Value> = {}): number {
    const from = this.build.values[x];
    const to = this.value(from.shape, more);
    const requantise = this.requantise(
      name,
      2 ** (from.bits - 1),
      from.shape[2],
      to,
      this.one([true, false]),
    );
    return this.build.add({ kind: 'rescale', name, x, requantise }, to);
  }

  sum(name: string, x: number): number {
    const { build } = this;
    const { shape } = build.values[x];
    const alike = [...build.values.keys()].filter((at) => build.values[at].shape.join() === shape.join());
    const b = this.one(alike);
    const to = this.value(shape);
    const [aBits, bBits] = [build.values[x].bits, build.values[b].bits];
    const [aShift, bShift] = [this.whole(0, 4), this.whole(0, 4)];
    const shift = Math.max(0, Math.max(aBits + aShift, bBits + bShift) - to.bits + this.whole(-1, 1));
    const addend = this.whole(-(2 ** shift), 2 ** shift);
    return build.add({ kind: 'sum', name, a: x, b, aShift, bShift, addend, shift }, to);
  }

  pool(name: string, x: number, kind: 'max-pool' | 'average-pool', whole?: PoolWindow): number {
    const { build } = this;
    const from = build.values[x];
    const window = whole ?? this.window(from.shape);
    const shape = windowed(from.shape, window, from.shape[2]);
    if (kind === 'max-pool') {
      return build.add({ kind, name, x, window }, { ...from, shape });
    }
    const to = this.value(shape);
    const shift = this.whole(0, 8);
    const middle = (to.low + to.high) / 2;
    const shares = [...countsOf(window, from.shape, shape)].map((count): Share => {
      const top = to.bits - from.bits - Math.floor(Math.log2(count)) + shift;
      const places = [top, top - 2, top - 5].slice(this.whole(0, 2));
      const signs = places.map(() => this.one([-1, 1]));
      return { count, signs, places, addend: Math.floor(middle * 2 ** shift) + this.whole(-20, 20) };
    });
    return build.add({ kind, name, x, window, shares, shift }, to);
  }

  attention(name: string, x: number): number {
    const { build } = this;
    const [h, w, c] = build.values[x].shape;
    // scores stay below 2^30
    const widest = Math.floor((29 - Math.log2(c)) / 2) + 1;
    const width = this.one([8, 8, this.whole(9, widest)]);
    const numbers = this.one([8, this.whole(9, 16)]);
    const operand = (part: string, own: number) => this.rescale(`${name}.${part}`, x, numbersOf(own));
    const [q, k, v] = [operand('q', width), operand('k', width), operand('v', numbers)];
    const heads = this.one([1, 2, 3].filter((count) => c % count === 0));
    const [multiplier, shift] = [this.whole(0, 32_767), this.whole(8, 20) + 2 * (width - 8)];
    const to = this.value([h, w, c]);
    const requantise = this.requantise(name, 2 ** (14 + numbers), c, to, false);
    if (requantise.kind !== 'multiply') throw new Error('attention multiplies');
    return build.add({ kind: 'attention', name, q, k, v, heads, multiplier, shift, requantise }, to);
  }

  /** A function of all numbers of its input, or of one with 9 to 15 bits. */
  lookup(name: string, of: number): number {
    const { build } = this;
    const shift = this.one([-1, this.whole(1, 7)]);
    const x = shift < 0 ? of : this.rescale(`${name}.narrow`, of, numbersOf(8 + shift));
    const from = build.values[x];
    const to = this.value(from.shape);
    const numbers = this.numbers(TABLE_ENTRIES, to.bits).map((q) => Math.max(q, to.low));
    const table = build.tensor(`${name}.table`, to.bits === 8 ? 'int8' : 'int16', [TABLE_ENTRIES], numbers);
    return build.add({ kind: 'lookup', name, x, table, shift: shift < 0 ? from.bits - 8 : shift }, to);
  }

  /** Factors from the means of the whole map. */
  gate(name: string, x: number): number {
    const { build } = this;
    const { shape, bits } = build.values[x];
    const means = this.pool(`${name}.mean`, x, 'average-pool', {
      r: shape[0],
      s: shape[1],
      stride: 1,
      pad: 0,
    });
    const factors = this.rescale(`${name}.factors`, means);
    const to = this.value(shape);
    const bound = 2 ** (bits - 1 + build.values[factors].bits);
    const requantise = this.requantise(name, bound, shape[2], to, this.one([true, false]));
    return build.add({ kind: 'gate', name, x, gate: factors, requantise }, to);
  }

  program(): IntegerProgram {
    const { operations } = this.drawing;
    let x = this.rescale('image', 0);
    for (let i = 0; i < operations; i++) {
      const kind = this.one(KINDS);
      const name = `${i}.${kind}`;
      const { shape } = this.build.values[x];
      if (kind === 'rescale') x = this.rescale(name, x);
      else if (kind === 'sum') x = this.sum(name, x);
      else if (kind === 'attention') x = this.attention(name, x);
      else if (kind === 'lookup') x = this.lookup(name, x);
      else if (kind === 'gate') x = this.gate(name, x);
      else if (kind === 'max-pool' || kind === 'average-pool') {
        if (shape[0] * shape[1] > 1) x = this.pool(name, x, kind);
      } else x = this.weighted(name, x, kind);
    }
    this.weighted('head', x, this.one(['conv', 'shift', 'add'] as const), 3);
    return this.build.program('drawn', ['a', 'b', 'c']);
  }
}

/** Values of `bits` bits around 0: 8, or of 16 that use fewer. */
function numbersOf(bits: number): Pick<Value, 'bits' | 'zero' | 'low' | 'high'> {
  const most = 2 ** (bits - 1);
  return { bits: bits === 8 ? 8 : 16, zero: 0, low: -most, high: most - 1 };
}

type WindowKind = 'conv' | 'shift' | 'add' | 'depthwise' | 'grouped';

/** Above 1, but of 1. */
function smallestDivisor(n: number): number {
  for (let d = 2; d <= n; d++) if (n % d === 0) return d;
  return 1;
}

type Without<O, K extends string> = O extends unknown ? Omit<O, K> : never;
type DrawnWindow = Without<WindowOperation, 'requantise'>;

/** A sound program; draws again where a drawn one could overflow. */
export function randomProgram(seed: number, drawing: Drawing = SMALL): IntegerProgram {
  const random = Random.fromSeed(seed);
  for (let turn = 0; turn < 200; turn++) {
    const program = new Drawer(random.split(`turn ${turn}`), drawing).program();
    try {
      checkProgram(program);
      return program;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('may overflow')) throw error;
    }
  }
  throw new Error(`no sound program in 200 drawn from seed ${seed}`);
}

/** Images [count, h, w, c] of a program, bytes: noise, and for the first two all 0 and all 255. */
export function randomImages({ values }: IntegerProgram, seed: number, count: number): Uint8Array {
  const size = sizeOf(values[0].shape);
  const random = Random.fromSeed(seed).split('images');
  return Uint8Array.from({ length: count * size }, (_, i) =>
    i < size ? 0 : i < 2 * size ? 255 : random.integer(256),
  );
}
