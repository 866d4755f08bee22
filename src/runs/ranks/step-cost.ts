/**
 * How long a training step takes beside that of another path, without running either: ranks that train a path each wait
 * for the longest one. Time follows what layers write as much as what they multiply, for every output goes through a norm,
 * an activation and their gradients; and a sum of differences takes the time of two products. `bench/paths.mjs` times
 * paths beside this figure; docs/scale.md has what came out.
 */
import { accumulates, type Workload } from '../../hardware/workload.ts';

/** Multiply-accumulates that take as long as an output of a layer. */
const OUTPUT = 76;
/** Multiply-accumulates that take as long as one of an adder layer. */
const DIFFERENCE = 2;

/** In multiply-accumulates of a convolution. */
export function stepCost(loads: Iterable<Workload>): number {
  let cost = 0;
  for (const load of loads) {
    if (load.kind === 'vector') continue; // goes with the outputs
    const { n, e, f, m, kind } = load;
    cost += accumulates(load) * (kind === 'add' ? DIFFERENCE : 1) + OUTPUT * n * e * f * m;
  }
  return cost;
}
