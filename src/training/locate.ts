/** Finds out where a bad number is, so that a run that stops can say it. */
import { Graph, type Tensor } from '../autograd/graph.ts';
import { sizeOf } from '../core/shapes.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import type { Batch } from './image-loss.ts';

/** The first place of a forward pass whose output, or failing that the first weight, is not finite. */
export async function locateBadNumber<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  batch: Batch,
  shape: readonly [number, number, number],
): Promise<string> {
  const { backend } = network.store;
  const graph = new Graph(backend, { training: true, recording: false });
  try {
    const outputs: { place: string; y: Tensor }[] = [];
    network.forward(graph.values(batch.images, [batch.count, ...shape]), path, {
      mode: { kind: 'train' },
      probe: (place, y) => outputs.push({ place, y }),
    });
    const count = backend.allocate(1);
    for (const { place, y } of outputs) {
      backend.reduce('nonFinite', y.buffer, count, 1, sizeOf(y.shape), 1);
      const [bad] = await backend.read(count);
      if (bad > 0) return `${place}: ${bad} of ${sizeOf(y.shape)} outputs are not finite`;
    }
    for (const { name, shape: size, value } of network.store.parameters()) {
      backend.reduce('nonFinite', value, count, 1, sizeOf(size), 1);
      if ((await backend.read(count))[0] > 0) return `the weights ${name}`;
    }
    return 'the loss itself: the logits are finite, but too large for it';
  } finally {
    graph.close();
  }
}
