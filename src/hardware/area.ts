import type { Accelerator } from './accelerator.ts';
import { formatFor } from './check.ts';
import type { Workload } from './workload.ts';

/** The arithmetic that layers need in every processing element, besides the adder that accumulates. */
export interface ArithmeticNeeds {
  readonly multiplier: boolean;
  readonly shifter: boolean;
  /** Adder layers subtract and accumulate in the same step. */
  readonly secondAdder: boolean;
}

export function arithmeticNeeds(loads: readonly Workload[]): ArithmeticNeeds {
  const kinds = new Set(loads.map((load) => load.kind));
  const vectors = loads.some((load) => load.kind === 'vector' && (load.vector?.multiplications ?? 0) > 0);
  return {
    multiplier: kinds.has('conv') || kinds.has('linear') || kinds.has('matmul') || vectors,
    shifter: kinds.has('shift'),
    secondAdder: kinds.has('add'),
  };
}

/**
 * Silicon for the arithmetic a network needs, mm2: every processing element holds a multiplier if any layer
 * multiplies, a shifter if any layer shifts, the adder that accumulates, and a second adder if there are adder layers
 * (they subtract and accumulate in the same step). Memories are not part of the tables and not included.
 * Undefined where the accelerator states no areas at this bit width.
 */
export function areaMm2(
  accelerator: Accelerator,
  bits: number,
  { multiplier, shifter, secondAdder }: ArithmeticNeeds,
): number | undefined {
  const areas = accelerator.areas?.[String(bits)];
  if (areas === undefined) return undefined;
  const element =
    (areas.accumulate ?? areas.add) +
    (multiplier ? areas.multiply : 0) +
    (shifter ? areas.shift : 0) +
    (secondAdder ? areas.add : 0);
  const lanes = accelerator.switches.narrowArray === 'packed' ? formatFor(accelerator, bits).packedLanes : 1;
  return accelerator.processingElements * lanes * element * 1e-6;
}
