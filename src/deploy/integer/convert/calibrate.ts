/** What the values of a folded network are like, measured on images: their ranges, and the means before gain and bias. */
import { Graph, type Tensor } from '../../../autograd/graph.ts';
import type { Backend } from '../../../backends/backend.ts';
import { sizeOf } from '../../../core/shapes.ts';
import type { MapSize } from '../../../operators/operator.ts';
import type { Folded } from './folded.ts';
import { FoldedNetwork, type Observer } from './folded-network.ts';
import type { RoundedTo } from './rounding.ts';
import type { Measured } from './within.ts';

export interface ValueStatistics {
  readonly smallest: number;
  readonly largest: number;
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

class Gathered {
  smallest = Infinity;
  largest = -Infinity;
  private sums: Float64Array | undefined;
  private rows = 0;

  values(data: ArrayLike<number>): void {
    for (let i = 0; i < data.length; i++) {
      if (data[i] < this.smallest) this.smallest = data[i];
      if (data[i] > this.largest) this.largest = data[i];
    }
  }

  channels(data: ArrayLike<number>, channels: number): void {
    this.sums ??= new Float64Array(channels);
    for (let i = 0; i < data.length; i++) this.sums[i % channels] += data[i];
    this.rows += data.length / channels;
  }

  statistics(): ValueStatistics {
    const { smallest, largest, rows } = this;
    return { smallest, largest, means: (this.sums ?? new Float64Array()).map((sum) => sum / rows) };
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

/** Images that go through the network in one pass to find what rounding moves. */
const RECENTRED = 128;

/**
 * Rounding moves what layers compute: |x - w| most of all, which rounding of w makes larger where x is near. This takes
 * the movement off again, layer after layer, and gives the network with other biases and its statistics with other means.
 */
export async function recentred(
  backend: Backend,
  { network, statistics }: Measured,
  to: RoundedTo,
  images: CalibrationImages,
): Promise<Measured> {
  const some = firstOf(images);
  // movements are small beside what another choice of images would move
  const means = await meansOf(backend, network, some);
  const rounded = await meansOf(backend, network, some, { to, means });
  const measured = [...statistics];
  const layers = network.layers.map((layer, i) => {
    const [mean, found] = [means[i], rounded[i]];
    if (layer.kind !== 'window' || i === network.layers.length - 1 || !mean || !found) return layer;
    const own = statistics[i + 1];
    measured[i + 1] = { ...own, means: own.means.map((all, o) => all + found[o] - mean[o]) };
    return { ...layer, bias: layer.bias.map((b, o) => b + layer.gain[o] * (mean[o] - found[o])) };
  });
  return { network: { ...network, layers }, statistics: measured };
}

/** Statistics with the means that layers have when everything is rounded. */
export async function withRoundedMeans(
  backend: Backend,
  { network, statistics }: Measured,
  to: RoundedTo,
  images: CalibrationImages,
): Promise<Measured> {
  const means = await meansOf(backend, network, firstOf(images), { to });
  return {
    network,
    statistics: statistics.map((own, value) => ({ ...own, means: means[value - 1] ?? own.means })),
  };
}

function firstOf({ image, images }: CalibrationImages): CalibrationImages {
  return { image, images: images.subarray(0, RECENTRED * image.h * image.w * image.c) };
}

type Means = readonly (Float64Array | undefined)[];

/** What each layer computes on average, before gain and bias; rounded to grids with layers moved to `means` where given. */
async function meansOf(
  backend: Backend,
  network: Folded,
  { image: { h, w, c }, images }: CalibrationImages,
  rounded?: { readonly to: RoundedTo; readonly means?: Means },
): Promise<Means> {
  const running = new FoldedNetwork(backend, network, rounded?.to);
  const graph = new Graph(backend, { training: false });
  const found: (Float64Array | undefined)[] = network.layers.map(() => undefined);
  try {
    const x = graph.values(images, [images.length / (h * w * c), h, w, c]);
    const seen: { readonly layer: number; readonly computed: Tensor }[] = [];
    const observe: Observer = (layer, _, computed) => {
      if (computed !== undefined) seen.push({ layer, computed });
    };
    running.forward(x, rounded?.means === undefined ? { observe } : { observe, means: rounded.means });
    for (const { layer, computed } of seen) {
      const gathered = new Gathered();
      gathered.channels(await read(graph, computed), computed.shape[computed.shape.length - 1]);
      found[layer] = gathered.statistics().means;
    }
  } finally {
    graph.close();
    running.dispose();
  }
  return found;
}

const read = async (graph: Graph, { buffer, shape }: Tensor): Promise<ArrayLike<number>> =>
  (await graph.backend.read(buffer)).subarray(0, sizeOf(shape));
