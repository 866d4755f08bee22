import type { Accelerator } from './accelerator.ts';
import { areaMm2, arithmeticNeeds } from './area.ts';
import { formatFor, unitsFor } from './check.ts';
import { priceLayer } from './layerprice.ts';
import { addOperations, NO_OPERATIONS } from './operations.ts';
import type { LayerPrice, NamedLayerPrice, NetworkPrice } from './price.ts';
import type { Workload } from './workload.ts';

/**
 * Prices layers and networks on one accelerator at one bit width, each distinct layer shape once. A search prices
 * the same few dozen shapes for ever, so three doors lead to a known price: the workload object itself, its
 * signature, and a number (`index`) that a caller may keep in place of the workload.
 */
export class Pricer {
  readonly accelerator: Accelerator;
  readonly bits: number;
  readonly #prices: LayerPrice[] = [];
  readonly #bySignature = new Map<string, number>();
  readonly #byObject = new WeakMap<Workload, number>();

  /** Throws 'usage' when the accelerator has no numbers at this bit width. */
  constructor(accelerator: Accelerator, bits = 32) {
    unitsFor(accelerator, bits);
    formatFor(accelerator, bits);
    this.accelerator = accelerator;
    this.bits = bits;
  }

  /** Number of a workload's shape, for `sum`. Prices it when it is new. */
  index(load: Workload): number {
    const known = this.#byObject.get(load);
    if (known !== undefined) return known;
    const signature = signatureOf(load);
    let index = this.#bySignature.get(signature);
    if (index === undefined) {
      index = this.#prices.push(priceLayer(load, this.accelerator, this.bits)) - 1;
      this.#bySignature.set(signature, index);
    }
    this.#byObject.set(load, index);
    return index;
  }

  /** Price of one layer. Throws 'limit' when no tiling fits. */
  price(load: Workload): LayerPrice {
    return this.#prices[this.index(load)];
  }

  /** Energy in mJ and latency in ms of layers given by `index`: nanoseconds a layer. */
  sum(indices: ArrayLike<number>): { energyMj: number; latencyMs: number } {
    let [energyMj, latencyMs] = [0, 0];
    for (let i = 0; i < indices.length; i++) {
      const price = this.#prices[indices[i]];
      energyMj += price.energyMj;
      latencyMs += price.latencyMs;
    }
    return { energyMj, latencyMs };
  }

  /** Energy in mJ and latency in ms of a network, nothing else. */
  totals(loads: readonly Workload[]): { energyMj: number; latencyMs: number } {
    let [energyMj, latencyMs] = [0, 0];
    for (let i = 0; i < loads.length; i++) {
      const price = this.#prices[this.#byObject.get(loads[i]) ?? this.index(loads[i])];
      energyMj += price.energyMj;
      latencyMs += price.latencyMs;
    }
    return { energyMj, latencyMs };
  }

  /** Everything there is to say about a network: totals by layer, level, tensor and family, operations, area. */
  priceNetwork(loads: readonly Workload[]): NetworkPrice {
    const layers: NamedLayerPrice[] = [];
    const byLevel: Record<string, number> = {};
    const byTensor = { input: 0, weight: 0, output: 0 };
    const byFamily: Record<string, { energyMj: number; latencyMs: number }> = {};
    let operations = NO_OPERATIONS;
    for (const load of loads) {
      const price = this.price(load);
      layers.push({ name: load.name, kind: load.kind, family: load.family, ...price });
      for (const [level, mj] of Object.entries(price.byLevel)) byLevel[level] = (byLevel[level] ?? 0) + mj;
      byTensor.input += price.byTensor.input;
      byTensor.weight += price.byTensor.weight;
      byTensor.output += price.byTensor.output;
      const family = (byFamily[load.family] ??= { energyMj: 0, latencyMs: 0 });
      family.energyMj += price.energyMj;
      family.latencyMs += price.latencyMs;
      operations = addOperations(operations, price.operations);
    }
    const area = areaMm2(this.accelerator, this.bits, arithmeticNeeds(loads));
    return {
      ...this.totals(loads),
      ...{ byLevel, byTensor, byFamily, operations, layers },
      ...(area === undefined ? {} : { areaMm2: area }),
    };
  }
}

/** Everything of a workload that its price depends on: all but its name, family and number of weights. */
export function signatureOf(load: Workload): string {
  const { n, h, w, c, r, s, m, e, f, stride, groups, vector } = load;
  const work = vector ? `${vector.multiplications}+${vector.additions}+${vector.operands ?? 0}` : '';
  const sizes = `${n},${h},${w},${c},${r},${s},${m},${e},${f},${stride},${groups}`;
  return `${load.kind},${sizes},${work},${load.role ?? ''},${load.heads ?? ''}`;
}
