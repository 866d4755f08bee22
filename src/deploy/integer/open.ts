/** An integer program, ready to run. Whichever interpreter it is, the numbers are those of the reference. */
import { ShiftAddError } from '../../core/errors.ts';
import { openNative } from './native.ts';
import type { IntegerProgram } from './program.ts';
import { interpret, interpretValues } from './reference/interpret.ts';
import { openWasm } from './wasm.ts';

export interface OpenedProgram {
  /** Instruction set of its loops: of the processor, 'wasm', or 'reference'. */
  readonly isa: string;
  /** Logits [count, classes] of images [count, h, w, c], bytes. */
  run(images: Uint8Array): Int16Array;
  /** Every value of one image. */
  values(image: Uint8Array): Int16Array[];
}

export const openReference = (program: IntegerProgram): OpenedProgram => ({
  isa: 'reference',
  run: (images) => Int16Array.from(interpret(program, images)),
  values: (image) => interpretValues(program, image).map((value) => Int16Array.from(value)),
});

/** In native code where that is built, else in WebAssembly, else by the reference. */
export function openProgram(program: IntegerProgram): OpenedProgram {
  for (const open of [openNative, openWasm]) {
    try {
      return open(program);
    } catch (error) {
      if (!(error instanceof ShiftAddError && error.code === 'missing')) throw error;
    }
  }
  return openReference(program);
}

/** The real numbers that stored logits stand for, of any number of images. */
export function realLogits({ values }: IntegerProgram, stored: ArrayLike<number>): Float64Array {
  const { step, zero } = values[values.length - 1];
  return Float64Array.from(stored, (q) => step * (q - zero));
}
