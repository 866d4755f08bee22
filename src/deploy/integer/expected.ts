/**
 * What a program says of images, for the proof of whatever is written from it. The first hundred are run by the reference,
 * and by native code where that is built, which must say the same; native code alone runs the others.
 */
import { internal, ShiftAddError } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { type NativeProgram, openNative } from './native.ts';
import type { IntegerProgram } from './program.ts';
import { interpret } from './reference/interpret.ts';

/** Images that the reference runs. */
export const REFERENCE_IMAGES = 100;

export interface Expected {
  /** How many of the images were run: all of them by native code, the first hundred without. */
  readonly count: number;
  /** [count, classes] */
  readonly logits: ArrayLike<number>;
}

/** images: [n, h, w, c], bytes. */
export function expectedLogits(program: IntegerProgram, images: Uint8Array): Expected {
  const native = nativeOf(program);
  const size = sizeOf(program.values[0].shape);
  const first = images.subarray(0, REFERENCE_IMAGES * size);
  const logits = inAgreement(program, native, first);
  if (native === undefined) return { count: first.length / size, logits };
  return { count: images.length / size, logits: native.run(images) };
}

/** Undefined where it is not built. */
export function nativeOf(program: IntegerProgram): NativeProgram | undefined {
  try {
    return openNative(program);
  } catch (error) {
    if (error instanceof ShiftAddError && error.code === 'missing') return undefined;
    throw error;
  }
}

/** Logits of the reference, which those of native code must be. */
export function inAgreement(
  program: IntegerProgram,
  native: NativeProgram | undefined,
  images: Uint8Array,
): Int32Array {
  const logits = interpret(program, images);
  const other = native?.run(images);
  const at = other === undefined ? -1 : logits.findIndex((logit, i) => logit !== other[i]);
  if (at >= 0) {
    internal(`native code (${native!.isa}) gives logit ${at} as ${other![at]}, the reference ${logits[at]}`);
  }
  return logits;
}
