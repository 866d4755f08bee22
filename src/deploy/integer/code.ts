/**
 * A program as the interpreters in C++ take it, in native code and in Wasm: the code that native/integer/prepare.h reads.
 *
 *   code     [values, operations, arena / 64], 8 numbers for each value, 22 for each operation
 *   numbers  weights int16 [m][r][s][c / groups]; tables int16; factors and offsets double [m]; digits int32; shares; each at 8 k bytes
 *
 * A multiplication with a shift is one factor and one offset in doubles, exact because both sides have at most 48 bits;
 * so are signed digits where none shifts to the right.
 */
import { sizeOf } from '../../core/shapes.ts';
import { planArena } from './arena.ts';
import {
  type IntegerProgram,
  inputsOf,
  MOST_TERMS,
  type Operation,
  type Requantise,
  type Share,
} from './program.ts';
import { weightsOf } from './reference/window.ts';

export interface ProgramCode {
  readonly code: Int32Array;
  readonly numbers: Uint8Array;
}

const ALIGNMENT = 64;
const KINDS = [
  ...['rescale', 'window', 'sum', 'max-pool', 'average-pool', 'attention', 'lookup', 'gate'],
] as const;
const ARITHMETICS = ['conv', 'shift', 'add'] as const;
const NO_REQUANTISATION = -1;

/** Arrays one behind the other, each at a multiple of 8 bytes. */
class Numbers {
  private readonly parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  private end = 0;

  /** Its place, in units of 8 bytes. */
  add(array: Int16Array | Int32Array | Float64Array): number {
    const at = this.end;
    this.parts.push({ at, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) });
    this.end = Math.ceil((at + array.byteLength) / 8) * 8;
    return at / 8;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.end);
    for (const { at, bytes } of this.parts) all.set(bytes, at);
    return all;
  }
}

export function encodeForInterpreter(program: IntegerProgram): ProgramCode {
  const { values, operations } = program;
  const numbers = new Numbers();
  const arena = planArena(
    program,
    (value) => (sizeOf(values[value].shape) * values[value].bits) / 8,
    ALIGNMENT,
  );
  const code = [values.length, operations.length, arena.bytes / ALIGNMENT];
  values.forEach(({ shape: [h, w, c], bits, zero, low, high }, value) => {
    code.push(h, w, c, bits, zero, low, high, arena.offsets[value] / ALIGNMENT);
  });
  operations.forEach((operation, i) => {
    code.push(...encodeOperation(program, operation, i + 1, numbers));
  });
  return { code: Int32Array.from(code), numbers: numbers.bytes() };
}

function encodeOperation(
  program: IntegerProgram,
  operation: Operation,
  y: number,
  numbers: Numbers,
): number[] {
  const [x, b = 0, c = 0] = inputsOf(operation);
  const window = {
    r: 1,
    s: 1,
    stride: 1,
    pad: 0,
    groups: 1,
    ...('window' in operation ? operation.window : {}),
  };
  const { r, s, stride, pad, groups } = window;
  const m = program.values[y].shape[2];
  let [arithmetic, weights] = [0, 0];
  if (operation.kind === 'window') {
    arithmetic = ARITHMETICS.indexOf(operation.arithmetic);
    const count = (m * r * s * program.values[x].shape[2]) / groups;
    weights = numbers.add(Int16Array.from(weightsOf(program, operation, count)));
  }
  if (operation.kind === 'lookup') {
    weights = numbers.add(Int16Array.from(program.tensors.get(operation.table)!.data));
  }
  const requantise =
    'requantise' in operation
      ? encodeRequantise(program, operation.requantise, m, numbers)
      : [NO_REQUANTISATION, 0, 0];
  const [aShift, bShift, addend] =
    operation.kind === 'sum' ? [operation.aShift, operation.bShift, operation.addend] : [0, 0, 0];
  const shift = 'shift' in operation ? operation.shift : 0;
  const [heads, multiplier] =
    operation.kind === 'attention' ? [operation.heads, operation.multiplier] : [0, 0];
  const shares = operation.kind === 'average-pool' ? operation.shares : [];
  return [
    ...[KINDS.indexOf(operation.kind), x, b, c, arithmetic],
    ...[r, s, stride, pad, groups, weights],
    ...requantise,
    ...[aShift, bShift, addend, shift, heads, multiplier],
    ...[numbers.add(Int32Array.from(shares.flatMap(encodeShare))), shares.length],
  ];
}

function encodeShare({ count, signs, places, addend }: Share): number[] {
  const filled = (list: readonly number[]) => Array.from({ length: MOST_TERMS }, (_, k) => list[k] ?? 0);
  return [count, signs.length, ...filled(signs), ...filled(places), addend];
}

/** Terms (0: factor and offset), place of the numbers, shift. */
function encodeRequantise(
  { tensors }: IntegerProgram,
  how: Requantise,
  m: number,
  numbers: Numbers,
): number[] {
  const data = (name: string) => tensors.get(name)!.data;
  const addends = data(how.addends);
  const channels = Array.from({ length: m }, (_, c) => c);
  const inDoubles = (factor: (c: number) => number, shift: (c: number) => number) => {
    const factors = channels.map((c) => factor(c) * 2 ** -shift(c));
    const offsets = channels.map((c) => addends[c] * 2 ** -shift(c));
    return [0, numbers.add(Float64Array.from([...factors, ...offsets])), 0];
  };
  if (how.kind === 'multiply') {
    const [multipliers, shifts] = [data(how.multipliers), data(how.shifts)];
    return inDoubles(
      (c) => multipliers[c],
      (c) => shifts[c],
    );
  }
  const [signs, places] = [data(how.signs), data(how.places)];
  const terms = tensors.get(how.signs)!.shape[1];
  const exact = places.every((place, i) => place >= 0 || signs[i] === 0);
  if (exact) {
    const digits = (c: number) =>
      Array.from({ length: terms }, (_, k) => signs[c * terms + k] * 2 ** places[c * terms + k]);
    return inDoubles(
      (c) => digits(c).reduce((sum, digit) => sum + digit, 0),
      () => how.shift,
    );
  }
  const byTerm = (value: (i: number) => number) =>
    Array.from({ length: terms }, (_, k) => channels.map((c) => value(c * terms + k))).flat();
  const place = numbers.add(
    Int32Array.from([
      ...byTerm((i) => Math.max(0, places[i])),
      ...byTerm((i) => Math.max(0, -places[i])),
      ...byTerm((i) => signs[i]),
      ...addends,
    ]),
  );
  return [terms, place, how.shift];
}
