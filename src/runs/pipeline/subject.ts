/**
 * A network that is trained alone, wherever it comes from: what training, pricing, saving and drawing it take. Networks
 * of a space and of the zoo go through the same phases because of it.
 */
import type { Backend } from '../../backends/backend.ts';
import type { Random } from '../../core/random.ts';
import type { NetworkPrice } from '../../hardware/price.ts';
import type { ArchitectureCosts } from '../../spaces/costs.ts';
import type { QuantisedLayer } from '../../supernet/quantisation.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import type { Architecture } from '../network-files.ts';
import type { BlockResult } from '../result.ts';

/** What training it takes, and nothing of what it costs. */
export interface Trainable<Path = unknown> {
  /** What of the network runs. */
  readonly path: Path;
  /** How its adders and shifts learn. */
  readonly sharing: SharingConfig;
  /** With its first weights, which depend on `random` and their names alone. */
  build(backend: Backend, random: Random): TrainableNetwork<Path>;
}

export interface Subject<Path = unknown> extends Trainable<Path> {
  /** What events and results call it: an encoded genotype, or a name of the zoo. */
  readonly key: string;
  /** One line for people. */
  readonly description: string;
  /** As it is saved. */
  readonly architecture: Architecture;
  /** Its layers as bit widths know them. */
  layers(): Iterable<QuantisedLayer>;
  costs(): ArchitectureCosts;
  /** Layer by layer. */
  price(): NetworkPrice;
  /** The boxes of its picture, in the order data flows. */
  blocks(price: NetworkPrice): BlockResult[];
}

/** What all layers whose names start with one of a block cost together. */
export function blockCost(price: NetworkPrice, block: string): Pick<NetworkPrice, 'energyMj' | 'latencyMs'> {
  let [energyMj, latencyMs] = [0, 0];
  for (const layer of price.layers) {
    if (layer.name !== block && !layer.name.startsWith(`${block}.`)) continue;
    energyMj += layer.energyMj;
    latencyMs += layer.latencyMs;
  }
  return { energyMj, latencyMs };
}
