/**
 * A network of the zoo that can be trained: a plan and the weights it asks for. Adders and shifts get their weights
 * through the same transformation as those of a searched network, so that both can be compared under one recipe.
 */
import { add } from '../autograd/arithmetic.ts';
import type { Graph, Tensor } from '../autograd/graph.ts';
import { layerNorm } from '../autograd/layer-norm.ts';
import { matmul } from '../autograd/matmul.ts';
import { globalAveragePool, maxPool } from '../autograd/pool.ts';
import { reshape } from '../autograd/reshape.ts';
import { clamp, gelu, relu } from '../autograd/unary.ts';
import type { Backend } from '../backends/backend.ts';
import { internal } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { attentionOverPositions } from '../layers/attention.ts';
import { addPrimitive } from '../operators/add.ts';
import type { Primitive } from '../operators/bottleneck.ts';
import { convPrimitive } from '../operators/conv.ts';
import { shiftPrimitive } from '../operators/shift.ts';
import { type Depth, dropBranch, normaliseAndDrop } from '../supernet/drop-path.ts';
import { effectiveWeight } from '../supernet/effective.ts';
import type { ForwardOptions } from '../supernet/network.ts';
import { declareStatistics, normalise } from '../supernet/norm.ts';
import type { Quantisation, QuantisedLayer } from '../supernet/quantisation.ts';
import { declareRanges, operands, product } from '../supernet/quantised.ts';
import { checkSharing, type SharingConfig } from '../supernet/sharing.ts';
import { WeightStore } from '../supernet/store.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import type {
  Arithmetic,
  AttentionStep,
  ClassifierStep,
  NormStep,
  ResidualStep,
  Step,
  WindowStep,
  ZooPlan,
} from './plan.ts';
import { planDeclarations } from './plan-declarations.ts';
import { headLayer, planLayers, productLayer, windowLayer } from './plan-layers.ts';

const PRIMITIVES: Readonly<Record<Arithmetic, Primitive>> = {
  conv: convPrimitive,
  add: addPrimitive,
  shift: shiftPrimitive,
};

export interface ZooNetworkConfig {
  readonly plan: ZooPlan;
  /** How adder and shift weights are learned; nothing is shared. */
  readonly sharing: SharingConfig;
  /** Bits of weights and activations; real numbers when absent. */
  readonly quantisation?: Quantisation | undefined;
}

/** The residual branches of a network in the order they are computed. */
export function residuals(steps: readonly Step[]): ResidualStep[] {
  return steps.filter((step) => step.kind === 'residual');
}

export class ZooNetwork implements TrainableNetwork<null> {
  readonly config: ZooNetworkConfig;
  readonly store: WeightStore;
  private readonly random: Random;
  /** Where each residual branch stands among all. */
  private readonly depths: ReadonlyMap<ResidualStep, Depth>;

  constructor(backend: Backend, config: ZooNetworkConfig, random: Random) {
    checkSharing(config.sharing);
    this.config = config;
    this.random = random;
    this.store = new WeightStore(backend, random);
    for (const { name, shape, traits, initialise } of planDeclarations(config.plan.steps, config.sharing)) {
      this.store.declare(name, shape, traits, initialise);
    }
    declareStatistics(this.store);
    declareRanges(this.store, config.quantisation, this.layers());
    const branches = residuals(config.plan.steps);
    this.depths = new Map(branches.map((step, layer) => [step, { layer, depth: branches.length }]));
  }

  layers(): readonly QuantisedLayer[] {
    return planLayers(this.config.plan.steps);
  }

  weightOf(graph: Graph, layer: QuantisedLayer): Tensor | undefined {
    const { family, place, declaration } = layer;
    if (family === 'head') return graph.parameter(this.store.parameter(`${place}.weight`));
    if (place === undefined || declaration === undefined) return undefined;
    const arithmetic = family === 'stem' ? 'conv' : family;
    return effectiveWeight(graph, this.store, this.config.sharing, place, arithmetic, declaration);
  }

  untrained(): ZooNetwork {
    return new ZooNetwork(this.store.backend, this.config, this.random);
  }

  /** x: [n, h, w, c] -> logits [n, classes]. */
  forward(x: Tensor, _path: null, options: ForwardOptions): Tensor {
    return this.through(this.config.plan.steps, x, options);
  }

  dispose(): void {
    this.store.dispose();
  }

  private through(steps: readonly Step[], x: Tensor, options: ForwardOptions): Tensor {
    let y = x;
    for (const step of steps) {
      y = this.step(step, y, options);
      options.probe?.(step.name, y);
    }
    return y;
  }

  private step(step: Step, x: Tensor, options: ForwardOptions): Tensor {
    switch (step.kind) {
      case 'window':
        return this.window(step, x, options);
      case 'norm':
        return this.norm(step, x, options);
      case 'max-pool':
        return maxPool(x, { kernel: step.kernel, stride: step.stride, pad: step.pad });
      case 'mean':
        return globalAveragePool(x);
      case 'residual':
        return this.residual(step, x, options);
      case 'classifier':
        return this.classifier(step, x, options);
      case 'position':
        return add(x, this.leaf(x, `${step.name}.values`));
      case 'layer-norm':
        return layerNorm(x, this.leaf(x, `${step.name}.gain`), this.leaf(x, `${step.name}.bias`));
      case 'attention':
        return this.attention(step, x, options);
      case 'gelu':
        return gelu(x);
    }
  }

  private leaf(x: Tensor, name: string): Tensor {
    return x.graph.parameter(this.store.parameter(name));
  }

  /** What a layer computes with: x and its weight, at their widths. */
  private operands(layer: QuantisedLayer, x: Tensor, weight: Tensor, { mode }: ForwardOptions) {
    const use = { layer: layer.name, family: layer.family, mode };
    return operands(x, weight, this.store, this.config.quantisation, use);
  }

  private window(step: WindowStep, x: Tensor, options: ForwardOptions): Tensor {
    const { arithmetic, stride, pad, groups } = step;
    const layer = windowLayer(step);
    const weight = this.weightOf(x.graph, layer) ?? internal(`${layer.name} has no weight`);
    options.onWeight?.(arithmetic, weight);
    const primitive = PRIMITIVES[arithmetic];
    const read = this.operands(layer, primitive.input(x), weight, options);
    return primitive.window(...read, { stride, pad, groups });
  }

  private classifier(step: ClassifierStep, x: Tensor, options: ForwardOptions): Tensor {
    const { h, w, c } = step.input;
    const rows = reshape(x, [x.shape[0], h * w * c]);
    const weight = this.leaf(x, `${step.name}.weight`);
    const read = this.operands(headLayer(step), rows, weight, options);
    return add(matmul(...read), this.leaf(x, `${step.name}.bias`));
  }

  private attention(step: AttentionStep, x: Tensor, { mode }: ForwardOptions): Tensor {
    return attentionOverPositions(x, step.heads, (part, role) => {
      const { name: layer, family } = productLayer(step, role);
      return product(part, this.store, this.config.quantisation, { layer, family, mode });
    });
  }

  private norm({ name, activation }: NormStep, x: Tensor, { mode }: ForwardOptions): Tensor {
    if (activation !== 'relu6') return normalise(x, this.store, name, mode, activation);
    return clamp(normalise(x, this.store, name, mode, 'none'), 0, 6);
  }

  /** A norm that ends the body takes the sum and the activation with it, in one pass over memory. */
  private residual(step: ResidualStep, x: Tensor, options: ForwardOptions): Tensor {
    const { body, shortcut, activation } = step;
    const { mode } = options;
    const dropPath = mode.kind === 'train' ? options.dropPath : undefined;
    const depth = this.depths.get(step) ?? internal(`${step.name} is no branch of this network`);
    const past = this.through(shortcut, x, options);
    const last = body.at(-1);
    if (last?.kind === 'norm' && last.activation === 'none') {
      const y = this.through(body.slice(0, -1), x, options);
      if (dropPath === undefined) return normalise(y, this.store, last.name, mode, activation, past);
      return normaliseAndDrop(y, this.store, last.name, activation, past, dropPath, depth);
    }
    const branch = this.through(body, x, options);
    const y = add(dropPath === undefined ? branch : dropBranch(branch, dropPath, depth), past);
    return activation === 'relu' ? relu(y) : y;
  }
}
