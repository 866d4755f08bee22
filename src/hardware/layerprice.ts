import type { Accelerator } from './accelerator.ts';
import { accessEnergies, accessTimes, arrayLimits, outerEnergy } from './accesses.ts';
import { fittedLatencyMs } from './calibration/latency.ts';
import { formatFor, unitsFor } from './check.ts';
import { chargedKind, isLeftOut } from './lightweight.ts';
import { nestOf, nestSteps } from './nest.ts';
import { accumulateEnergy, operations } from './operations.ts';
import { type Placement, placementsOf } from './placement.ts';
import { type LayerPrice, NO_PRICE } from './price.ts';
import { type FoundTiling, searchTiling } from './rowstationary.ts';
import type { AccessEnergies } from './searchproblem.ts';
import { accessCounts, type Nest, tensorWords } from './tiling.ts';
import { vectorPrice } from './vectorprice.ts';
import { latencyDivisor, type Widths, widthsOf } from './widths.ts';
import type { Workload } from './workload.ts';

/**
 * One layer on one accelerator: arithmetic plus the accesses of the chosen tiling (spec 8.4). Where outer levels may
 * hold tensors, every placement is tried and the cheapest in energy is taken.
 * Throws 'usage' when the bit width is not described or the operator not measured, 'limit' when no tiling fits.
 */
export function priceLayer(load: Workload, accelerator: Accelerator, bits: number): LayerPrice {
  const price = modelled(load, accelerator, bits);
  const { calibration, name } = accelerator;
  return calibration === undefined
    ? price
    : { ...price, latencyMs: fittedLatencyMs(load, calibration, name) };
}

function modelled(load: Workload, accelerator: Accelerator, bits: number): LayerPrice {
  if (load.kind === 'vector') return vectorPrice(load, accelerator, bits);
  if (isLeftOut(load, accelerator)) return NO_PRICE;
  const { switches } = accelerator;
  const format = formatFor(accelerator, bits);
  const nest = nestOf(load, switches);
  const steps = nestSteps(nest);
  const both = switches.operationsPerAccumulate === 'both';
  const computation =
    steps * accumulateEnergy(chargedKind(load, accelerator), unitsFor(accelerator, bits), both);
  const lanes = switches.narrowArray === 'packed' ? format.packedLanes : 1;
  const toMs = 1 / (accelerator.clockMHz * 1e3 * latencyDivisor(load, accelerator));
  if (accelerator.model === 'operations') {
    return {
      energyMj: computation * MJ,
      latencyMs: Math.ceil(steps / (accelerator.processingElements * lanes)) * toMs,
      byLevel: { computation: computation * MJ },
      byTensor: { input: 0, weight: 0, output: 0 },
      operations: operations(load),
    };
  }
  const widths = widthsOf(load, accelerator, format, bits);
  const layer: Layer = { load, accelerator, nest, widths, computation };
  const limits = arrayLimits(accelerator, lanes, widths, format.packedStorage);
  const times = accessTimes(accelerator, widths);
  const candidates = placementsOf(nest, accelerator).map((home) => {
    const energies = accessEnergies(load, accelerator, widths, home);
    const fixedEnergy = computation + loading(layer, home).reduce((sum, { pJ }) => sum + pJ, 0);
    const once = { inputOnce: home.input > 0, weightOnce: home.weight > 0 };
    const found = searchTiling({ nest, energies, limits, fixedEnergy, times, ...once }, load.name);
    return { home, energies, found };
  });
  const { home, energies, found } = candidates.reduce((a, b) => (b.found.energy < a.found.energy ? b : a));
  return breakdown(layer, home, energies, found, found.cycles * toMs);
}

/** mJ per pJ. */
const MJ = 1e-9;

interface Layer {
  readonly load: Workload;
  readonly accelerator: Accelerator;
  readonly nest: Nest;
  readonly widths: Widths;
  /** pJ */
  readonly computation: number;
}

/** Bringing tensors to their homes inside DRAM: a read of DRAM and a write of the level, once per word. */
function loading({ load, accelerator, nest, widths }: Layer, home: Placement) {
  const words = tensorWords(nest);
  return (['input', 'weight'] as const)
    .filter((tensor) => home[tensor] > 0)
    .flatMap((tensor) =>
      [0, home[tensor]].map((level) => ({
        tensor,
        level,
        pJ: nest.groups * words[tensor] * outerEnergy(load, accelerator, level, widths[tensor]),
      })),
    );
}

function breakdown(
  layer: Layer,
  home: Placement,
  energies: AccessEnergies,
  found: FoundTiling,
  latencyMs: number,
): LayerPrice {
  const { load, accelerator, nest, computation } = layer;
  const counts = accessCounts(nest, found.tiling);
  const at = (key: keyof AccessEnergies) => counts[key] * energies[key] * MJ;
  const byTensor = {
    input: at('outerInput') + at('bufferInput') + at('networkInput') + at('registerInput'),
    weight: at('outerWeight') + at('networkWeight') + at('registerWeight'),
    output: at('outerOutput') + at('bufferOutput') + at('networkPartial') + at('registerPartial'),
  };
  const outer = accelerator.memory.outer.map(() => 0);
  outer[0] += at('outerOutput');
  outer[home.input] += at('outerInput');
  outer[home.weight] += at('outerWeight');
  for (const { tensor, level, pJ } of loading(layer, home)) {
    outer[level] += pJ * MJ;
    byTensor[tensor] += pJ * MJ;
  }
  const byLevel: Record<string, number> = { computation: computation * MJ };
  accelerator.memory.outer.forEach(({ name }, level) => {
    byLevel[name] = outer[level];
  });
  byLevel.GB = at('bufferInput') + at('bufferOutput');
  byLevel.NoC = at('networkInput') + at('networkWeight') + at('networkPartial');
  byLevel.RF = at('registerInput') + at('registerWeight') + at('registerPartial');
  return {
    energyMj: computation * MJ + byTensor.input + byTensor.weight + byTensor.output,
    latencyMs,
    ...{ byLevel, byTensor, operations: operations(load), tiling: found.tiling },
  };
}
