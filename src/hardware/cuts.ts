import { partialEnergy, type SearchProblem } from './searchproblem.ts';
import { divisors, largestAtMost } from './tiling.ts';

/**
 * Cuts of the output and the input channels of a layer, with all of their costs that do not depend on the other loops:
 * worked out once for a search instead of in its innermost loop.
 */
export interface OutputCut {
  /** Output channels over processing elements. */
  readonly m1: number;
  /** Ways to take m3 out of what m1 leaves, ascending. */
  readonly outers: Int32Array;
  /** pJ of the inputs of DRAM, buffer and network at the least: m3 = 1 and the largest m0. */
  readonly least: number;
}

export interface InputCut {
  /** Input channels over processing elements. */
  readonly c1: number;
  readonly inner: readonly {
    readonly c0: number;
    readonly c2: number;
    /** pJ of the partial sums. */
    readonly partial: number;
    /** Outputs that fit the register files beside the weights of c0 input channels. */
    readonly registerOutputs: number;
  }[];
  /** The least `partial`. */
  readonly least: number;
}

export interface Cuts<T> {
  /** m1 or c1, ascending. */
  readonly sizes: Int32Array;
  readonly cuts: readonly T[];
}

/** Every m1 that fits the array. `input`: words; `network`: pJ of the network's inputs for one output channel. */
export function outputCuts(
  { nest, energies, limits }: SearchProblem,
  input: number,
  network: number,
): Cuts<OutputCut> {
  const sizes = divisors(nest.m).filter((m1) => m1 * nest.r <= limits.elements);
  const cuts = Array.from(sizes, (m1) => {
    const outers = divisors(nest.m / m1);
    const m0 = largestAtMost(outers, limits.registerOutputs);
    const inside = energies.bufferInput * (nest.m / (m1 * m0)) * input + network * (nest.m / m0);
    return { m1, outers, least: energies.outerInput * input + inside };
  });
  return { sizes, cuts };
}

/** Every c1 that fits the array, with every c0 that fits the register files. `output`: words. */
export function inputCuts(
  problem: SearchProblem,
  output: number,
): Cuts<InputCut> & { readonly least: number } {
  const { nest, limits } = problem;
  const { c, r, s } = nest;
  const sizes = divisors(c).filter((c1) => c1 * r <= limits.elements);
  const largest = Math.min(limits.registerInputs, limits.registerWeights) / s;
  const cuts = Array.from(sizes, (c1) => {
    const inner = Array.from(
      divisors(c / c1).filter((c0) => c0 <= largest),
      (c0) => {
        const c2 = c / (c0 * c1);
        const registerOutputs = Math.min(
          limits.registerOutputs,
          Math.floor(limits.registerWeights / (c0 * s)),
        );
        return { c0, c2, partial: partialEnergy(problem, output, c0, c1, c2), registerOutputs };
      },
    );
    return { c1, inner, least: inner.reduce((low, { partial }) => Math.min(low, partial), Infinity) };
  });
  return { sizes, cuts, least: cuts.reduce((low, { least }) => Math.min(low, least), Infinity) };
}
