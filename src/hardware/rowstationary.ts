import { internal } from '../core/errors.ts';
import { findExtremes } from './extremes.ts';
import { impossible } from './impossible.ts';
import { constants, memoryCycles, partialEnergy, type SearchProblem } from './searchproblem.ts';
import { divisors, largestDivisor, largestDivisors, type Tiling } from './tiling.ts';

/**
 * Exhaustive search over the tilings of one layer (spec 8.3, 8.4): among all valid ones it takes the one that
 * minimises (E - Emin) / Emax + (L - Lmin) / Lmax.
 *
 * Exhaustive does not mean naive. The energy is a sum of a part in (m0..m3), a part in (c0..c2) and a part in
 * (n3, e3), so each part is computed where its loop stands; and with m1 and m3 fixed every cost falls as m0 grows
 * (m2 = m / (m0 m1 m3)), so only its largest value can win and only m0 = 1 can be the worst; likewise with m3 fixed
 * every cost falls as n0 grows (n3 = n / n0), so only the most images that fit the buffer can win. The extremes and
 * the choice are therefore those of the full enumeration. Equal choices are settled by energy, then by the order of the loops, which
 * depends on values only.
 */

export interface FoundTiling {
  readonly tiling: Tiling;
  readonly energy: number;
  readonly cycles: number;
}

/** The best tiling. Throws 'limit' when none fits, naming the bound that excludes the layer. */
export function searchTiling(problem: SearchProblem, where = 'layer'): FoundTiling {
  const extremes = findExtremes(problem);
  if (extremes === undefined) throw impossible(problem, where);
  const found = findBest(problem, extremes.energy > 0 ? 1 / extremes.energy : 0, 1 / extremes.cycles);
  return found ?? internal('a layer with a valid tiling has no best one', { layer: where });
}

/** The valid tiling of least energy x energyWeight + cycles x cyclesWeight. */
function findBest(
  problem: SearchProblem,
  energyWeight: number,
  cyclesWeight: number,
): FoundTiling | undefined {
  const { nest, energies, limits } = problem;
  const { n, c, r, s, m, e, f, stride, groups } = nest;
  const { input, weight, output, networkInput, networkWeight, fixed } = constants(problem);
  const words = [input, weight, output] as const;
  const [allM, allC, allE, allG] = [m, c, e, groups].map(divisors);
  const atMost = largestDivisors(n);
  const inputEnergy = energies.outerInput * input;
  const outputs = outputTiles(problem, allM, input, networkInput);
  let bestScore = Infinity;
  let best: FoundTiling | undefined;
  for (let ie = allE.length - 1; ie >= 0; ie--) {
    const e1 = allE[ie];
    if ((e1 === 1 && e > 1 && !limits.singleRows) || e1 * r > limits.elements) continue;
    const e3 = e / e1;
    const window = ((e1 - 1) * stride + r) * ((f - 1) * stride + s) * limits.inputSize;
    const rows = e1 * f * limits.partialSize;
    const weightEnergy = energies.outerWeight * e3 * weight + networkWeight;
    for (let ig = allG.length - 1; ig >= 0; ig--) {
      const g1 = allG[ig];
      for (let im = outputs.length - 1; im >= 0; im--) {
        const m1 = allM[im];
        if (m1 * e1 * r * g1 > limits.elements) continue;
        const tiles = outputs[im];
        for (let ic = allC.length - 1; ic >= 0; ic--) {
          const c1 = allC[ic];
          if (m1 * c1 * e1 * r * g1 > limits.elements) continue;
          const steps = n * (m / m1) * (c / c1) * e3 * f * s * (groups / g1);
          // What the rest of the loops can still reach from here is at least this.
          if (steps * cyclesWeight + (fixed + weightEnergy + tiles.least) * energyWeight > bestScore)
            continue;
          const inner = divisors(c / c1);
          for (let i0 = 0; i0 < inner.length; i0++) {
            const c0 = inner[i0];
            if (c0 * s > limits.registerInputs || c0 * s > limits.registerWeights) break;
            const outputsLimit = Math.floor(limits.registerWeights / (c0 * s));
            const c2 = c / (c0 * c1);
            const energyC = fixed + partialEnergy(problem, output, c0, c1, c2);
            const held = c1 * c0 * window;
            // Energy that is left for reading inputs, with slack for rounding.
            const budget = budgetOf(bestScore - steps * cyclesWeight, energyWeight, energyC + weightEnergy);
            if (tiles.least > budget) continue;
            for (let i3 = tiles.m3.length - 1; i3 >= 0; i3--) {
              const m3 = tiles.m3[i3];
              if (m3 * inputEnergy + tiles.inner[i3] > budget) continue;
              // n0 images and g1 groups wait in the buffer together, each with m / m3 output channels.
              const images = Math.floor(limits.global / (g1 * (held + (m / m3) * rows)));
              if (images < 1) break;
              const n0 = images >= n ? n : atMost[images];
              const n3 = n / n0;
              const energyN = energyC + n3 * weightEnergy;
              const outerEnergy = energyN + inputEnergy * m3;
              let m0 = tiles.m0[i3];
              if (steps * cyclesWeight + (outerEnergy + tiles.inner[i3]) * energyWeight > bestScore) continue;
              if (m0 > outputsLimit) m0 = largestDivisor(m / (m1 * m3), outputsLimit);
              const bufferInput = (m / (m1 * m0)) * input;
              const energy = outerEnergy + energies.bufferInput * bufferInput + networkInput * (m / m0);
              let cycles = steps;
              if (problem.times !== undefined) {
                cycles = Math.max(cycles, memoryCycles(problem, words, m3, n3 * e3, bufferInput, c2));
              }
              const score = energy * energyWeight + cycles * cyclesWeight;
              if (score > bestScore) continue;
              if (best !== undefined && score > bestScore - 1e-13 && energy >= best.energy) continue;
              bestScore = score;
              const [m2, g3] = [m / (m0 * m1 * m3), groups / g1];
              best = {
                tiling: { n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3, g1, g3 },
                energy,
                cycles,
              };
            }
          }
        }
      }
    }
  }
  return best;
}

const budgetOf = (score: number, energyWeight: number, spent: number) =>
  energyWeight === 0 ? Infinity : (score / energyWeight) * (1 + 1e-12) - spent;

/**
 * For every m1 that fits: the possible m3, the largest m0 with each, the energy inside the buffer that this m0 leaves,
 * and the least energy of any m3.
 */
function outputTiles(
  { nest, energies, limits }: SearchProblem,
  allM: Int32Array,
  input: number,
  network: number,
) {
  return Array.from(
    allM.filter((m1) => m1 * nest.r <= limits.elements),
    (m1) => {
      const m3 = divisors(nest.m / m1);
      const m0 = m3.map((outer) => largestDivisor(nest.m / (m1 * outer), limits.registerOutputs));
      const inner = Array.from(
        m0,
        (size) => energies.bufferInput * (nest.m / (m1 * size)) * input + network * (nest.m / size),
      );
      const least = inner.reduce(
        (low, energy, i) => Math.min(low, energies.outerInput * m3[i] * input + energy),
        Infinity,
      );
      return { m3, m0, inner, least };
    },
  );
}
