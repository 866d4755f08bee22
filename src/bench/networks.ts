/** Networks with their optimiser and a batch of noise, so that one training step is one call. */

import { Graph } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import type { OperatorName } from '../operators/names.ts';
import { loadSpace } from '../spaces/load.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype } from '../spaces/space.ts';
import { baseline } from '../spaces/stage-layers.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { AdamW, DEFAULT_ADAMW } from '../training/adamw.ts';
import { gradientsOf } from '../training/gradients.ts';
import type { Batch, BatchSource } from '../training/image-loss.ts';
import { fakeBatch } from './images.ts';
import type { Runnable } from './whole.ts';

export interface NetworkSizes {
  /** A preset or a file. */
  readonly space: string;
  /** Pixels a side, three channels. */
  readonly side: number;
  readonly batch: number;
}

export const BATCH = 64;
export const DEFAULT_SIZES: NetworkSizes = { space: 'cifar', side: 32, batch: BATCH };
export const CLASSES = 10;

/** A network that stands alone, everywhere of one operator. Call while no scope of the backend is open. */
export function baselineStep(backend: Backend, operator: OperatorName, sizes: NetworkSizes): Runnable {
  const space = loadSpace(sizes.space);
  const genotype = baseline(space, operator);
  return networkStep(backend, sizes, () => genotype, genotype);
}

/** The all-convolution network on batches that are made while it trains, one after the other. */
export function batchesStep(backend: Backend, sizes: NetworkSizes, batches: BatchSource): Runnable {
  const genotype = baseline(loadSpace(sizes.space), 'conv');
  return networkStep(
    backend,
    sizes,
    () => genotype,
    genotype,
    (step) => batches.batch(step),
  );
}

/** A supernet that trains another random path at every step. Call while no scope of the backend is open. */
export function supernetStep(backend: Backend, sizes: NetworkSizes): Runnable {
  const space = loadSpace(sizes.space);
  const paths = Random.fromSeed(0).split('paths');
  return networkStep(backend, sizes, (step) => sample(space, paths.split(step)));
}

function networkStep(
  backend: Backend,
  { space: name, side, batch }: NetworkSizes,
  genotypeAt: (step: number) => Genotype,
  alone?: Genotype,
  batchAt?: (step: number) => Batch,
): Runnable {
  const space = loadSpace(name);
  const task = { image: { h: side, w: side, c: 3 }, classes: CLASSES };
  const sharing = alone === undefined ? DEFAULT_SHARING : { ...DEFAULT_SHARING, families: [] };
  const config = { space, task, sharing, ...(alone === undefined ? {} : { genotype: alone }) };
  const network = new Network(backend, config, Random.fromSeed(0));
  const { families } = sharing;
  const optimiser = new AdamW(backend, network.store.parameters(), { ...DEFAULT_ADAMW, families });
  const fixed = batchAt === undefined ? fakeBatch(batch, task.image, CLASSES) : undefined;
  const shape = [batch, side, side, 3];
  let step = 0;
  return {
    run() {
      const { images, targets } = fixed ?? batchAt!(step);
      const graph = new Graph(backend, { training: true });
      const x = graph.values(images, shape);
      const logits = network.forward(x, genotypeAt(step++), { mode: { kind: 'train' } });
      graph.backward(meanCrossEntropy(logits, graph.values(targets, [batch, CLASSES])));
      optimiser.step(gradientsOf(graph), 1e-3);
      graph.close();
    },
    dispose() {
      optimiser.dispose();
      network.dispose();
    },
  };
}
