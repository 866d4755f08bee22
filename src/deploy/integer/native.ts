/**
 * Integer programs in native code (native/integer): the same numbers as the reference, bit for bit, on the integer dot
 * products and sums of absolute differences of the processor. A program is handed over once, as code.ts writes it.
 */
import { loadAddon } from '../../backends/native/addon.ts';
import { sizeOf } from '../../core/shapes.ts';
import { encodeForInterpreter } from './code.ts';
import type { OpenedProgram } from './open.ts';
import type { IntegerProgram } from './program.ts';

export interface NativeOptions {
  /** They share the images, or the rows of a single one. As the addon has them unless given. */
  readonly threads?: number;
  /** The widest instruction set that is present, or that of SHIFTADDNAS_ISA, unless given. */
  readonly isa?: string;
}

/** Instruction sets of this processor that programs can be opened with. @throws as openNative */
export const nativeInstructionSets = (): readonly string[] => loadAddon().integer.isas;

/** @throws ShiftAddError 'missing' where the addon is not built */
export function openNative(program: IntegerProgram, { threads, isa }: NativeOptions = {}): OpenedProgram {
  const addon = loadAddon();
  if (threads !== undefined) addon.setThreads(threads);
  const { integer } = addon;
  const { code, numbers } = encodeForInterpreter(program);
  const own = isa ?? integer.isa;
  const handle = integer.open(code, numbers, own);
  const sizes = program.values.map(({ shape }) => sizeOf(shape));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const classes = program.classes.length;
  return {
    isa: own,
    run(images) {
      const logits = new Int16Array((images.length / sizes[0]) * classes);
      integer.run(handle, images, logits);
      return logits;
    },
    values(image) {
      const all = new Int16Array(total);
      integer.values(handle, image, all);
      let at = 0;
      return sizes.map((size) => all.subarray(at, (at += size)));
    },
  };
}
