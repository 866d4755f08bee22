/**
 * What training, scoring and distillation need of a network. `Path` says what runs of it: a genotype for networks of a
 * space, nothing for a network that has one path only.
 */
import type { Tensor } from '../autograd/graph.ts';
import type { ForwardOptions } from './network.ts';
import type { SharingConfig } from './sharing.ts';
import type { WeightStore } from './store.ts';

export interface TrainableNetwork<Path> {
  readonly config: { readonly sharing: SharingConfig };
  readonly store: WeightStore;
  /** x: [n, h, w, c] -> logits [n, classes]. */
  forward(x: Tensor, path: Path, options: ForwardOptions): Tensor;
  /** A second network as this one was before any training. */
  untrained(): TrainableNetwork<Path>;
  dispose(): void;
}
