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
        `at most ${limits.elements}; the nearest output height that fits is ${usable ?? 'none'}`
      : nest.s > limits.registerInputs
        ? `its window of ${nest.s} columns exceeds the ${limits.registerInputs} inputs of a register file`
        : `its smallest tile does not fit the global buffer of ${limits.global} words; make the map smaller`;
  return new ShiftAddError('limit', `No tiling of ${where} fits the accelerator: ${reason}.`, {
    layer: where,
    outputRows: nest.e,
    window: nest.r,
    elements: limits.elements,
  });
}

const fits = (e: number, r: number, limits: ArrayLimits) =>
  Array.from(divisors(e)).some((e1) => (e1 > 1 || e === 1 || limits.singleRows) && e1 * r <= limits.elements);
