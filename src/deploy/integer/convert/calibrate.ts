/** What the values of a folded network are like, measured on images: their ranges, and the means before gain and bias. */
import { Graph, type Tensor } from '../../../autograd/graph.ts';
import type { Backend } from '../../../backends/backend.ts';
import { sizeOf } from '../../../core/shapes.ts';
import type { MapSize } from '../../../operators/operator.ts';
import type { Folded } from './folded.ts';
import { FoldedNetwork, type Observer } from './folded-network.ts';
import type { Grids } from './grids.ts';

export interface ValueStatistics {
  readonly smallest: number;
  readonly largest: number;
  /** Some of the values, ascending. */
  readonly sample: Float32Array;
  /** Of each channel; of what a layer with gain and bias computes before them, of what it gives otherwise. */
  readonly means: Float64Array;
}

export interface CalibrationImages {
  readonly image: MapSize;
  /** [count, h, w, c], normalised. */
  readonly images: Float32Array;
}

/** Images in one pass. */
const BATCH = 32;
/** Most values of one batch that a sample takes. */
const SAMPLED = 4096;

class Gathered {
  smallest = Infinity;
  largest = -Infinity;
  private readonly samples: Float32Array[] = [];
  private sums: Float64Array | undefined;
  private rows = 0;

  values(data: ArrayLike<number>): void {
    const kept = new Float32Array(Math.min(SAMPLED, data.length));
    const step = data.length / kept.length;
    for (let i = 0; i < data.length; i++) {
      if (data[i] < this.smallest) this.smallest = data[i];
      if (data[i] > this.largest) this.largest = data[i];
    }
    for (let i = 0; i < kept.length; i++) kept[i] = data[Math.floor(i * step)];
    this.samples.push(kept);
  }

  channels(data: ArrayLike<number>, channels: number): void {
    this.sums ??= new Float64Array(channels);
    for (let i = 0; i < data.length; i++) this.sums[i % channels] += data[i];
    this.rows += data.length / channels;
  }

  statistics(): ValueStatistics {
    const { smallest, largest, samples, rows } = this;
    const sample = new Float32Array(samples.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of samples) {
      sample.set(part, at);
      at += part.length;
    }
    const means = (this.sums ?? new Float64Array()).map((sum) => sum / rows);
    return { smallest, largest, sample: sample.sort(), means };
  }
}

/** Statistics of every value of the network, the image first. */
export async function calibrate(
  network: FoldedNetwork,
  { image: { h, w, c }, images }: CalibrationImages,
): Promise<ValueStatistics[]> {
  const { backend } = network.store;
  const size = h * w * c;
  const gathered: Gathered[] = [new Gathered()];
  const of = (value: number) => {
    gathered[value] ??= new Gathered();
    return gathered[value];
  };
  for (let at = 0; at < images.length; at += BATCH * size) {
    const part = images.subarray(at, at + BATCH * size);
    of(0).values(part);
    of(0).channels(part, c);
    const graph = new Graph(backend, { training: false });
    const seen: { layer: number; y: Tensor; computed: Tensor | undefined }[] = [];
    try {
      const x = graph.values(part, [part.length / size, h, w, c]);
      network.forward(x, { observe: (layer, y, computed) => seen.push({ layer, y, computed }) });
      for (const { layer, y, computed } of seen) {
        of(layer + 1).values(await read(graph, y));
        const mean = computed ?? y;
        of(layer + 1).channels(await read(graph, mean), mean.shape[mean.shape.length - 1]);
      }
    } finally {
      graph.close();
    }
  }
  return gathered.map((one) => one.statistics());
}

/** Images whose means stand for those of all: they go through the network in one pass. */
const RECENTRED = 64;

/**
 * Rounding moves what layers compute: |x - w| most of all, which rounding of w makes larger where x is near. This takes
 * the movement off again, layer after layer, and gives the network with other biases and its statistics with other means.
 */
export async function recentred(
  backend: Backend,
  network: Folded,
  statistics: readonly ValueStatistics[],
  grids: Grids,
  { image: { h, w, c }, images }: CalibrationImages,
): Promise<{ readonly network: Folded; readonly statistics: ValueStatistics[] }> {
  const rounded = new FoldedNetwork(backend, network, grids);
  const graph = new Graph(backend, { training: false });
  const layers = [...network.layers];
  const measured = [...statistics];
  try {
    const count = Math.min(RECENTRED, images.length / (h * w * c));
    const x = graph.values(images.subarray(0, count * h * w * c), [count, h, w, c]);
    const means = layers.map((_, i) => statistics[i + 1].means);
    const seen: { readonly layer: number; readonly computed: Tensor }[] = [];
    const observe: Observer = (layer, _, computed) => {
      if (computed !== undefined) seen.push({ layer, computed });
    };
    rounded.forward(x, { observe, means });
    for (const { layer, computed } of seen) {
      const folded = layers[layer];
      if (folded.kind !== 'window' || layer === layers.length - 1) continue;
      const gathered = new Gathered();
      gathered.channels(await read(graph, computed), folded.gain.length);
      const { means: found } = gathered.statistics();
      const bias = folded.bias.map((b, o) => b + folded.gain[o] * (means[layer][o] - found[o]));
      layers[layer] = { ...folded, bias };
      measured[layer + 1] = { ...statistics[layer + 1], means: found };
    }
  } finally {
    graph.close();
    rounded.dispose();
  }
  return { network: { ...network, layers }, statistics: measured };
}

const read = async (graph: Graph, { buffer, shape }: Tensor): Promise<ArrayLike<number>> =>
  (await graph.backend.read(buffer)).subarray(0, sizeOf(shape));
