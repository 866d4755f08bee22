import { internal } from '../core/errors.ts';
import { inputCuts, outputCuts } from './cuts.ts';
import { findExtremes } from './extremes.ts';
import { impossible } from './impossible.ts';
import { constants, memoryCycles, type SearchProblem } from './searchproblem.ts';
import { countAtMost, countBelow, divisors, largestAtMost, type Tiling } from './tiling.ts';

/**
 * Exhaustive search over the tilings of one layer (spec 8.3, 8.4): among all valid ones it takes the one that
 * minimises (E - Emin) / Emax + (L - Lmin) / Lmax.
 *
 * Exhaustive does not mean naive. The energy is a sum of a part in (m0..m3), a part in (c0..c2) and a part in
 * (n3, e3), so each part is computed where its loop stands. Nothing is left out that could win:
 *
 *   m0   with m1 and m3 fixed every cost falls as m0 grows (m2 = m / (m0 m1 m3)): only its largest value counts
 *   n0   with m3 fixed every cost falls as n0 grows (n3 = n / n0): only the most images that fit the buffer count
 *   m3   every cost grows with m3, which only makes room for images or for another m0: of those with the same n0 and
 *        no larger m0 the least counts
 *   c1   with the loops outside it fixed, cycles grow as c1 falls: once the best energy there is cannot make up for
 *        them, no smaller c1 can win
 *
 * The extremes and the choice are therefore those of the full enumeration. Equal choices are settled by energy, then
 * by the order of the loops, which depends on values only.
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
  const weights = [extremes.energy > 0 ? 1 / extremes.energy : 0, 1 / extremes.cycles] as const;
  // With nothing allowed, all that comes back is a score that no tiling can fall below. From there the search is
  // widened until it finds something: what it finds first is the best there is, and most others are never looked at.
  const parts = prepared(problem);
  const { refused } = findBest(problem, parts, ...weights, 0);
  for (const wider of [1.01, 1.05, 1.25, Infinity]) {
    const { best } = findBest(problem, parts, ...weights, refused * wider);
    if (best !== undefined) return best;
  }
  return internal('a layer with a valid tiling has no best one', { layer: where });
}

/** What no pass of the search changes. */
function prepared(problem: SearchProblem) {
  const sums = constants(problem);
  const outputs = outputCuts(problem, sums.input, sums.networkInput);
  return { ...sums, outputs, inputs: inputCuts(problem, sums.output) };
}

/** Room for the rounding of sums that are added up in another order. */
const SLACK = 1 + 1e-12;

/**
 * The valid tiling of least energy x energyWeight + cycles x cyclesWeight, if that is at most `atMost`; and the least
 * score that anything refused for being worse could still have had.
 */
function findBest(
  problem: SearchProblem,
  parts: ReturnType<typeof prepared>,
  energyWeight: number,
  cyclesWeight: number,
  atMost: number,
): { best: FoundTiling | undefined; refused: number } {
  const { nest, energies, limits } = problem;
  const { n, c, r, s, m, e, f, stride, groups } = nest;
  const { input, weight, output, networkInput, networkWeight, fixed, outputs, inputs } = parts;
  const words = [input, weight, output] as const;
  const [allN, allE, allG] = [n, e, groups].map(divisors);
  const inputEnergy = energies.outerInput * input;
  let bestScore = atMost;
  let refused = Infinity;
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
      const free = limits.elements / (e1 * r * g1);
      const passes = n * e3 * f * s * (groups / g1) * c;
      // The buffer holds c0 c1 input windows and m0 m1 m2 output rows.
      const room = (limits.global / g1) * SLACK;
      // Reading inputs m3 times and weights n3 times: n3 >= perImage (c0 c1 window + rows m / m3), so their sum is at
      // least what the best m3, were it any number, would give.
      const perImage = (weightEnergy * n * g1) / limits.global;
      const balance = 2 * Math.sqrt(inputEnergy * perImage * m * rows);
      const once = weightEnergy + inputEnergy;
      const outsideM = fixed - inputEnergy + Math.max(once, balance + perImage * window);
      for (let im = countAtMost(outputs.sizes, Math.min(free, (room - window) / rows)) - 1; im >= 0; im--) {
        const { m1, outers, least } = outputs.cuts[im];
        const passesM = passes * (m / m1);
        const outside = outsideM + least;
        const outsideScore = (outside + inputs.least) * energyWeight;
        const mostInputs = Math.min(free / m1, (room - m1 * rows) / window);
        for (let ic = countAtMost(inputs.sizes, mostInputs) - 1; ic >= 0; ic--) {
          const cut = inputs.cuts[ic];
          const { c1 } = cut;
          const steps = passesM / c1;
          const stepsScore = steps * cyclesWeight;
          // What the rest of the loops can still reach from here is at least this.
          if (stepsScore + outsideScore > bestScore * SLACK) {
            refused = Math.min(refused, stepsScore + outsideScore);
            break;
          }
          if (stepsScore + (outside + cut.least) * energyWeight > bestScore * SLACK) continue;
          for (const { c0, c2, partial, registerOutputs } of cut.inner) {
            const held = c1 * c0 * window;
            if (held + m1 * rows > room) break;
            const energyC = fixed + partial;
            const inside = energyC + least - inputEnergy;
            const reading = Math.max(once, balance + perImage * held);
            if (stepsScore + (inside + reading) * energyWeight > bestScore * SLACK) continue;
            // The most images and, beside them, the most outputs of a register file so far.
            let [mostN0, mostM0] = [0, 0];
            const cap = largestAtMost(outers, registerOutputs);
            const leastOuter = (m * rows) / ((room - held) * SLACK);
            for (
              let i3 = countBelow(outers, leastOuter);
              i3 < outers.length && (mostN0 < n || mostM0 < cap);
              i3++
            ) {
              const m3 = outers[i3];
              // n0 images and g1 groups wait in the buffer together, each with m / m3 output channels.
              const images = Math.floor(limits.global / (g1 * (held + (m / m3) * rows)));
              if (stepsScore + (inside + weightEnergy + inputEnergy * m3) * energyWeight > bestScore * SLACK)
                break;
              const n0 = images >= n ? n : images < 1 ? 0 : largestAtMost(allN, images);
              if (n0 === 0 || (n0 === mostN0 && mostM0 === cap)) continue;
              const n3 = n / n0;
              const outerEnergy = energyC + n3 * weightEnergy + inputEnergy * m3;
              const reachable = outerEnergy + least - inputEnergy;
              if (stepsScore + reachable * energyWeight > bestScore * SLACK) continue;
              const m0 = largestAtMost(divisors(m / (m1 * m3)), registerOutputs);
              if (n0 === mostN0 && m0 <= mostM0) continue;
              [mostN0, mostM0] = [n0, m0];
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
              best = { tiling: { n0, n3, m0, m1, m2, m3, c0, c1, c2, e1, e3, g1, g3 }, energy, cycles };
            }
          }
        }
      }
    }
  }
  return { best, refused };
}
