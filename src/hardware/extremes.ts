import { constants, memoryCycles, partialEnergy, type SearchProblem } from './searchproblem.ts';
import { divisors } from './tiling.ts';

/**
 * Largest energy and latency of all valid tilings: both grow with n3, m3 and e3 and fall with m0, m1, e1 and g1, so
 * n0 = m0 = m1 = g1 = 1, m3 = m and the smallest e1 are the worst, and where these do not fit nothing does. Only the
 * cut of the input channels has to be tried. Undefined when no tiling is valid.
 */
export function findExtremes(problem: SearchProblem): { energy: number; cycles: number } | undefined {
  const { nest, energies, limits } = problem;
  const { n, c, r, s, m, e, f, stride, groups } = nest;
  const { input, weight, output, networkInput, networkWeight, fixed } = constants(problem);
  const words = [input, weight, output] as const;
  const e1 = Array.from(divisors(e)).find((rows) => rows > 1 || e === 1 || limits.singleRows) ?? 1;
  const window = ((e1 - 1) * stride + r) * ((f - 1) * stride + s) * limits.inputSize;
  const rows = e1 * f * limits.partialSize;
  const bufferInput = m * input;
  const energyM =
    fixed +
    n * (energies.outerWeight * (e / e1) * weight + networkWeight) +
    (energies.outerInput + energies.bufferInput) * bufferInput +
    networkInput * m;
  let energyMax = -Infinity;
  let cyclesMax = -Infinity;
  for (const c1 of divisors(c)) {
    if (c1 * e1 * r > limits.elements) break;
    const cycles = n * m * (c / c1) * (e / e1) * f * s * groups;
    for (const c0 of divisors(c / c1)) {
      if (c0 * s > limits.registerInputs || c0 * s > limits.registerWeights) break;
      if (c1 * c0 * window + rows > limits.global) break;
      const c2 = c / (c0 * c1);
      const energy = energyM + partialEnergy(problem, output, c0, c1, c2);
      const wait = memoryCycles(problem, words, m, (n * e) / e1, bufferInput, c2);
      if (energy > energyMax) energyMax = energy;
      cyclesMax = Math.max(cyclesMax, cycles, wait);
    }
  }
  return energyMax === -Infinity ? undefined : { energy: energyMax, cycles: cyclesMax };
}
