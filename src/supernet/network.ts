/**
 * Networks of a space over one store of weights. Holding every block, it is the supernet and any genotype is a
 * path through it; holding the blocks of one genotype, it is that network alone. Both run the same code.
 */

import { add, scale } from '../autograd/arithmetic.ts';
import { conv2d } from '../autograd/convolution.ts';
import type { Graph, Tensor } from '../autograd/graph.ts';
import { matmul } from '../autograd/matmul.ts';
import { globalAveragePool, maxPool } from '../autograd/pool.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { Random } from '../core/random.ts';
import { OPERATORS } from '../operators/index.ts';
import type { OperatorName } from '../operators/names.ts';
import type { BlockContext, NormDeclaration } from '../operators/operator.ts';
import { planNetwork, type Task } from '../spaces/layout.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { declarations, headNames } from './declarations.ts';
import { type DropPath, dropBranch, normaliseAndDrop } from './drop-path.ts';
import { effectiveWeight } from './effective.ts';
import { declareStatistics, type NormMode, normalise } from './norm.ts';
import {
  arithmeticOf,
  layerName,
  type Quantisation,
  type QuantisedLayer,
  quantisedLayers,
} from './quantisation.ts';
import { declareRanges, operands, product } from './quantised.ts';
import { checkSharing, type SharingConfig } from './sharing.ts';
import { WeightStore } from './store.ts';
import type { TrainableNetwork } from './trainable.ts';

export interface NetworkConfig {
  readonly space: Space;
  readonly task: Task;
  readonly sharing: SharingConfig;
  /** Only the blocks of this genotype; all of them when absent. */
  readonly genotype?: Genotype;
  /** Bits of weights and activations; real numbers when absent. */
  readonly quantisation?: Quantisation | undefined;
}

export interface ForwardOptions {
  readonly mode: NormMode;
  /** Stochastic depth while training; the other modes take no notice of it. */
  readonly dropPath?: DropPath | undefined;
  /** Called with every block's output, first to last. */
  readonly probe?: (place: string, y: Tensor) => void;
  /** Called with every effective weight of a searchable block. */
  readonly onWeight?: (family: OperatorName, weight: Tensor) => void;
  /** Of a network with two heads, called with the logits of each; what `forward` returns is their mean. */
  readonly onHeads?: (labels: Tensor, teacher: Tensor) => void;
}

export class Network implements TrainableNetwork<Genotype> {
  readonly config: NetworkConfig;
  readonly store: WeightStore;
  private readonly random: Random;

  /** `weights`: parameters that are there already and stay their owner's, for example another thread's. */
  constructor(
    backend: Backend,
    config: NetworkConfig,
    random: Random,
    weights?: (name: string) => Buffer | undefined,
  ) {
    checkSharing(config.sharing);
    this.config = config;
    this.random = random;
    this.store = new WeightStore(backend, random, weights);
    const { space, task, sharing, genotype, quantisation } = config;
    for (const { name, shape, traits, initialise } of declarations(space, task, sharing, genotype)) {
      this.store.declare(name, shape, traits, initialise);
    }
    declareStatistics(this.store);
    declareRanges(this.store, quantisation, this.layers());
  }

  layers(): Iterable<QuantisedLayer> {
    const { space, task, genotype } = this.config;
    return quantisedLayers(space, task, genotype);
  }

  weightOf(graph: Graph, { name, family, place, declaration }: QuantisedLayer): Tensor | undefined {
    if (family === 'stem') return graph.parameter(this.store.parameter('stem.conv'));
    if (family === 'head') return graph.parameter(this.store.parameter(`${name}.weight`));
    if (place === undefined || declaration === undefined) return undefined;
    return effectiveWeight(graph, this.store, this.config.sharing, place, family, declaration);
  }

  /** A second network as this one was before any training. */
  untrained(): Network {
    return new Network(this.store.backend, this.config, this.random);
  }

  /** x: [n, h, w, c] -> logits [n, classes]. */
  forward(x: Tensor, genotype: Genotype, options: ForwardOptions): Tensor {
    const { mode, probe, onWeight, onHeads } = options;
    const dropPath = mode.kind === 'train' ? options.dropPath : undefined;
    const { graph } = x;
    const { space, task, sharing, quantisation } = this.config;
    const network = planNetwork(space, genotype, task);
    const leaf = (name: string) => graph.parameter(this.store.parameter(name));

    // Whoever looks at what is in between may do so until the graph is closed.
    const watched = probe !== undefined || onWeight !== undefined;
    const part = (work: () => Tensor) => (watched ? work() : graph.part(work));
    const done = ({ buffer }: Tensor) => {
      if (!watched && !graph.recording) graph.backend.free(buffer);
    };
    const frame = (value: Tensor, weight: string, family: 'stem' | 'head', layer: string = family) =>
      operands(value, leaf(weight), this.store, quantisation, { layer, family, mode });

    const { stride, pad, pool, activation } = network.stem;
    let y = part(() => {
      const convolved = conv2d(...frame(x, 'stem.conv', 'stem'), { stride, pad, groups: 1 });
      const normal = normalise(convolved, this.store, 'stem.norm', mode, activation);
      if (pool === 'max2') return maxPool(normal, halving(network.stem.map));
      return pool === 'max3' ? maxPool(normal, { kernel: 3, stride: 2, pad: 1 }) : normal;
    });
    probe?.('stem', y);

    const depth = network.blocks.length;
    for (const [layer, { operator, plan }] of network.blocks.entries()) {
      const context: BlockContext = {
        graph,
        operands: (value, declaration) => {
          const weight = effectiveWeight(graph, this.store, sharing, plan.name, operator, declaration);
          if (declaration.ordinary === undefined) onWeight?.(operator, weight);
          const name = layerName(plan.name, operator, declaration.role);
          const family = arithmeticOf(operator, declaration);
          return operands(value, weight, this.store, quantisation, { layer: name, family, mode });
        },
        bias: (declaration) => effectiveWeight(graph, this.store, sharing, plan.name, operator, declaration),
        product: (value, role) => {
          const name = layerName(plan.name, operator, role);
          return product(value, this.store, quantisation, { layer: name, family: operator, mode });
        },
        drop: (branch) => (dropPath === undefined ? branch : dropBranch(branch, dropPath, { layer, depth })),
        norm: (value, { role }: NormDeclaration, activation, residual) => {
          const name = `${plan.name}.${operator}.${role}`;
          const normal =
            residual !== undefined && dropPath !== undefined
              ? normaliseAndDrop(value, this.store, name, activation, residual, dropPath, { layer, depth })
              : normalise(value, this.store, name, mode, activation, residual);
          done(value);
          return normal;
        },
      };
      const before = y;
      y = part(() => OPERATORS[operator].forward(before, plan, context));
      if (y.buffer !== before.buffer) done(before);
      probe?.(`${plan.name} (${operator})`, y);
    }
    const pooled = globalAveragePool(y);
    const [labels, teacher] = headNames(space).map((name) =>
      add(matmul(...frame(pooled, `${name}.weight`, 'head', name)), leaf(`${name}.bias`)),
    );
    if (teacher !== undefined) onHeads?.(labels, teacher);
    const logits = teacher === undefined ? labels : scale(add(labels, teacher), 0.5);
    probe?.('head', logits);
    return logits;
  }

  dispose(): void {
    this.store.dispose();
  }
}

/** The window of pool 'max2': 2x2, or 3x3 where one side is odd and the other even, so that both are halved. */
function halving({ h, w }: { readonly h: number; readonly w: number }) {
  return h % 2 === w % 2 ? { kernel: 2, stride: 2, pad: h % 2 } : { kernel: 3, stride: 2, pad: 1 };
}
