import type { Accelerator, Format } from './accelerator.ts';
import { isAroundFilter, isShiftLike } from './lightweight.ts';
import type { Workload } from './workload.ts';

/** Bits of what a layer moves. */
export interface Widths {
  readonly input: number;
  readonly weight: number;
  readonly partial: number;
  readonly output: number;
}

/** Average width the released model gives every tensor of a shift layer: (16 + 5) // 2 (spec 8.2). */
const SHIFT_AVERAGE = 10;

/** How many times faster than an ordinary layer of its sizes this one runs (spec 8.4). */
export function latencyDivisor(load: Workload, accelerator: Accelerator): number {
  if (!isShiftLike(load, accelerator)) return 1;
  const { lightweightLatencyDivisor, shiftLatencyDivisor } = accelerator.switches;
  return isAroundFilter(load) ? lightweightLatencyDivisor : shiftLatencyDivisor;
}

/** Tensor widths of a layer at `bits` under the switches shiftBits and tensorWidths. */
export function widthsOf(load: Workload, accelerator: Accelerator, format: Format, bits: number): Widths {
  const { switches } = accelerator;
  const exact = switches.tensorWidths === 'true';
  const shiftLike = isShiftLike(load, accelerator);
  if (shiftLike && switches.shiftBits === 'ten-for-all') {
    return { input: SHIFT_AVERAGE, weight: SHIFT_AVERAGE, partial: SHIFT_AVERAGE, output: SHIFT_AVERAGE };
  }
  const activations = exact ? format.activations : bits;
  const weights = exact && load.kind !== 'matmul' ? format.weights : activations;
  return {
    input: activations,
    weight: shiftLike && switches.shiftBits === 'weights-only' ? format.shiftWeights : weights,
    partial: exact ? format.partialSums : bits,
    output: activations,
  };
}
