/** A folded network that computes on a backend: to see what its layers give, and to train it further. */

import { adder2d } from '../../../autograd/adder.ts';
import { add, multiply, subtract } from '../../../autograd/arithmetic.ts';
import { concatenate } from '../../../autograd/concatenate.ts';
import { conv2d } from '../../../autograd/convolution.ts';
import { gated } from '../../../autograd/gate.ts';
import { Graph, type ParameterTraits, type Tensor } from '../../../autograd/graph.ts';
import { averagePool, globalAveragePool, maxPool } from '../../../autograd/pool.ts';
import { powerOfTwo } from '../../../autograd/quantise.ts';
import { reshape } from '../../../autograd/reshape.ts';
import { clamp, relu, scale, sigmoid, silu } from '../../../autograd/unary.ts';
import type { Backend } from '../../../backends/backend.ts';
import { Random } from '../../../core/random.ts';
import { sizeOf } from '../../../core/shapes.ts';
import { attentionOverPositions } from '../../../layers/attention.ts';
import { LOWEST_Q_EXPONENT } from '../../../supernet/effective.ts';
import { WeightStore } from '../../../supernet/store.ts';
import type { PoolWindow } from '../program.ts';
import type { Folded, FoldedAttention, FoldedLayer, FoldedWindow } from './folded.ts';
import { type RoundedTo, Rounding } from './rounding.ts';

/** Shown every layer's output, and before gain and bias what the layer computes where it has them. */
export type Observer = (layer: number, y: Tensor, computed: Tensor | undefined) => void;

export interface FoldedOptions {
  readonly observe?: Observer;
  /**
   * What every layer computes on average, before gain and bias: each but the last is moved so that its channels have these
   * means over the batch at hand.
   */
  readonly means?: readonly (ArrayLike<number> | undefined)[];
}

/** Trained at a rate in parts of their size, for factors behind adders are a hundredth of their weights. Nothing decays. */
function relative(values: Float32Array): ParameterTraits {
  const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return { decay: false, rate: size === 0 ? 1 : size };
}

export class FoldedNetwork {
  readonly store: WeightStore;
  readonly network: Folded;
  private readonly to: RoundedTo | undefined;
  private readonly rounding: Rounding | undefined;

  /** Rounded as a program of these whole numbers would where given. */
  constructor(backend: Backend, network: Folded, to?: RoundedTo) {
    this.network = network;
    this.to = to;
    this.store = new WeightStore(backend, Random.fromSeed(0));
    this.rounding = to && new Rounding(backend, network, to);
    network.layers.forEach((layer, i) => {
      if (!('gain' in layer)) return;
      const { gain, bias } = layer;
      const m = [gain.length];
      this.store.declare(`${i}.gain`, m, relative(gain), (values) => values.set(gain));
      this.store.declare(`${i}.bias`, m, relative(bias), (values) => values.set(bias));
      if (layer.kind !== 'window') return;
      const { weight } = layer;
      const shape = this.weightShape(layer);
      this.store.declare(`${i}.weight`, shape, relative(weight), (values) => values.set(weight));
    });
  }

  /** A second one with the weights that this one began with. */
  untrained(): FoldedNetwork {
    return new FoldedNetwork(this.store.backend, this.network, this.to);
  }

  /** x: [n, h, w, c], normalised -> logits [n, classes]. */
  forward(x: Tensor, options: FoldedOptions = {}): Tensor {
    const values = [this.rounding?.value(x, 0) ?? x];
    for (const [i, layer] of this.network.layers.entries()) {
      const { y, computed } = this.layer(i, layer, values, options);
      options.observe?.(i, y, computed);
      values.push(this.rounding?.value(y, i + 1) ?? y);
    }
    const logits = values[values.length - 1];
    return reshape(logits, [logits.shape[0], logits.shape[3]]);
  }

  /** The folded network with weights as they are now and as its layers compute with them. */
  async read(): Promise<Folded> {
    const { backend } = this.store;
    const tensor = async (i: number, part: string) =>
      Float32Array.from(await backend.read(this.store.parameter(`${i}.${part}`).value));
    const layers: FoldedLayer[] = [];
    for (const [i, layer] of this.network.layers.entries()) {
      if (!('gain' in layer)) layers.push(layer);
      else {
        const affine = { gain: await tensor(i, 'gain'), bias: await tensor(i, 'bias') };
        const weight = layer.kind === 'window' ? { weight: await this.weightOf(i, layer) } : {};
        layers.push({ ...layer, ...affine, ...weight });
      }
    }
    return { ...this.network, layers };
  }

  private async weightOf(i: number, layer: FoldedWindow): Promise<Float32Array> {
    const graph = new Graph(this.store.backend, { training: false });
    try {
      return Float32Array.from(await graph.read(this.weight(graph, i, layer)));
    } finally {
      graph.close();
    }
  }

  dispose(): void {
    this.rounding?.dispose();
    this.store.dispose();
  }

  private weightShape({ x, window: { r, s, groups }, gain }: FoldedWindow): number[] {
    return [r, s, this.network.shapes[x][2] / groups, gain.length];
  }

  private leaf(graph: Graph, i: number, part: string): Tensor {
    return graph.parameter(this.store.parameter(`${i}.${part}`));
  }

  private layer(
    i: number,
    layer: FoldedLayer,
    values: readonly Tensor[],
    { means }: FoldedOptions,
  ): { y: Tensor; computed?: Tensor } {
    switch (layer.kind) {
      case 'window': {
        const computed = this.window(i, layer, values[layer.x]);
        const wanted = i === this.network.layers.length - 1 ? undefined : means?.[i];
        const moved = wanted === undefined ? computed : withMeans(computed, wanted);
        return { y: this.affine(i, layer, moved), computed };
      }
      case 'attention': {
        const qkv = concatenate([values[layer.q], values[layer.k], values[layer.v]], 3);
        const computed = attentionOverPositions(qkv, layer.heads);
        return { y: this.affine(i, layer, computed), computed };
      }
      case 'sum': {
        const sum = add(values[layer.a], values[layer.b]);
        return { y: bounded(layer.factor === 1 ? sum : scale(sum, layer.factor), layer) };
      }
      case 'lookup':
        return { y: { silu, sigmoid }[layer.op](values[layer.x]) };
      case 'gate': {
        const [x, factors] = [values[layer.x], values[layer.gate]];
        return { y: gated(x, reshape(factors, [x.shape[0], x.shape[3]])) };
      }
      case 'max-pool':
        return { y: maxPool(values[layer.x], poolOptions(layer.window)) };
      case 'average-pool': {
        const x = values[layer.x];
        const [n, h, w, c] = x.shape;
        const { r, s, pad } = layer.window;
        if (r === h && s === w && pad === 0) return { y: reshape(globalAveragePool(x), [n, 1, 1, c]) };
        return { y: averagePool(x, poolOptions(layer.window)) };
      }
    }
  }

  private window(i: number, layer: FoldedWindow, x: Tensor): Tensor {
    const weight = this.weight(x.graph, i, layer);
    const { stride, pad, groups } = layer.window;
    return (layer.arithmetic === 'add' ? adder2d : conv2d)(x, weight, { stride, pad, groups });
  }

  /** As the layer computes with it. */
  private weight(graph: Graph, i: number, layer: FoldedWindow): Tensor {
    const own = this.leaf(graph, i, 'weight');
    if (this.rounding !== undefined) return this.rounding.weight(own, i, layer);
    return layer.arithmetic === 'shift' ? powerOfTwo(own, LOWEST_Q_EXPONENT) : own;
  }

  private affine(i: number, layer: FoldedWindow | FoldedAttention, x: Tensor): Tensor {
    const scaled = multiply(x, this.leaf(x.graph, i, 'gain'));
    return bounded(add(scaled, this.leaf(x.graph, i, 'bias')), layer);
  }
}

/** x [..., m] moved so that its channels have the means. */
function withMeans(x: Tensor, means: ArrayLike<number>): Tensor {
  const { graph } = x;
  const { backend } = graph;
  const m = means.length;
  const [mean, variance] = [backend.allocate(m), backend.allocate(m)];
  backend.batchStatistics(x.buffer, mean, variance, sizeOf(x.shape) / m, m);
  return add(subtract(x, graph.constant(mean, [m])), graph.values(means, [m]));
}

function bounded(x: Tensor, { low, high }: { readonly low: number; readonly high: number }): Tensor {
  if (low === -Infinity) return x;
  return high === Infinity ? relu(x) : clamp(x, low, high);
}

const poolOptions = ({ r, stride, pad }: PoolWindow) => ({ kernel: r, stride, pad });
