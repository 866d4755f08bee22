/**
 * That no accumulator of a program overflows 32 bits: for every output channel the largest sum that inputs within their
 * bounds can give, whatever the order of adding, from the weights as they are. No image is needed.
 */
import { ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import type { IntegerProgram, Operation, Requantise, Terms, Value, WindowOperation } from './program.ts';
import { weightsOf } from './reference/window.ts';

const LIMIT = 2 ** 31 - 1;
/** Of what is scaled by a multiplier: a register of 48 bits holds it, and so do doubles. */
const WIDE_LIMIT = 2 ** 47;

const magnitude = ({ low, high }: Value): number => Math.max(Math.abs(low), Math.abs(high));

/** From its zero. */
const distance = ({ low, high, zero }: Value): number => Math.max(high - zero, zero - low);

/** max of |acc| over inputs within bounds, for each output channel. */
export function windowBounds(
  program: Pick<IntegerProgram, 'tensors'>,
  operation: WindowOperation,
  from: Value,
  to: Value,
): Float64Array {
  const { arithmetic, window } = operation;
  const m = to.shape[2];
  const taps = (window.r * window.s * from.shape[2]) / window.groups;
  const weights = weightsOf(program, operation, m * taps);
  const most = magnitude(from);
  return Float64Array.from({ length: m }, (_, o) => {
    let bound = 0;
    for (let i = o * taps; i < (o + 1) * taps; i++) {
      const w = weights[i];
      bound +=
        arithmetic === 'add' ? Math.max(Math.abs(from.high - w), Math.abs(from.low - w)) : Math.abs(w) * most;
    }
    return bound;
  });
}

/** The largest |t|, and with it every part of the sum, that an accumulator up to `bound` gives. */
export function termsBound(
  bound: number,
  signs: ArrayLike<number>,
  places: ArrayLike<number>,
  addend: number,
): number {
  let t = Math.abs(addend);
  // an accumulator below 0 rounds away from it, by less than 1
  for (let k = 0; k < signs.length; k++) if (signs[k] !== 0) t += Math.ceil(bound * 2 ** places[k]);
  return t;
}

/** @throws ShiftAddError 'run' naming the layer and what would overflow */
export function checkBounds(program: IntegerProgram): void {
  program.operations.forEach((operation, i) => {
    const to = program.values[i + 1];
    for (const [what, bound, limit] of boundsOf(program, operation, to)) {
      if (bound <= limit) continue;
      throw new ShiftAddError(
        'run',
        `${operation.name} may overflow: its ${what} can reach ${bound}, above ${limit}; give its input fewer bits or smaller bounds`,
        { name: operation.name, bound, limit },
      );
    }
  });
}

type Bound = readonly [what: string, bound: number, limit: number];

function* boundsOf(program: IntegerProgram, operation: Operation, to: Value): Iterable<Bound> {
  const { values } = program;
  switch (operation.kind) {
    case 'window': {
      const bounds = windowBounds(program, operation, values[operation.x], to);
      yield ['accumulator', Math.max(...bounds), LIMIT];
      yield* requantised(program, operation.requantise, (c) => bounds[c], to.shape[2]);
      return;
    }
    case 'rescale':
      yield* requantised(program, operation.requantise, () => magnitude(values[operation.x]), to.shape[2]);
      return;
    case 'sum': {
      const [a, b] = [magnitude(values[operation.a]), magnitude(values[operation.b])];
      yield [
        'sum',
        a * 2 ** operation.aShift + b * 2 ** operation.bShift + Math.abs(operation.addend),
        LIMIT,
      ];
      return;
    }
    case 'average-pool':
      for (const { count, signs, places, addend } of operation.shares) {
        const bound = count * magnitude(values[operation.x]);
        yield ['sum', bound, LIMIT];
        yield ['sum of terms', termsBound(bound, signs, places, addend), LIMIT];
      }
      return;
    case 'attention': {
      const [q, k, v] = [operation.q, operation.k, operation.v].map((at) => magnitude(values[at]));
      const [h, w, c] = to.shape;
      // distances between scores are twice as large
      yield ['score', (c / operation.heads) * q * k, 2 ** 30 - 1];
      yield ['number of positions', h * w, 2 ** 16 - 1];
      const bound = (2 ** 15 + 1 + Math.ceil((h * w) / 2)) * v;
      yield ['accumulator', bound, LIMIT];
      yield* requantised(program, operation.requantise, () => bound, c);
      return;
    }
    case 'gate': {
      const bound = distance(values[operation.x]) * distance(values[operation.gate]);
      yield ['product', bound, LIMIT];
      yield* requantised(program, operation.requantise, () => bound, to.shape[2]);
      return;
    }
    case 'max-pool':
    case 'lookup':
      return;
    default:
      operation satisfies never;
  }
}

function* requantised(
  program: IntegerProgram,
  how: Requantise,
  bound: (channel: number) => number,
  channels: number,
): Iterable<Bound> {
  if (how.kind === 'terms') return yield ['sum of terms', termsBoundOf(program, how, bound, channels), LIMIT];
  const multipliers = program.tensors.get(how.multipliers)!.data;
  const addends = program.tensors.get(how.addends)!.data;
  let most = 0;
  for (let c = 0; c < channels; c++) {
    most = Math.max(most, bound(c) * Math.abs(multipliers[c]) + Math.abs(addends[c]));
  }
  yield ['scaled accumulator', most, WIDE_LIMIT];
}

function termsBoundOf(
  { tensors }: IntegerProgram,
  how: Terms,
  bound: (channel: number) => number,
  channels: number,
): number {
  const signs = tensors.get(how.signs)!;
  const [places, addends] = [tensors.get(how.places)!.data, tensors.get(how.addends)!.data];
  const terms = sizeOf(signs.shape) / channels;
  let most = 0;
  for (let c = 0; c < channels; c++) {
    const [from, to] = [c * terms, (c + 1) * terms];
    most = Math.max(
      most,
      termsBound(bound(c), signs.data.subarray(from, to), places.subarray(from, to), addends[c]),
    );
  }
  return most;
}
