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

/** Share of itself that a number is moved by: as much as sums differ by when they are made in another order. */
const LAST_DIGITS = 1e-6;

/**
 * How much the logits of a network of few bits move with the last digits of what its layers read: a value beside a
 * threshold is rounded to the other side, and a whole step comes of it. Twice the largest difference that comes of moving
 * norms and biases, which stand before every such rounding.
 */
export async function roundingSlack<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  image: MapSize,
  images: Float32Array,
): Promise<number> {
  const { backend } = network.store;
  const logits = await evaluated(network, path, image, images);
  const vectors = [...network.store.tensors()].filter(({ shape }) => shape.length === 1);
  let largest = 0;
  for (const seed of [1, 2]) {
    const random = Random.fromSeed(seed).split('last digits');
    const before = await Promise.all(vectors.map(({ buffer }) => backend.read(buffer)));
    const kept = before.map((values) => Float32Array.from(values as Float32Array));
    try {
      for (const [i, { buffer }] of vectors.entries()) {
        const moved = kept[i].map((value) => value * (1 + random.uniform(-LAST_DIGITS, LAST_DIGITS)));
        backend.write(buffer, moved);
      }
      const found = await evaluated(network, path, image, images);
      for (const [i, logit] of found.entries()) largest = Math.max(largest, Math.abs(logit - logits[i]));
    } finally {
      for (const [i, { buffer }] of vectors.entries()) backend.write(buffer, kept[i]);
    }
  }
  return 2 * largest;
}
