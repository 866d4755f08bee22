/**
 * From a folded network, its statistics and its grids to the integer program: weights become whole numbers, factors become
 * multipliers or signed digits, and biases take up the zero points.
 *
 *   real = step * (q - zero) on both sides of a layer gives, with acc as the program computes it,
 *   q_y  = zero_y + gain * unit / step_y * (acc - rest) + bias / step_y
 *
 * where `unit` is the real number that 1 of acc stands for, and `rest` what the zero of the input adds to acc.
 */
import { reordered } from '../../layout.ts';
import { termsBound, windowBounds } from '../bounds.ts';
import { ProgramBuilder, type TermSum } from '../builder.ts';
import { countsOf } from '../check.ts';
import {
  type IntegerProgram,
  type MapShape,
  type Requantise,
  type Share,
  TABLE_ENTRIES,
  type Value,
  type WindowOperation,
} from '../program.ts';
import type { ValueStatistics } from './calibrate.ts';
import { type SignedDigits, scaleOf, signedDigits } from './digits.ts';
import type {
  Affine,
  Folded,
  FoldedAttention,
  FoldedGate,
  FoldedLayer,
  FoldedLookup,
  FoldedPool,
  FoldedSum,
  FoldedWindow,
  LookedUp,
} from './folded.ts';
import type { Grid } from './grids.ts';
import { adderWeights, convWeights, shiftWeights, type WholeWeights } from './weights.ts';

export interface Emission {
  readonly network: Folded;
  readonly statistics: readonly ValueStatistics[];
  /** Of every value. */
  readonly grids: readonly Grid[];
  /** Of shift weights, sign included: 2 ... 5. */
  readonly shiftBits: number;
  /** Per channel, of pixels scaled to [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly name: string;
  readonly classes: readonly string[];
}

/** An accumulator that may not fit: the value of the folded network that needs fewer bits. */
export class TooWide extends Error {
  readonly value: number;

  constructor(value: number) {
    super(`the accumulator over value ${value} is too wide`);
    this.value = value;
  }
}

const LIMIT = 2 ** 31 - 1;
/** Unless fewer were asked for. */
const FEWEST_SHIFT_BITS = 4;

/** @throws TooWide */
export function emit(emission: Emission): IntegerProgram {
  return new Emitter(emission).program();
}

/** Of an output channel: q_y = factor * acc + offset, before rounding and bounds. */
interface Line {
  readonly factor: number;
  readonly offset: number;
  /** What acc is on average: an inexact factor is right there. */
  readonly centre: number;
}

class Emitter {
  private readonly given: Emission;
  private readonly build: ProgramBuilder;
  /** Values of the program, by values of the folded network. */
  private readonly at: number[] = [];

  constructor(emission: Emission) {
    this.given = emission;
    this.build = new ProgramBuilder(emission.network.shapes[0]);
  }

  program(): IntegerProgram {
    const { network, name, classes } = this.given;
    this.image();
    network.layers.forEach((layer, i) => {
      this.at.push(this.layer(layer, i + 1));
    });
    return this.build.program(name, classes);
  }

  /** Pixels to normalised values, on the grid of value 0. */
  private image(): void {
    const { network, mean, deviation, grids } = this.given;
    const grid = grids[0];
    const lines = mean.map((own, c) => {
      const factor = 1 / (255 * deviation[c] * grid.step);
      // the byte is acc + 128
      return { factor, offset: grid.zero + 128 * factor - own / deviation[c] / grid.step, centre: 0 };
    });
    const requantise = this.build.multiply(
      'image',
      lines.map(({ factor, offset }) => scaleOf(factor, offset)),
    );
    const to = valueOn(network.shapes[0], grid);
    this.at.push(this.build.add({ kind: 'rescale', name: 'image', x: 0, requantise }, to));
  }

  private layer(layer: FoldedLayer, value: number): number {
    switch (layer.kind) {
      case 'window':
        return this.window(layer, value);
      case 'sum':
        return this.sum(layer, value);
      case 'attention':
        return this.attention(layer, value);
      case 'max-pool': {
        const { kind, name, x, window } = layer;
        const from = this.build.values[this.at[x]];
        return this.build.add(
          { kind, name, x: this.at[x], window },
          { ...from, shape: this.given.network.shapes[value] },
        );
      }
      case 'average-pool':
        return this.average(layer, value);
      case 'lookup':
        return this.lookup(layer, value);
      case 'gate':
        return this.gate(layer, value);
    }
  }

  private window(layer: FoldedWindow, value: number): number {
    const { network, grids, statistics } = this.given;
    const { name, arithmetic, gain, bias, x } = layer;
    const grid = grids[x];
    const toGrid = grids[value];
    const to = valueOn(network.shapes[value], toGrid, layer);
    const { operation, units, sums, bounds } = this.fitting(layer, grid, to);
    const { means } = statistics[value];
    const lines = units.map((unit, c): Line => {
      const rest = grid.zero * sums[c];
      const factor = (gain[c] * unit) / toGrid.step;
      const offset = toGrid.zero + bias[c] / toGrid.step - factor * rest;
      return { factor, offset, centre: means[c] / unit + rest };
    });
    const requantise: Requantise =
      arithmetic === 'conv'
        ? this.build.multiply(
            name,
            lines.map(({ factor, offset }) => scaleOf(factor, offset)),
          )
        : this.terms(name, lines, (c) => bounds[c], x);
    return this.build.add({ ...operation, requantise }, to);
  }

  /** With accumulators that fit: the smallest powers of two are the first to go. */
  private fitting(layer: FoldedWindow, grid: Grid, to: Value) {
    const { shiftBits } = this.given;
    const fewest = layer.arithmetic === 'shift' ? Math.min(FEWEST_SHIFT_BITS, shiftBits) : shiftBits;
    for (let codeBits = shiftBits; codeBits >= fewest; codeBits--) {
      const made = this.operation(layer, grid, codeBits);
      const bounds = windowBounds(this.build, made.operation, this.build.values[this.at[layer.x]], to);
      if (Math.max(...bounds) <= LIMIT) return { ...made, bounds };
      this.build.tensors.delete(made.operation.weight);
    }
    throw new TooWide(layer.x);
  }

  /** The operation but for its requantisation, with its weights on the grid of what it reads. */
  private operation(
    { name, arithmetic, window, x, gain, weight: real }: FoldedWindow,
    grid: Grid,
    mostBits: number,
  ): WholeWeights & { readonly operation: WindowOperation } {
    const { r, s, groups } = window;
    const m = gain.length;
    const inputs = this.given.network.shapes[x][2] / groups;
    const weights = reordered(real, [r, s, inputs, m], [3, 0, 1, 2]);
    const shape = [m, r, s, inputs];
    const base = { kind: 'window', name, x: this.at[x], window, requantise: NOT_YET } as const;
    const own = `${name}.weight`;
    switch (arithmetic) {
      case 'conv': {
        const whole = convWeights(weights, m, grid);
        const weight = this.build.tensor(own, 'int8', shape, whole.stored);
        return { ...whole, operation: { ...base, arithmetic, weight } };
      }
      case 'shift': {
        const { codeBits, ...whole } = shiftWeights(weights, m, grid, mostBits);
        const weight = this.build.tensor(own, 'uint8', [whole.stored.length], whole.stored);
        return { ...whole, operation: { ...base, arithmetic, weight, codeBits } };
      }
      case 'add': {
        const { weightShift, ...whole } = adderWeights(weights, m, grid);
        const weight = this.build.tensor(own, 'int8', shape, whole.stored);
        return { ...whole, operation: { ...base, arithmetic, weight, weightShift } };
      }
    }
  }

  /** Factors as signed digits, with as many bits behind the point as 32 bits allow. `x` is named when none do. */
  private terms(name: string, lines: readonly Line[], bound: (channel: number) => number, x: number) {
    const digits = lines.map(({ factor }) => signedDigits(factor));
    for (let shift = 30; shift >= 0; shift--) {
      const sums = lines.map((line, c) => termSum(digits[c], line, shift));
      const fits = sums.every(
        (sum, c) =>
          termsBound(bound(c), sum.signs, sum.places, sum.addend) <= LIMIT &&
          sum.places.every((place) => place <= 30),
      );
      if (fits) return this.build.terms(name, sums, shift);
    }
    throw new TooWide(x);
  }

  /** ((a << p) + (b << q) + addend) >> s over the finest of the three steps. */
  private sum({ name, a, b, factor, low, high }: FoldedSum, value: number): number {
    const { network, grids } = this.given;
    const [from, other, grid] = [grids[a], grids[b], grids[value]];
    // a factor changes what the output's step stands for, and nothing else
    const step = grid.step / factor;
    const places = [from.step, other.step, step].map((own) => Math.log2(own));
    const finest = Math.min(...places);
    const [aShift, bShift, shift] = places.map((place) => Math.round(place - finest));
    const half = shift > 0 ? 2 ** (shift - 1) : 0;
    const addend = grid.zero * 2 ** shift - from.zero * 2 ** aShift - other.zero * 2 ** bShift + half;
    return this.build.add(
      { kind: 'sum', name, a: this.at[a], b: this.at[b], aShift, bShift, addend, shift },
      valueOn(network.shapes[value], grid, { low, high }),
    );
  }

  private lookup({ name, x, op }: FoldedLookup, value: number): number {
    const { network, grids } = this.given;
    const [from, grid] = [grids[x], grids[value]];
    const to = valueOn(network.shapes[value], grid);
    const shift = Math.max(0, Math.log2(from.most) - 7);
    const table = Array.from({ length: TABLE_ENTRIES }, (_, i) => {
      const real = FUNCTIONS[op](((i - 128) * 2 ** shift - from.zero) * from.step);
      return Math.max(to.low, Math.min(to.high, Math.round(real / grid.step + grid.zero)));
    });
    const own = this.build.tensor(`${name}.table`, to.bits === 8 ? 'int8' : 'int16', [TABLE_ENTRIES], table);
    return this.build.add({ kind: 'lookup', name, x: this.at[x], table: own, shift }, to);
  }

  private gate({ name, x, gate }: FoldedGate, value: number): number {
    const { network, grids } = this.given;
    const grid = grids[value];
    const shape = network.shapes[value];
    const scale = scaleOf((grids[x].step * grids[gate].step) / grid.step, grid.zero);
    const requantise = this.build.multiply(name, new Array(shape[2]).fill(scale));
    const operation = { kind: 'gate', name, x: this.at[x], gate: this.at[gate], requantise } as const;
    return this.build.add(operation, valueOn(shape, grid));
  }

  private average({ name, x, window }: FoldedPool, value: number): number {
    const { network, grids } = this.given;
    const [from, grid] = [grids[x], grids[value]];
    const bound = from.most;
    const counts = [...countsOf(window, network.shapes[x], network.shapes[value])];
    const lines = counts.map((count): Line => {
      const factor = from.step / grid.step / count;
      return { factor, offset: grid.zero - factor * count * from.zero, centre: from.zero * count };
    });
    const digits = lines.map(({ factor }) => signedDigits(factor));
    for (let shift = 30; shift >= 0; shift--) {
      const shares = counts.map((count, i): Share => ({ count, ...termSum(digits[i], lines[i], shift) }));
      const fits = shares.every(
        ({ count, signs, places, addend }) =>
          termsBound(count * bound, signs, places, addend) <= LIMIT && places.every((place) => place <= 30),
      );
      if (!fits) continue;
      const to = valueOn(network.shapes[value], grid);
      return this.build.add({ kind: 'average-pool', name, x: this.at[x], window, shares, shift }, to);
    }
    throw new TooWide(x);
  }

  private attention(layer: FoldedAttention, value: number): number {
    const { network, grids } = this.given;
    const { name, q, k, v, heads, scale, gain, bias } = layer;
    const [forQ, forK, forV, grid] = [q, k, v, value].map((at) => grids[at]);
    const shape = network.shapes[value];
    const width = shape[2] / heads;
    if (width * forQ.most * forK.most >= 2 ** 30) throw new TooWide(layerOfWider(q, k, grids));
    // 256ths of an octave for each unit of a score
    const octaves = forQ.step * forK.step * scale * Math.LOG2E * 256;
    const { multiplier, shift } = octavesOf(octaves);
    const requantise = this.build.multiply(
      name,
      Array.from(gain, (own, c) =>
        scaleOf((own * forV.step) / 2 ** 15 / grid.step, grid.zero + bias[c] / grid.step),
      ),
    );
    return this.build.add(
      {
        ...{ kind: 'attention', name, heads, multiplier, shift, requantise },
        ...{ q: this.at[q], k: this.at[k], v: this.at[v] },
      },
      valueOn(shape, grid, layer),
    );
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const FUNCTIONS: Readonly<Record<LookedUp, (x: number) => number>> = { sigmoid, silu: (x) => x * sigmoid(x) };

/** Stands where the requantisation of a window will: its bounds do not depend on it. */
const NOT_YET: Requantise = { kind: 'terms', signs: '', places: '', addends: '', shift: 0 };

const layerOfWider = (q: number, k: number, grids: readonly Grid[]): number =>
  grids[q].step < grids[k].step ? q : k;

function octavesOf(factor: number): { multiplier: number; shift: number } {
  for (let shift = 46; shift > 1; shift--) {
    const multiplier = Math.round(factor * 2 ** shift);
    if (multiplier < 2 ** 15) return { multiplier, shift };
  }
  return { multiplier: Math.min(2 ** 15 - 1, Math.round(factor * 2)), shift: 1 };
}

/** A line in signed digits with `shift` bits behind the point, exact where acc is at its centre. */
function termSum(digits: SignedDigits, { factor, offset, centre }: Line, shift: number): TermSum {
  const kept = digits.exponents.map((exponent, k) => ({ place: exponent + shift, sign: digits.signs[k] }));
  // what is shifted out altogether gives 0 or -1
  const terms = kept.filter(({ place }) => place >= -31);
  // a shift to the right rounds down, by half on average
  const lost = terms.reduce((sum, { place, sign }) => sum + (place < 0 ? sign * 0.5 : 0), 0);
  const half = shift > 0 ? 2 ** (shift - 1) : 0;
  const exact = offset + (factor - digits.value) * centre;
  return {
    signs: terms.map(({ sign }) => sign),
    places: terms.map(({ place }) => place),
    addend: Math.round(exact * 2 ** shift + lost) + half,
  };
}

/** A value on a grid, with the bounds of an activation. */
function valueOn(
  shape: MapShape,
  { bits, step, zero, most }: Grid,
  activation: Pick<Affine, 'low' | 'high'> = { low: -Infinity, high: Infinity },
): Value {
  return {
    ...{ shape, bits, zero },
    low: activation.low === 0 ? zero : -most,
    high: Math.min(most - 1, zero + Math.round(activation.high / step)),
    step,
  };
}
