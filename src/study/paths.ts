/**
 * Which paths a supernet is judged by. They depend on the space and its prices alone, so all schemes and seeds of a
 * study are judged by the same ones.
 */
import { Random } from '../core/random.ts';
import { countSpace } from '../spaces/count.ts';
import { encode } from '../spaces/genotype.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype, Space } from '../spaces/space.ts';

/** Draws that the strata are filled from. */
const DRAWS = 2000;

/** `count` different paths (fewer where the space holds fewer), uniform over tuples of stage lengths. */
export function randomPaths(space: Space, count: number): Genotype[] {
  return different(space, 'study: random paths', count);
}

/**
 * Paths that differ: the range of energy among many draws is cut into `count` equal parts, and of each part the draw
 * nearest to its middle is taken that no other part has. Ordered by energy.
 */
export function rankedPaths(
  space: Space,
  count: number,
  energyMj: (genotype: Genotype) => number,
): Genotype[] {
  const open = different(space, 'study: ranked paths', DRAWS).map((genotype) => ({
    genotype,
    energy: energyMj(genotype),
  }));
  const energies = open.map(({ energy }) => energy);
  const [low, high] = [Math.min(...energies), Math.max(...energies)];
  const chosen: typeof open = [];
  for (let i = 0; i < count && open.length > 0; i++) {
    const middle = low + ((high - low) * (i + 0.5)) / count;
    let best = 0;
    for (const [j, { energy }] of open.entries()) {
      if (Math.abs(energy - middle) < Math.abs(open[best].energy - middle)) best = j;
    }
    chosen.push(...open.splice(best, 1));
  }
  return chosen.sort((a, b) => a.energy - b.energy).map(({ genotype }) => genotype);
}

function different(space: Space, stream: string, count: number): Genotype[] {
  const random = Random.fromSeed(stream);
  const total = countSpace(space);
  const wanted = total < BigInt(count) ? Number(total) : count;
  const found = new Map<string, Genotype>();
  for (let draw = 0; draw < 20 * count && found.size < wanted; draw++) {
    const genotype = sample(space, random, 'tuples');
    found.set(encode(genotype), genotype);
  }
  return [...found.values()];
}
