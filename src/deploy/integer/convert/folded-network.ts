/** A folded network that computes on a backend: to see what its layers give, and to train it further. */

import { adder2d } from '../../../autograd/adder.ts';
import { add, multiply } from '../../../autograd/arithmetic.ts';
import { concatenate } from '../../../autograd/concatenate.ts';
import { conv2d } from '../../../autograd/convolution.ts';
import { type Graph, PLAIN, type Tensor, UNDECAYED } from '../../../autograd/graph.ts';
import { averagePool, globalAveragePool, maxPool } from '../../../autograd/pool.ts';
import { powerOfTwo } from '../../../autograd/quantise.ts';
import { reshape } from '../../../autograd/reshape.ts';
import { clamp, relu, scale } from '../../../autograd/unary.ts';
import type { Backend } from '../../../backends/backend.ts';
import { Random } from '../../../core/random.ts';
import { attentionOverPositions } from '../../../layers/attention.ts';
import { LOWEST_Q_EXPONENT } from '../../../supernet/effective.ts';
import { WeightStore } from '../../../supernet/store.ts';
import type { PoolWindow } from '../program.ts';
import type { Folded, FoldedAttention, FoldedLayer, FoldedWindow } from './folded.ts';

/** Shown every layer's output, and before gain and bias what the layer computes where it has them. */
export type Observer = (layer: number, y: Tensor, computed: Tensor | undefined) => void;

export class FoldedNetwork {
  readonly store: WeightStore;
  private readonly network: Folded;

  constructor(backend: Backend, network: Folded) {
    this.network = network;
    this.store = new WeightStore(backend, Random.fromSeed(0));
    network.layers.forEach((layer, i) => {
      if (!('gain' in layer)) return;
      const { gain, bias } = layer;
      const m = [gain.length];
      this.store.declare(`${i}.gain`, m, UNDECAYED, (values) => values.set(gain));
      this.store.declare(`${i}.bias`, m, UNDECAYED, (values) => values.set(bias));
      if (layer.kind !== 'window') return;
      const { weight } = layer;
      this.store.declare(`${i}.weight`, this.weightShape(layer), PLAIN, (values) => values.set(weight));
    });
  }

  /** x: [n, h, w, c], normalised -> logits [n, classes]. */
  forward(x: Tensor, observe?: Observer): Tensor {
    const values = [x];
    for (const [i, layer] of this.network.layers.entries()) {
      const { y, computed } = this.layer(i, layer, values);
      observe?.(i, y, computed);
      values.push(y);
    }
    const logits = values[values.length - 1];
    return reshape(logits, [logits.shape[0], logits.shape[3]]);
  }

  /** The folded network with weights as they are now. */
  async read(): Promise<Folded> {
    const { backend } = this.store;
    const tensor = async (i: number, part: string) =>
      Float32Array.from(await backend.read(this.store.parameter(`${i}.${part}`).value));
    const layers: FoldedLayer[] = [];
    for (const [i, layer] of this.network.layers.entries()) {
      if (!('gain' in layer)) layers.push(layer);
      else {
        const affine = { gain: await tensor(i, 'gain'), bias: await tensor(i, 'bias') };
        layers.push({
          ...layer,
          ...affine,
          ...(layer.kind === 'window' ? { weight: await tensor(i, 'weight') } : {}),
        });
      }
    }
    return { ...this.network, layers };
  }

  dispose(): void {
    this.store.dispose();
  }

  private weightShape({ x, window: { r, s, groups }, gain }: FoldedWindow): number[] {
    return [r, s, this.network.shapes[x][2] / groups, gain.length];
  }

  private leaf(graph: Graph, i: number, part: string): Tensor {
    return graph.parameter(this.store.parameter(`${i}.${part}`));
  }

  private layer(i: number, layer: FoldedLayer, values: readonly Tensor[]): { y: Tensor; computed?: Tensor } {
    switch (layer.kind) {
      case 'window': {
        const computed = this.window(i, layer, values[layer.x]);
        return { y: this.affine(i, layer, computed), computed };
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

  private window(i: number, { arithmetic, window }: FoldedWindow, x: Tensor): Tensor {
    const weight = this.leaf(x.graph, i, 'weight');
    const { stride, pad, groups } = window;
    switch (arithmetic) {
      case 'conv':
        return conv2d(x, weight, { stride, pad, groups });
      case 'shift':
        return conv2d(x, powerOfTwo(weight, LOWEST_Q_EXPONENT), { stride, pad, groups });
      case 'add':
        return adder2d(x, weight, { stride, pad, groups });
    }
  }

  private affine(i: number, layer: FoldedWindow | FoldedAttention, x: Tensor): Tensor {
    const scaled = multiply(x, this.leaf(x.graph, i, 'gain'));
    return bounded(add(scaled, this.leaf(x.graph, i, 'bias')), layer);
  }
}

function bounded(x: Tensor, { low, high }: { readonly low: number; readonly high: number }): Tensor {
  if (low === -Infinity) return x;
  return high === Infinity ? relu(x) : clamp(x, low, high);
}

const poolOptions = ({ r, stride, pad }: PoolWindow) => ({ kernel: r, stride, pad });
