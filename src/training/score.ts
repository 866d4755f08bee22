/**
 * Scoring: a path's norms are recalibrated on training images, then held-out images give its cross-entropy and
 * accuracy. Candidates are ranked by cross-entropy, which tells more from few images than accuracy does
 * (weight-sharing evidence, section 5).
 */
import { Graph } from '../autograd/graph.ts';
import type { Backend, Buffer, SharedBuffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { argmax } from '../metrics/accuracy.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import type { Batch, BatchSource } from './image-loss.ts';

export interface Score {
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Share of images whose most likely class is right. */
  readonly accuracy: number;
  /** How many were measured, where some could not be read. */
  readonly images?: number;
}

interface Held {
  readonly images: Buffer;
  readonly targets: Buffer;
  readonly labels: Uint16Array;
  readonly count: number;
}

/** Labelled images on a backend, in batches. */
export interface HeldImages {
  readonly batches: readonly Held[];
  /** Images of all batches. */
  readonly count: number;
  readonly shape: readonly [number, number, number]; // h, w, c
  readonly classes: number;
}

/** The same images as plain data, to be posted to a thread. */
export interface SharedImages extends Omit<HeldImages, 'batches'> {
  readonly batches: readonly (Omit<Held, 'images' | 'targets'> & {
    readonly images: SharedBuffer;
    readonly targets: SharedBuffer;
  })[];
}

/** Images that another thread shares, on a backend that joined that thread's. */
export function viewImages(backend: Backend, { batches, ...rest }: SharedImages): HeldImages {
  const view = ({ images, targets, labels, count }: SharedImages['batches'][number]) => ({
    images: backend.view(images),
    targets: backend.view(targets),
    labels,
    count,
  });
  return { ...rest, batches: batches.map(view) };
}

/** Batches that stay on the backend and are used again and again. Made while no scope is open. */
export class HeldBatches implements HeldImages {
  readonly batches: readonly Held[];
  readonly count: number;
  private readonly backend: Backend;
  readonly shape: readonly [number, number, number];
  readonly classes: number;

  constructor(backend: Backend, source: Pick<BatchSource, 'shape' | 'classes'>, batches: Iterable<Batch>) {
    this.backend = backend;
    this.shape = source.shape;
    this.classes = source.classes;
    const held: Held[] = [];
    // One at a time: a batch is a view that the next one overwrites.
    for (const batch of batches) if (batch.count > 0) held.push(hold(backend, batch, source.classes));
    this.batches = held;
    this.count = held.reduce((sum, { count }) => sum + count, 0);
  }

  /** For threads that join the backend; the batches must be there for as long as threads read them. */
  share(): SharedImages {
    const { backend, count, shape, classes } = this;
    const batches = this.batches.map((held) => ({
      ...held,
      images: backend.share(held.images),
      targets: backend.share(held.targets),
    }));
    return { batches, count, shape, classes };
  }

  dispose(): void {
    for (const { images, targets } of this.batches) {
      this.backend.free(images);
      this.backend.free(targets);
    }
  }
}

function hold(backend: Backend, { images, targets, count }: Batch, classes: number): Held {
  const held = {
    images: backend.allocate(images.length),
    targets: backend.allocate(targets.length),
    labels: Uint16Array.from({ length: count }, (_, i) => argmax(targets, i * classes, classes)),
    count,
  };
  backend.write(held.images, images);
  backend.write(held.targets, targets);
  return held;
}

/** Called before each batch; what it throws ends the work. */
export type Between = () => void;

/** Measures the statistics of a path's norms on the given batches (equally large ones). */
export function calibrate<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  held: HeldImages,
  between?: Between,
): void {
  const { backend } = network.store;
  for (const [batch, { images, count }] of held.batches.entries()) {
    between?.();
    const graph = new Graph(backend, { training: true, recording: false });
    try {
      network.forward(graph.constant(images, [count, ...held.shape]), path, {
        mode: { kind: 'calibrate', batch },
      });
    } finally {
      graph.close();
    }
  }
}

/** Throws `data` where there is nothing to take a mean of. */
export function checkMeasured(images: number): void {
  require_(images > 0, 'data', 'none of the images to measure on could be read; replace them');
}

/** Cross-entropy and accuracy of a calibrated path. Throws `data` without an image. */
export async function score<Path>(
  network: Pick<TrainableNetwork<Path>, 'store' | 'forward'>,
  path: Path,
  held: HeldImages,
  between?: Between,
): Promise<Score> {
  const { backend } = network.store;
  checkMeasured(held.count);
  let loss = 0;
  let right = 0;
  for (const { images, targets, labels, count } of held.batches) {
    between?.();
    const graph = new Graph(backend, { training: false });
    try {
      const x = graph.constant(images, [count, ...held.shape]);
      const logits = network.forward(x, path, { mode: { kind: 'evaluate' } });
      const losses = backend.allocate(count);
      const gradient = backend.allocate(count * held.classes);
      backend.crossEntropy(logits.buffer, targets, losses, gradient, count, held.classes);
      const perImage = await backend.read(losses);
      const scores = await graph.read(logits);
      for (let i = 0; i < count; i++) {
        loss += perImage[i];
        if (argmax(scores, i * held.classes, held.classes) === labels[i]) right++;
      }
    } finally {
      graph.close();
    }
  }
  return { loss: loss / held.count, accuracy: right / held.count };
}
