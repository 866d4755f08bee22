/**
 * One pass through a translator: where weights are read, how wide the network is that runs, and what is dropped while
 * training. Weights of a supernet are cut to the sizes of the path here, so that no layer knows of it.
 */
import { add } from '../../autograd/arithmetic.ts';
import { type DrawKey, dropout } from '../../autograd/dropout.ts';
import type { Graph, Tensor } from '../../autograd/graph.ts';
import { layerNorm } from '../../autograd/layer-norm.ts';
import { matmul } from '../../autograd/matmul.ts';
import { reshape } from '../../autograd/reshape.ts';
import { slice } from '../../autograd/slice.ts';
import type { Random } from '../../core/random.ts';
import type { OperatorName } from '../../operators/names.ts';
import type { SharingConfig } from '../sharing.ts';
import type { WeightStore } from '../store.ts';
import type { NormPlace } from './declarations.ts';

/** What is left out at random while training. */
export interface Noise {
  /** Of embeddings and of what sublayers add, on each side (0.3 published, spec 7.3). */
  readonly encoder: number;
  readonly decoder: number;
  /** Of attention weights (0.1 published). */
  readonly attention: number;
  /** Of the weights of lightweight filters (0.03 published, spec 7.2). */
  readonly filter: number;
  readonly random: Random;
}

export interface PassOptions {
  readonly graph: Graph;
  readonly store: WeightStore;
  readonly sharing: SharingConfig;
  readonly norm: NormPlace;
  readonly noise: Noise | undefined;
  /** Called with what every sublayer gives, in order. */
  readonly probe: ((place: string, y: Tensor) => void) | undefined;
  /** Called with every weight of a lightweight block as its layer computes with it. */
  readonly onWeight: ((family: OperatorName, weight: Tensor) => void) | undefined;
}

export class Pass {
  readonly graph: Graph;
  readonly store: WeightStore;
  readonly sharing: SharingConfig;
  readonly norm: NormPlace;
  readonly noise: Noise | undefined;
  readonly onWeight: PassOptions['onWeight'];
  private readonly probe: PassOptions['probe'];
  private drawn = 0;

  constructor({ graph, store, sharing, norm, noise, probe, onWeight }: PassOptions) {
    this.graph = graph;
    this.store = store;
    this.sharing = sharing;
    this.norm = norm;
    this.noise = noise;
    this.probe = probe;
    this.onWeight = onWeight;
  }

  /** The first `rows` and `columns` of a weight, or the first `rows` of a vector. */
  weight(name: string, ...extents: readonly number[]): Tensor {
    return cut(this.graph.parameter(this.store.parameter(name)), extents);
  }

  /** A vector as a matrix of one row. */
  row(name: string): Tensor {
    const whole = this.graph.parameter(this.store.parameter(name));
    return reshape(whole, [1, ...whole.shape]);
  }

  /** x [..., inputs] -> [..., outputs] */
  linear(name: string, x: Tensor, outputs: number): Tensor {
    const inputs = x.shape[x.shape.length - 1];
    const product = matmul(x, this.weight(`${name}.weight`, inputs, outputs));
    return add(product, this.weight(`${name}.bias`, outputs));
  }

  layerNorm(name: string, x: Tensor): Tensor {
    const width = x.shape[x.shape.length - 1];
    return layerNorm(x, this.weight(`${name}.gamma`, width), this.weight(`${name}.beta`, width));
  }

  /** A sublayer with its residual addition and its normalisation. `work`: [n, t, width] -> [n, t, width]. */
  sublayer(place: string, x: Tensor, work: (x: Tensor) => Tensor): Tensor {
    const norm = (value: Tensor) => this.layerNorm(`${place}.norm`, value);
    const side = place.startsWith('encoder') ? 'encoder' : 'decoder';
    const added = (value: Tensor) => add(x, this.dropped(side, work(value)));
    const y = this.norm === 'pre' ? added(norm(x)) : norm(added(x));
    this.probe?.(place, y);
    return y;
  }

  dropped(side: 'encoder' | 'decoder', x: Tensor): Tensor {
    return this.noise === undefined ? x : dropout(x, this.noise[side], this.drawKey());
  }

  /** The key of the next draw; draws are numbered in the order of the pass. */
  drawKey(): DrawKey {
    const { noise } = this;
    return noise === undefined ? [0, 0] : noise.random.split(this.drawn++).state().key;
  }
}

/** The first elements along each axis; the tensor itself where nothing is cut off. */
export function cut(tensor: Tensor, extents: readonly number[]): Tensor {
  return extents.reduce(
    (part, extent, axis) => (part.shape[axis] === extent ? part : slice(part, axis, 0, extent)),
    tensor,
  );
}

/** The first columns of every part of a weight [rows, parts * columns]: what gates stays beside what it gates. */
export function cutParts(tensor: Tensor, parts: number, rows: number, columns: number): Tensor {
  const [allRows, allColumns] = tensor.shape;
  if (allRows === rows && allColumns === parts * columns) return tensor;
  const apart = reshape(tensor, [allRows, parts, allColumns / parts]);
  return reshape(cut(apart, [rows, parts, columns]), [rows, parts * columns]);
}
