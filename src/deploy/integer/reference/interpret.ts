/**
 * The reference interpreter: slow, and the meaning of a program. Every other interpreter, and everything written from a
 * program, gives the same numbers.
 */
import { internal } from '../../../core/errors.ts';
import { sizeOf } from '../../../core/shapes.ts';
import { type IntegerProgram, inputsOf, type Operation, type Value } from '../program.ts';
import { runAttention } from './attention.ts';
import { clamp, requantiser, shifted } from './requantise.ts';
import { runPool, runWindow, type Stored } from './window.ts';

const room = ({ shape, bits }: Value): Stored =>
  bits === 8 ? new Int8Array(sizeOf(shape)) : new Int16Array(sizeOf(shape));

/** Every value of one image, value 0 first. image: bytes [h, w, c]. */
export function interpretValues(program: IntegerProgram, image: ArrayLike<number>): Stored[] {
  const { values, operations } = program;
  const first = room(values[0]);
  if (image.length !== first.length) internal(`an image of ${image.length} bytes for ${first.length}`);
  for (let i = 0; i < first.length; i++) first[i] = image[i] - 128;
  const found = [first];
  for (const [i, operation] of operations.entries()) {
    const y = room(values[i + 1]);
    run(program, operation, found, values[i + 1], y);
    found.push(y);
  }
  return found;
}

/** Logits [count, classes] of images [count, h, w, c], bytes. */
export function interpret(program: IntegerProgram, images: Uint8Array): Int32Array {
  const { values, classes } = program;
  const size = sizeOf(values[0].shape);
  const logits = new Int32Array((images.length / size) * classes.length);
  for (let i = 0; i * size < images.length; i++) {
    const last = interpretValues(program, images.subarray(i * size, (i + 1) * size)).at(-1)!;
    logits.set(last, i * classes.length);
  }
  return logits;
}

function run(
  program: IntegerProgram,
  operation: Operation,
  found: readonly Stored[],
  to: Value,
  y: Stored,
): void {
  const [x, second, third] = inputsOf(operation).map((at) => found[at]);
  const from = program.values[inputsOf(operation)[0]];
  switch (operation.kind) {
    case 'window':
      runWindow(program, operation, x, from, to, y);
      return;
    case 'max-pool':
    case 'average-pool':
      runPool(operation, x, from, to, y);
      return;
    case 'attention':
      runAttention(program, operation, x, second, third, to, y);
      return;
    case 'rescale': {
      const requantise = requantiser(program, operation.requantise, to);
      const c = to.shape[2];
      for (let i = 0; i < y.length; i++) y[i] = requantise(x[i], i % c);
      return;
    }
    case 'lookup': {
      const { shift } = operation;
      const table = program.tensors.get(operation.table)!.data;
      for (let i = 0; i < y.length; i++) {
        const at = shifted(x[i], -shift);
        const [here, next] = [table[at + 128], table[at + 129]];
        const part = (next - here) * (x[i] - at * 2 ** shift);
        y[i] = here + shifted(part + (shift > 0 ? 2 ** (shift - 1) : 0), -shift);
      }
      return;
    }
    case 'gate': {
      const requantise = requantiser(program, operation.requantise, to);
      const c = to.shape[2];
      const { zero } = program.values[operation.gate];
      for (let i = 0; i < y.length; i++) {
        y[i] = requantise((x[i] - from.zero) * (second[i % c] - zero), i % c);
      }
      return;
    }
    case 'sum': {
      const { aShift, bShift, addend, shift } = operation;
      for (let i = 0; i < y.length; i++) {
        y[i] = clamp(shifted(x[i] * 2 ** aShift + second[i] * 2 ** bShift + addend, -shift), to);
      }
      return;
    }
    default:
      operation satisfies never;
  }
}
