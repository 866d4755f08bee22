/**
 * What a program says of images, for the proof of whatever is written from it. The first hundred are run by the reference,
 * and by the fastest interpreter there is, which must say the same; that one alone runs the others.
 */
import { internal } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { type OpenedProgram, openProgram } from './open.ts';
import type { IntegerProgram } from './program.ts';
import { interpret } from './reference/interpret.ts';

/** Images that the reference runs. */
export const REFERENCE_IMAGES = 100;

export interface Expected {
  /** How many of the images were run: all of them, or the first hundred where there is only the reference. */
  readonly count: number;
  /** [count, classes] */
  readonly logits: ArrayLike<number>;
}

/** images: [n, h, w, c], bytes. */
export function expectedLogits(program: IntegerProgram, images: Uint8Array): Expected {
  const fast = fastOf(program);
  const size = sizeOf(program.values[0].shape);
  const first = images.subarray(0, REFERENCE_IMAGES * size);
  const logits = inAgreement(program, fast, first);
  if (fast === undefined) return { count: first.length / size, logits };
  return { count: images.length / size, logits: fast.run(images) };
}

/** Native code, or WebAssembly; undefined where there is neither. */
export function fastOf(program: IntegerProgram): OpenedProgram | undefined {
  const opened = openProgram(program);
  return opened.isa === 'reference' ? undefined : opened;
}

/** Logits of the reference, which those of the fast interpreter must be. */
export function inAgreement(
  program: IntegerProgram,
  fast: OpenedProgram | undefined,
  images: Uint8Array,
): Int32Array {
  const logits = interpret(program, images);
  const other = fast?.run(images);
  const at = other === undefined ? -1 : logits.findIndex((logit, i) => logit !== other[i]);
  if (at >= 0) {
    internal(`${fast!.isa} code gives logit ${at} as ${other![at]}, the reference ${logits[at]}`);
  }
  return logits;
}
