/**
 * What training, scoring and distillation need of a network. `Path` says what runs of it: a genotype for networks of a
 * space, nothing for a network that has one path only.
 */
import type { Graph, Tensor } from '../autograd/graph.ts';
import type { ForwardOptions } from './network.ts';
import type { Quantisation, QuantisedLayer } from './quantisation.ts';
import type { SharingConfig } from './sharing.ts';
import type { WeightStore } from './store.ts';

export interface TrainableNetwork<Path> {
  readonly config: {
    readonly sharing: SharingConfig;
    /** Bits of weights and activations; real numbers when absent. */
    readonly quantisation?: Quantisation | undefined;
  };
  readonly store: WeightStore;
  /** x: [n, h, w, c] -> logits [n, classes]. */
  forward(x: Tensor, path: Path, options: ForwardOptions): Tensor;
  /** Its layers as bit widths know them. */
  layers(): Iterable<QuantisedLayer>;
  /** The weight that a layer computes with, before it is rounded to few bits; undefined where it has none. */
  weightOf(graph: Graph, layer: QuantisedLayer): Tensor | undefined;
  /** A second network as this one was before any training. */
  untrained(): TrainableNetwork<Path>;
  dispose(): void;
}
