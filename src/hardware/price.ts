import { NO_OPERATIONS } from './operations.ts';
import type { Tiling } from './tiling.ts';
import type { Operations } from './workload.ts';

/** What a layer or network costs. Energies in mJ, latencies in ms. */
export interface Price {
  readonly energyMj: number;
  readonly latencyMs: number;
  /** Energy in mJ by level: computation, the outer memories by name (DRAM ...), GB, NoC, RF. */
  readonly byLevel: Readonly<Record<string, number>>;
  /** Memory energy in mJ by tensor, arithmetic not included. */
  readonly byTensor: TensorEnergies;
  readonly operations: Operations;
}

export interface TensorEnergies {
  readonly input: number;
  readonly weight: number;
  readonly output: number;
}

/** Price of one layer, with the tiling that was chosen where tilings were searched. */
export interface LayerPrice extends Price {
  readonly tiling?: Tiling;
}

/** Of work that an accelerator does not count. */
export const NO_PRICE: LayerPrice = {
  ...{ energyMj: 0, latencyMs: 0, byLevel: { computation: 0 } },
  ...{ byTensor: { input: 0, weight: 0, output: 0 }, operations: NO_OPERATIONS },
};

export interface NamedLayerPrice extends LayerPrice {
  readonly name: string;
  readonly kind: string;
  readonly family: string;
}

export interface NetworkPrice extends Price {
  readonly layers: readonly NamedLayerPrice[];
  readonly byFamily: Readonly<Record<string, { readonly energyMj: number; readonly latencyMs: number }>>;
  /** Area of the arithmetic this network needs, mm2; absent where the accelerator states no areas. */
  readonly areaMm2?: number;
}
