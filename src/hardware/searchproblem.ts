import { type Nest, tensorWords } from './tiling.ts';

/** What a tiling search is about: a nest, what accesses cost, what fits; and the sums both of its passes use. */

/** pJ per access of each count, at the widths of the tensors. */
export interface AccessEnergies {
  readonly outerInput: number;
  readonly outerWeight: number;
  readonly outerOutput: number;
  readonly bufferInput: number;
  readonly bufferOutput: number;
  readonly networkInput: number;
  readonly networkWeight: number;
  readonly networkPartial: number;
  readonly registerInput: number;
  readonly registerWeight: number;
  readonly registerPartial: number;
}

/** What fits: largest admissible values, all inclusive. */
export interface ArrayLimits {
  readonly elements: number;
  readonly registerOutputs: number;
  readonly registerInputs: number;
  readonly registerWeights: number;
  /** Words of the global buffer, and how many of them an input word and a partial sum take. */
  readonly global: number;
  readonly inputSize: number;
  readonly partialSize: number;
  /** Tiles of a single row of a larger map. */
  readonly singleRows: boolean;
}

/** Cycles per access of the memories whose bandwidth is charged. */
export interface AccessTimes {
  readonly outerInput: number;
  readonly outerWeight: number;
  readonly outerOutput: number;
  readonly bufferInput: number;
  readonly bufferOutput: number;
}

export interface SearchProblem {
  readonly nest: Nest;
  readonly energies: AccessEnergies;
  readonly limits: ArrayLimits;
  /** Energy that no tiling changes (arithmetic), pJ: it takes part in Emax. */
  readonly fixedEnergy: number;
  readonly times: AccessTimes | undefined;
  /** Tensors kept whole in an outer level inside DRAM: DRAM moves them once, whatever the tiling. */
  readonly inputOnce: boolean;
  readonly weightOnce: boolean;
}

/** Products of sizes, accesses and unit energies that no tiling changes. */
export function constants({ nest, energies, fixedEnergy }: SearchProblem) {
  const { n, h, w, r, s, m, e, f, groups } = nest;
  const words = tensorWords(nest);
  const input = words.input * groups;
  const weight = words.weight * groups;
  const output = words.output * groups;
  return {
    input,
    weight,
    output,
    networkInput: energies.networkInput * r * (e / h) * input,
    networkWeight: energies.networkWeight * e * weight,
    fixed:
      fixedEnergy +
      energies.outerOutput * output +
      energies.registerInput * m * r * s * (e / h) * (f / w) * input +
      energies.registerWeight * n * e * f * weight,
  };
}

/** Energy of partial sums, in terms of c0, c1 and c2. */
export function partialEnergy(
  { nest, energies }: SearchProblem,
  output: number,
  c0: number,
  c1: number,
  c2: number,
) {
  const { r, s } = nest;
  return (
    energies.bufferOutput * Math.max(2 * (c2 - 1), 1) * output +
    energies.networkPartial * Math.max(c2 * (c1 * r - 1), 1) * output +
    energies.registerPartial * Math.max(2 * c2 * c1 * r * (c0 * s - 1), 1) * output
  );
}

/** Cycles that the memories need for a tiling. */
export function memoryCycles(
  { times, inputOnce, weightOnce }: SearchProblem,
  [input, weight, output]: readonly [number, number, number],
  inputReads: number,
  weightReads: number,
  bufferInput: number,
  c2: number,
): number {
  if (times === undefined) return 0;
  const outer =
    times.outerInput * (inputOnce ? 1 : inputReads) * input +
    times.outerWeight * (weightOnce ? 1 : weightReads) * weight +
    times.outerOutput * output;
  const buffer = times.bufferInput * bufferInput + times.bufferOutput * Math.max(2 * (c2 - 1), 1) * output;
  return Math.max(outer, buffer);
}
