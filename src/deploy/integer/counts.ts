/**
 * What one image costs a program that does its operations one after the other, as docs/integer.md writes them: padded
 * positions included, addresses and loops aside. An adder takes two additions for a weight, a weight of 0 of a shift layer
 * nothing, one of 1 no shift. A comparison counts as nothing.
 */
import { sizeOf } from '../../core/shapes.ts';
import type { AveragePoolOperation, IntegerProgram, Operation, Requantise, Value } from './program.ts';
import { weightsOf } from './reference/window.ts';

export interface OperationCounts {
  readonly multiplications: number;
  readonly additions: number;
  readonly shifts: number;
  readonly divisions: number;
}

type Counts = { -readonly [K in keyof OperationCounts]: number };

export function countOperations(program: IntegerProgram): OperationCounts {
  const total = none();
  program.operations.forEach((operation, i) => {
    countOne(program, operation, program.values[i + 1], total);
  });
  return total;
}

/** Of every operation, in their order. */
export function countEach(program: IntegerProgram): readonly OperationCounts[] {
  return program.operations.map((operation, i) => {
    const counts = none();
    countOne(program, operation, program.values[i + 1], counts);
    return counts;
  });
}

const none = (): Counts => ({ multiplications: 0, additions: 0, shifts: 0, divisions: 0 });

function countOne(program: IntegerProgram, operation: Operation, y: Value, total: Counts): void {
  const outputs = sizeOf(y.shape);
  const [h, w, c] = y.shape;
  switch (operation.kind) {
    case 'rescale':
      countRequantise(program, operation.requantise, h * w, c, total);
      return;
    case 'sum':
      total.additions += 2 * outputs;
      for (const shift of [operation.aShift, operation.bShift, operation.shift]) {
        if (shift > 0) total.shifts += outputs;
      }
      return;
    case 'max-pool':
      return;
    case 'average-pool':
      countMeans(operation, program.values[operation.x], y, total);
      return;
    case 'window': {
      const { r, s, groups } = operation.window;
      const taps = (r * s * program.values[operation.x].shape[2]) / groups;
      if (operation.arithmetic === 'conv') {
        total.multiplications += taps * outputs;
        total.additions += taps * outputs;
      } else if (operation.arithmetic === 'add') {
        total.additions += 2 * taps * outputs;
      } else {
        for (const weight of Array.from(weightsOf(program, operation, c * taps))) {
          if (weight !== 0) total.additions += h * w;
          if (Math.abs(weight) > 1) total.shifts += h * w;
        }
      }
      countRequantise(program, operation.requantise, h * w, c, total);
      return;
    }
    case 'attention': {
      const rows = operation.heads * h * w;
      const scores = rows * h * w;
      const width = c / operation.heads;
      // products of q and k, of shares and v; two of each score on the way to its share
      total.multiplications += scores * (2 * width + 2);
      total.additions += scores * (2 * width + 4);
      total.shifts += 3 * scores + rows;
      total.divisions += rows;
      countRequantise(program, operation.requantise, h * w, c, total);
      return;
    }
    case 'lookup':
      if (operation.shift === 0) return;
      total.multiplications += outputs;
      total.additions += 4 * outputs;
      total.shifts += 3 * outputs;
      return;
    case 'gate': {
      const zeros = [operation.x, operation.gate].filter((at) => program.values[at].zero !== 0);
      total.multiplications += outputs;
      total.additions += zeros.length * outputs;
      countRequantise(program, operation.requantise, h * w, c, total);
      return;
    }
    default:
      operation satisfies never;
  }
}

/** Of `positions` numbers of each of c channels. */
function countRequantise(
  { tensors }: IntegerProgram,
  how: Requantise,
  positions: number,
  c: number,
  total: Counts,
): void {
  if (how.kind === 'multiply') {
    total.multiplications += positions * c;
    total.additions += positions * c;
    total.shifts += positions * c;
    return;
  }
  const [signs, places] = [tensors.get(how.signs)!.data, tensors.get(how.places)!.data];
  signs.forEach((sign, i) => {
    if (sign === 0) return;
    total.additions += positions;
    if (places[i] !== 0) total.shifts += positions;
  });
  if (how.shift > 0) total.shifts += positions * c;
}

function countMeans(
  { window: { r, s, stride, pad }, shares, shift }: AveragePoolOperation,
  { shape: [h, w] }: Value,
  { shape: [e, f, c] }: Value,
  total: Counts,
): void {
  const inside = (at: number, window: number, size: number) =>
    Math.min(at * stride - pad + window, size) - Math.max(at * stride - pad, 0);
  for (let row = 0; row < e; row++) {
    for (let column = 0; column < f; column++) {
      const positions = inside(row, r, h) * inside(column, s, w);
      const { signs, places } = shares.find(({ count }) => count === positions)!;
      const terms = places.filter((_, k) => signs[k] !== 0);
      total.additions += c * (positions + terms.length);
      total.shifts += c * (terms.filter((place) => place !== 0).length + (shift > 0 ? 1 : 0));
    }
  }
}
