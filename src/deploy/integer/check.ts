/** That a program fits together: what its operations read, their sizes and tensors. Then bounds.ts has its say. */
import { ShiftAddError } from '../../core/errors.ts';
import { showShape, sizeOf } from '../../core/shapes.ts';
import { checkBounds } from './bounds.ts';
import { largestExponent, packedBytes, unpackCodes } from './codes.ts';
import {
  type IntegerProgram,
  inputsOf,
  type LookupOperation,
  type MapShape,
  MOST_TERMS,
  type Operation,
  type PoolWindow,
  type Requantise,
  TABLE_ENTRIES,
  type TensorType,
  type Value,
  type WindowOperation,
} from './program.ts';

/** @throws ShiftAddError 'run' with the operation and the rule it breaks */
export function checkProgram(program: IntegerProgram): void {
  const { values, operations, classes } = program;
  if (values.length !== operations.length + 1) {
    refuse(
      `it has ${values.length} values for ${operations.length} operations; each writes one, and value 0 is the image`,
    );
  }
  values.forEach(checkValue);
  const [image] = values;
  if (image.bits !== 8 || image.low !== -128 || image.high !== 127 || image.zero !== -128) {
    refuse('value 0, the image, must have 8 bits and the zero -128');
  }
  const { shape } = values[values.length - 1];
  if (!sameMap(shape, [1, 1, classes.length])) {
    refuse(`its last value is ${showShape(shape)}, but there are ${classes.length} classes`);
  }
  operations.forEach((operation, i) => {
    for (const at of inputsOf(operation)) {
      if (at > i) refuse(`${operation.name} reads value ${at}, which is not computed before it`);
    }
    checkOperation(program, operation, values[i + 1]);
  });
  checkBounds(program);
}

function refuse(what: string): never {
  throw new ShiftAddError('run', `the integer program is damaged: ${what}; export the network again`);
}

const sameMap = (a: MapShape, b: MapShape): boolean => a.every((extent, i) => extent === b[i]);

function checkValue({ bits, low, zero, high }: Value, at: number): void {
  const most = 2 ** (bits - 1);
  if (low < -most || high >= most || low > zero || zero > high) {
    refuse(
      `value ${at} of ${bits} bits lies between ${low} and ${high} with zero ${zero}; zero must be between them, and both must fit`,
    );
  }
}

function checkOperation(program: IntegerProgram, operation: Operation, to: Value): void {
  const { name } = operation;
  const inputs = inputsOf(operation).map((at) => program.values[at]);
  const [x] = inputs;
  const expected = shapeAfter(operation, x, to);
  if (!sameMap(expected, to.shape)) {
    refuse(`${name} gives ${showShape(expected)} where its value is ${showShape(to.shape)}`);
  }
  const channels = to.shape[2];
  switch (operation.kind) {
    case 'window':
      checkWeight(program, operation, x, channels);
      checkRequantise(program, name, operation.requantise, channels);
      return;
    case 'rescale':
      checkRequantise(program, name, operation.requantise, channels);
      return;
    case 'sum':
      if (!sameMap(inputs[1].shape, x.shape)) refuse(`${name} adds ${inputs.map((v) => showShape(v.shape))}`);
      return;
    case 'max-pool':
      if (x.zero !== to.zero || x.low < to.low || x.high > to.high) {
        refuse(`${name} chooses among numbers whose zero or bounds are not those of its value`);
      }
      return;
    case 'average-pool':
      for (const count of countsOf(operation.window, x.shape, to.shape)) {
        if (!operation.shares.some((share) => share.count === count)) {
          refuse(`${name} has no share for ${count} positions`);
        }
      }
      for (const { signs, places } of operation.shares) {
        if (signs.length !== places.length) refuse(`${name} has signs without places`);
      }
      return;
    case 'attention':
      if (!inputs.every((value) => sameMap(value.shape, to.shape)))
        refuse(`${name} reads maps of other sizes`);
      if (!inputs.every(({ zero }) => zero === 0)) refuse(`${name} reads maps whose zero is not 0`);
      if (channels % operation.heads !== 0) {
        refuse(`${name} has ${operation.heads} heads for ${channels} channels`);
      }
      checkRequantise(program, name, operation.requantise, channels);
      return;
    case 'lookup':
      checkTable(program, operation, x, to);
      return;
    case 'gate':
      if (!sameMap(inputs[1].shape, [1, 1, channels])) {
        refuse(`${name} has ${showShape(inputs[1].shape)} factors for ${channels} channels`);
      }
      checkRequantise(program, name, operation.requantise, channels);
      return;
    default:
      operation satisfies never;
  }
}

/** Of a map under a window. */
export function windowed([h, w]: MapShape, { r, s, stride, pad }: PoolWindow, m: number): MapShape {
  return [Math.floor((h + 2 * pad - r) / stride) + 1, Math.floor((w + 2 * pad - s) / stride) + 1, m];
}

function shapeAfter(operation: Operation, x: Value, to: Value): MapShape {
  switch (operation.kind) {
    case 'window':
      return windowed(x.shape, operation.window, to.shape[2]);
    case 'max-pool':
    case 'average-pool':
      if (operation.window.pad >= Math.min(operation.window.r, operation.window.s)) {
        refuse(`${operation.name} has windows of nothing but padding`);
      }
      return windowed(x.shape, operation.window, x.shape[2]);
    default:
      return x.shape;
  }
}

/** How many positions of a pool's windows lie inside the map. */
export function countsOf({ r, s, stride, pad }: PoolWindow, [h, w]: MapShape, [e, f]: MapShape): Set<number> {
  const along = (outputs: number, window: number, size: number) =>
    new Set(
      Array.from({ length: outputs }, (_, i) => {
        const start = i * stride - pad;
        return Math.min(start + window, size) - Math.max(start, 0);
      }),
    );
  const counts = new Set<number>();
  for (const rows of along(e, r, h)) for (const columns of along(f, s, w)) counts.add(rows * columns);
  return counts;
}

function tensor(
  { tensors }: IntegerProgram,
  name: string,
  reader: string,
  type: TensorType,
  shape: readonly number[],
) {
  const found = tensors.get(name);
  if (found === undefined) return refuse(`${reader} reads the tensor ${name}, which is not there`);
  if (found.type !== type || found.shape.join() !== shape.join()) {
    const is = `${found.type} ${showShape(found.shape)}`;
    return refuse(`${reader} needs ${name} as ${type} ${showShape(shape)}, but it is ${is}`);
  }
  return found;
}

function checkWeight(program: IntegerProgram, operation: WindowOperation, x: Value, m: number): void {
  const { name, weight, window } = operation;
  const { r, s, groups } = window;
  const c = x.shape[2];
  if (c % groups !== 0 || m % groups !== 0) refuse(`${name} has ${groups} groups for ${c} and ${m} channels`);
  const shape = [m, r, s, c / groups];
  if (operation.arithmetic !== 'shift') {
    tensor(program, weight, name, 'int8', shape);
    if (operation.arithmetic === 'add' && operation.weightShift > 0 && (x.bits === 8 || x.zero !== 0)) {
      refuse(`${name} shifts the weights of an adder whose input has 8 bits or a zero that is not 0`);
    }
    return;
  }
  const { codeBits } = operation;
  const count = sizeOf(shape);
  const bytes = tensor(program, weight, name, 'uint8', [packedBytes(count, codeBits)]).data as Uint8Array;
  const minus = largestExponent(codeBits) + 1;
  if (unpackCodes(bytes, count, codeBits).includes(minus)) refuse(`${name} holds a weight of -0`);
}

function checkTable(program: IntegerProgram, { name, table, shift }: LookupOperation, x: Value, to: Value) {
  const { data } = tensor(program, table, name, to.bits === 8 ? 'int8' : 'int16', [TABLE_ENTRIES]);
  const reach = 2 ** (7 + shift);
  if (x.low < -reach || x.high >= reach) refuse(`${name} looks up numbers beyond its table`);
  if (data.some((y) => y < to.low || y > to.high))
    refuse(`${name} has a table beyond the bounds of its value`);
}

function checkRequantise(program: IntegerProgram, name: string, how: Requantise, channels: number): void {
  if (how.kind === 'multiply') {
    tensor(program, how.multipliers, name, 'int16', [channels]);
    tensor(program, how.addends, name, 'int64', [channels]);
    const shifts = tensor(program, how.shifts, name, 'uint8', [channels]).data;
    if (shifts.some((shift) => shift > 31)) refuse(`${name} shifts by more than 31 bits`);
    return;
  }
  const terms = program.tensors.get(how.signs)?.shape[1] ?? 0;
  if (terms > MOST_TERMS) refuse(`${name} has ${terms} terms a channel, more than ${MOST_TERMS}`);
  const signs = tensor(program, how.signs, name, 'int8', [channels, terms]).data;
  const places = tensor(program, how.places, name, 'int8', [channels, terms]).data;
  tensor(program, how.addends, name, 'int32', [channels]);
  if (signs.some((sign) => Math.abs(sign) > 1)) refuse(`${name} has a sign that is not -1, 0 or 1`);
  if (places.some((place) => place < -31 || place > 30))
    refuse(`${name} shifts an accumulator out of 32 bits`);
}
