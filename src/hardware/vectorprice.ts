import type { Accelerator } from './accelerator.ts';
import { formatFor, unitsFor } from './check.ts';
import { operations } from './operations.ts';
import { type LayerPrice, NO_PRICE } from './price.ts';
import type { Workload } from './workload.ts';

/**
 * Element-wise work: normalisation, activation, softmax, squeeze-excite scaling, residual additions. It is done as
 * the outputs of the layer before leave the array, so it costs its arithmetic, one read and one write of the global
 * buffer per element, and a DRAM read of every further operand (the shortcut of a residual addition). All elements of
 * the array work on it. The released model leaves it out (spec 8.5).
 */
export function vectorPrice(load: Workload, accelerator: Accelerator, bits: number): LayerPrice {
  const { switches, memory, bandwidth } = accelerator;
  if (switches.vectorWork === 'ignored') return NO_PRICE;
  const units = unitsFor(accelerator, bits);
  const format = formatFor(accelerator, bits);
  const width = switches.tensorWidths === 'true' ? format.activations : bits;
  const counted = operations(load);
  const inputs = load.n * load.h * load.w * load.c;
  const outputs = load.n * load.e * load.f * load.m;
  const fetched = outputs * (load.vector?.operands ?? 0);
  const mj = 1e-9;
  const computation = (counted.multiplications * units.multiply + counted.additions * units.add) * mj;
  const pJ = width / 16;
  const bufferRead = inputs * memory.globalBuffer * pJ * mj;
  const bufferWrite = outputs * memory.globalBuffer * pJ * mj;
  const outer = fetched * memory.outer[0].energy * pJ * mj;
  const lanes = switches.narrowArray === 'packed' ? format.packedLanes : 1;
  let cycles = Math.ceil(
    (counted.multiplications + counted.additions) / (accelerator.processingElements * lanes),
  );
  if (switches.bandwidthStalls === 'charged' && bandwidth !== undefined) {
    const buffer = ((inputs + outputs) * width) / bandwidth.globalBuffer;
    cycles = Math.max(cycles, (fetched * width) / bandwidth.outer, buffer);
  }
  return {
    energyMj: computation + bufferRead + bufferWrite + outer,
    latencyMs: cycles / (accelerator.clockMHz * 1e3),
    byLevel: { computation, [memory.outer[0].name]: outer, GB: bufferRead + bufferWrite, NoC: 0, RF: 0 },
    byTensor: { input: bufferRead + outer, weight: 0, output: bufferWrite },
    operations: counted,
  };
}
