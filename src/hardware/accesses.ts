import type { Accelerator } from './accelerator.ts';
import type { Placement } from './placement.ts';
import type { AccessEnergies, AccessTimes, ArrayLimits } from './searchproblem.ts';
import type { Widths } from './widths.ts';
import type { Workload } from './workload.ts';

/** What one access costs and how much fits, for a layer with tensors of given widths. */

/** Width the buffer sizes of an accelerator are given in, and the width its access energies are given for. */
const BUFFER_WORD = 32;
const ENERGY_WORD = 16;

/** Adder layers and lightweight filters, as released, pay only their registers and the partial sums between them. */
function outerMemoryIsFree(load: Workload, { switches }: Accelerator): boolean {
  return (
    (load.kind === 'add' && switches.addMemory === 'free') ||
    (load.role === 'lightweight-filter' && switches.lightweightFilter === 'square-dense-free')
  );
}

/** pJ per word held in an outer level: what `words` accesses of a tensor of `width` bits are multiplied with. */
export function outerEnergy(load: Workload, accelerator: Accelerator, level: number, width: number): number {
  if (outerMemoryIsFree(load, accelerator)) return 0;
  return (accelerator.memory.outer[level].energy * width) / ENERGY_WORD;
}

/** pJ per access of every count: the energy of a 16-bit word times width / 16. */
export function accessEnergies(
  load: Workload,
  accelerator: Accelerator,
  widths: Widths,
  home: Placement,
): AccessEnergies {
  const { memory } = accelerator;
  const paid = outerMemoryIsFree(load, accelerator) ? 0 : 1;
  const input = widths.input / ENERGY_WORD;
  const weight = widths.weight / ENERGY_WORD;
  const partial = widths.partial / ENERGY_WORD;
  return {
    outerInput: outerEnergy(load, accelerator, home.input, widths.input),
    outerWeight: outerEnergy(load, accelerator, home.weight, widths.weight),
    outerOutput: outerEnergy(load, accelerator, 0, widths.output),
    bufferInput: paid * memory.globalBuffer * input,
    bufferOutput: paid * memory.globalBuffer * partial,
    networkInput: paid * memory.network.input * input,
    networkWeight: paid * memory.network.weight * weight,
    networkPartial: memory.network.partialSum * partial,
    registerInput: memory.registerFile.input * input,
    registerWeight: memory.registerFile.weight * weight,
    registerPartial: memory.registerFile.partialSum * partial,
  };
}

/** Largest admissible values. True widths fill a buffer by bits; else `packed` words fit where one did. */
export function arrayLimits(
  { buffers, switches, processingElements }: Accelerator,
  lanes: number,
  widths: Widths,
  packed: number,
): ArrayLimits {
  const exact = switches.tensorWidths === 'true';
  const strict = switches.bufferBound === 'strict' ? 1 : 0;
  const room = (words: number, width: number) => Math.floor(words * (exact ? BUFFER_WORD / width : packed));
  return {
    elements: processingElements * lanes - (switches.arrayBound === 'strict' ? 1 : 0),
    registerOutputs: Math.max(1, room(buffers.registerOutputs, widths.partial)),
    registerInputs: room(buffers.registerInputs, widths.input) - strict,
    registerWeights: room(buffers.registerWeights, widths.weight) - strict,
    global: (exact ? buffers.global : Math.floor(buffers.global * packed)) - strict,
    inputSize: exact ? widths.input / BUFFER_WORD : 1,
    partialSize: exact ? widths.partial / BUFFER_WORD : 1,
    singleRows: switches.singleRowTiles === 'allowed',
  };
}

/** Cycles per access where bandwidth is charged. */
export function accessTimes({ switches, bandwidth }: Accelerator, widths: Widths): AccessTimes | undefined {
  if (switches.bandwidthStalls === 'ignored' || bandwidth === undefined) return undefined;
  return {
    outerInput: widths.input / bandwidth.outer,
    outerWeight: widths.weight / bandwidth.outer,
    outerOutput: widths.output / bandwidth.outer,
    bufferInput: widths.input / bandwidth.globalBuffer,
    bufferOutput: widths.partial / bandwidth.globalBuffer,
  };
}
