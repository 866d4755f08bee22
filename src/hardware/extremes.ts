import { constants, memoryCycles, partialEnergy, type SearchProblem } from './searchproblem.ts';
import { divisors } from './tiling.ts';

/**
 * Largest energy and latency of all valid tilings: both grow with n3 and m3 and fall with m0, so n0 = m0 = 1 and
 * m3 = m / m1 are the worst, and where these do not fit nothing does. Undefined when no tiling is valid.
 */
export function findExtremes(problem: SearchProblem): { energy: number; cycles: number } | undefined {
  const { nest, energies, limits } = problem;
  const { n, c, r, s, m, e, f, stride, groups } = nest;
  const { input, weight, output, networkInput, networkWeight, fixed } = constants(problem);
  let energyMax = -Infinity;
  let cyclesMax = -Infinity;
  for (const e1 of divisors(e)) {
    if (e1 === 1 && e > 1 && !limits.singleRows) continue;
    const window = ((e1 - 1) * stride + r) * ((f - 1) * stride + s) * limits.inputSize;
    const rows = e1 * f * limits.partialSize;
    const weightEnergy = n * (energies.outerWeight * (e / e1) * weight + networkWeight);
    for (const g1 of divisors(groups)) {
      for (const m1 of divisors(m)) {
        if (m1 * e1 * r * g1 > limits.elements) break;
        const bufferInput = (m / m1) * input;
        const energyM =
          fixed +
          weightEnergy +
          energies.outerInput * bufferInput +
          energies.bufferInput * bufferInput +
          networkInput * m;
        for (const c1 of divisors(c)) {
          if (m1 * c1 * e1 * r * g1 > limits.elements) break;
          const cycles = n * (m / m1) * (c / c1) * (e / e1) * f * s * (groups / g1);
          for (const c0 of divisors(c / c1)) {
            if (c0 * s > limits.registerInputs || c0 * s > limits.registerWeights) break;
            if (g1 * (c1 * c0 * window + m1 * rows) > limits.global) break;
            const c2 = c / (c0 * c1);
            const energy = energyM + partialEnergy(problem, output, c0, c1, c2);
            const reads = [m / m1, (n * e) / e1] as const;
            const wait = memoryCycles(problem, [input, weight, output], reads, bufferInput, c2);
            if (energy > energyMax) energyMax = energy;
            if (cycles > cyclesMax) cyclesMax = cycles;
            if (wait > cyclesMax) cyclesMax = wait;
          }
        }
      }
    }
  }
  return energyMax === -Infinity ? undefined : { energy: energyMax, cycles: cyclesMax };
}
