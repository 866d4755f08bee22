import { ShiftAddError } from '../core/errors.ts';
import type { ArrayLimits, SearchProblem } from './searchproblem.ts';
import { divisors } from './tiling.ts';

/** The error for a layer without a valid tiling: it names the bound that excludes the layer and the nearest size that fits. */
export function impossible({ nest, limits }: SearchProblem, where: string): ShiftAddError {
  const rows = Array.from(divisors(nest.e)).filter((e1) => e1 > 1 || nest.e === 1 || limits.singleRows);
  const least = rows[0];
  const elements = nest.r * least;
  const usable = Array.from({ length: 65 }, (_, i) => i)
    .flatMap((d) => [nest.e + d, nest.e - d])
    .find((e) => e > 0 && fits(e, nest.r, limits));
  const reason =
    elements > limits.elements
      ? `its window of ${nest.r} rows times at least ${least} output rows needs ${elements} processing elements of ` +
        `at most ${limits.elements}; ` +
        (usable === undefined
          ? `the nearest array that fits has ${elements}`
          : `the nearest output height that fits is ${usable}`)
      : nest.s > Math.min(limits.registerInputs, limits.registerWeights)
        ? `its window of ${nest.s} columns exceeds the ${Math.min(limits.registerInputs, limits.registerWeights)} ` +
          'words of a register file, which is the nearest width that fits'
        : bufferReason(nest, limits, least);
  return new ShiftAddError('limit', `No tiling of ${where} fits the accelerator: ${reason}.`, {
    layer: where,
    outputRows: nest.e,
    window: nest.r,
    elements: limits.elements,
  });
}

function bufferReason(nest: SearchProblem['nest'], limits: ArrayLimits, e1: number): string {
  const words = (f: number) =>
    Math.ceil(
      ((e1 - 1) * nest.stride + nest.r) * ((f - 1) * nest.stride + nest.s) * limits.inputSize +
        e1 * f * limits.partialSize,
    );
  let f = nest.f;
  while (f > 0 && words(f) > limits.global) f--;
  return (
    `its smallest tile takes ${words(nest.f)} of the ${limits.global} words of the global buffer; ` +
    (f > 0
      ? `the nearest output width that fits is ${f}`
      : `the nearest buffer that fits has ${words(1)} words`)
  );
}

const fits = (e: number, r: number, limits: ArrayLimits) =>
  Array.from(divisors(e)).some((e1) => (e1 > 1 || e === 1 || limits.singleRows) && e1 * r <= limits.elements);
