import type { Accelerator } from './accelerator.ts';
import { formatFor } from './check.ts';
import type { Workload } from './workload.ts';

/**
 * Silicon for the arithmetic a network needs, mm2: every processing element holds a multiplier if any layer
 * multiplies, a shifter if any layer shifts, the adder that accumulates, and a second adder if there are adder layers
 * (they subtract and accumulate in the same step). Memories are not part of the cited table and not included.
 * Undefined where the accelerator states no areas at this bit width.
 */
export function areaMm2(
  accelerator: Accelerator,
  bits: number,
  loads: readonly Workload[],
): number | undefined {
  const areas = accelerator.areas?.[String(bits)];
  if (areas === undefined) return undefined;
  const kinds = new Set(loads.map((load) => load.kind));
  const multiplies =
    kinds.has('conv') || kinds.has('linear') || kinds.has('matmul') || multipliesInVectors(loads);
  const element =
    areas.add +
    (multiplies ? areas.multiply : 0) +
    (kinds.has('shift') ? areas.shift : 0) +
    (kinds.has('add') ? areas.add : 0);
  const lanes = accelerator.switches.narrowArray === 'packed' ? formatFor(accelerator, bits).packedLanes : 1;
  return accelerator.processingElements * lanes * element * 1e-6;
}

const multipliesInVectors = (loads: readonly Workload[]) =>
  loads.some((load) => load.kind === 'vector' && (load.vector?.multiplications ?? 0) > 0);
