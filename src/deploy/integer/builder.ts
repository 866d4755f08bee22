/** A program while it is written: tensors get names of their own, operations their values. */
import { internal } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import type {
  IntegerProgram,
  IntegerTensor,
  MapShape,
  Multiply,
  Operation,
  TensorType,
  Terms,
  Value,
} from './program.ts';

/** Of one output channel, see `Multiply`. */
export interface Scale {
  readonly multiplier: number;
  readonly addend: number;
  readonly shift: number;
}

/** Of one output channel, see `Terms`; the shift is the layer's. */
export interface TermSum {
  readonly signs: readonly number[];
  readonly places: readonly number[];
  readonly addend: number;
}

export class ProgramBuilder {
  readonly values: Value[] = [];
  readonly operations: Operation[] = [];
  readonly tensors = new Map<string, IntegerTensor>();

  constructor(image: MapShape) {
    this.values.push({ shape: image, bits: 8, zero: -128, low: -128, high: 127, step: 1 / 255 });
  }

  /** Adds an operation and returns the number of its value. */
  add(operation: Operation, value: Value): number {
    this.operations.push(operation);
    this.values.push(value);
    return this.operations.length;
  }

  tensor(name: string, type: TensorType, shape: readonly number[], numbers: ArrayLike<number>): string {
    if (sizeOf(shape) !== numbers.length) internal(`${name} holds ${numbers.length} numbers`);
    let own = name;
    for (let i = 2; this.tensors.has(own); i++) own = `${name}#${i}`;
    this.tensors.set(own, { type, shape, data: ARRAYS[type](numbers) });
    return own;
  }

  multiply(name: string, scales: readonly Scale[]): Multiply {
    const m = [scales.length];
    return {
      kind: 'multiply',
      multipliers: this.tensor(
        `${name}.multipliers`,
        'int16',
        m,
        scales.map((s) => s.multiplier),
      ),
      addends: this.tensor(
        `${name}.addends`,
        'int64',
        m,
        scales.map((s) => s.addend),
      ),
      shifts: this.tensor(
        `${name}.shifts`,
        'uint8',
        m,
        scales.map((s) => s.shift),
      ),
    };
  }

  terms(name: string, sums: readonly TermSum[], shift: number): Terms {
    const most = Math.max(1, ...sums.map(({ signs }) => signs.length));
    const filled = (numbers: readonly number[]) =>
      Array.from({ length: most }, (_, k) => (k < numbers.length ? numbers[k] : 0));
    const shape = [sums.length, most];
    return {
      kind: 'terms',
      signs: this.tensor(
        `${name}.signs`,
        'int8',
        shape,
        sums.flatMap((s) => filled(s.signs)),
      ),
      places: this.tensor(
        `${name}.places`,
        'int8',
        shape,
        sums.flatMap((s) => filled(s.places)),
      ),
      addends: this.tensor(
        `${name}.addends`,
        'int32',
        [sums.length],
        sums.map((s) => s.addend),
      ),
      shift,
    };
  }

  program(network: string, classes: readonly string[]): IntegerProgram {
    const { values, operations, tensors } = this;
    return { network, classes, values, operations, tensors };
  }
}

const ARRAYS: Readonly<Record<TensorType, (numbers: ArrayLike<number>) => IntegerTensor['data']>> = {
  int8: (numbers) => Int8Array.from(numbers),
  uint8: (numbers) => Uint8Array.from(numbers),
  int16: (numbers) => Int16Array.from(numbers),
  int32: (numbers) => Int32Array.from(numbers),
  int64: (numbers) => Float64Array.from(numbers),
};
