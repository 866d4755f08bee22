/** The images that an artefact is proved on, and what a network says of them. */
import { Graph } from '../autograd/graph.ts';
import { Random } from '../core/random.ts';
import type { MapSize } from '../operators/operator.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';

export const PROOF_IMAGES = 100;

/** `count` drawn images [count, h, w, c] with the mean and deviation that images are normalised to; always the same. */
export function proofImages({ h, w, c }: MapSize, count = PROOF_IMAGES): Float32Array {
  const random = Random.fromSeed(0).split('proof images');
  return Float32Array.from({ length: count * h * w * c }, () => random.normal());
}

/** Logits [count, classes] of images [count, h, w, c]. */
export async function evaluated<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  { h, w, c }: MapSize,
  images: Float32Array,
): Promise<Float32Array> {
  const count = images.length / (h * w * c);
  const graph = new Graph(network.store.backend, { training: false });
  try {
    const x = graph.values(images, [count, h, w, c]);
    return await graph.read(network.forward(x, path, { mode: { kind: 'evaluate' } }));
  } finally {
    graph.close();
  }
}
