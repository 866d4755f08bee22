/**
 * A network of the zoo that can be trained: a plan and the weights it asks for. Adders and shifts get their weights
 * through the same transformation as those of a searched network, so that both can be compared under one recipe.
 */
import { add } from '../autograd/arithmetic.ts';
import type { Tensor } from '../autograd/graph.ts';
import { layerNorm } from '../autograd/layer-norm.ts';
import { matmul } from '../autograd/matmul.ts';
import { globalAveragePool, maxPool } from '../autograd/pool.ts';
import { reshape } from '../autograd/reshape.ts';
import { clamp, gelu, relu } from '../autograd/unary.ts';
import type { Backend } from '../backends/backend.ts';
import type { Random } from '../core/random.ts';
import { attentionOverPositions } from '../layers/attention.ts';
import { addPrimitive } from '../operators/add.ts';
import type { Primitive } from '../operators/bottleneck.ts';
import { convPrimitive } from '../operators/conv.ts';
import { shiftPrimitive } from '../operators/shift.ts';
import { effectiveWeight } from '../supernet/effective.ts';
import type { ForwardOptions } from '../supernet/network.ts';
import { declareStatistics, normalise } from '../supernet/norm.ts';
import { checkSharing, type SharingConfig } from '../supernet/sharing.ts';
import { WeightStore } from '../supernet/store.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';
import type { Arithmetic, NormStep, ResidualStep, Step, WindowStep, ZooPlan } from './plan.ts';
import { planDeclarations, WEIGHT_ROLE, windowShapeOf } from './plan-declarations.ts';

const PRIMITIVES: Readonly<Record<Arithmetic, Primitive>> = {
  conv: convPrimitive,
  add: addPrimitive,
  shift: shiftPrimitive,
};

export interface ZooNetworkConfig {
  readonly plan: ZooPlan;
  /** How adder and shift weights are learned; nothing is shared. */
  readonly sharing: SharingConfig;
}

export class ZooNetwork implements TrainableNetwork<null> {
  readonly config: ZooNetworkConfig;
  readonly store: WeightStore;
  private readonly random: Random;

  constructor(backend: Backend, config: ZooNetworkConfig, random: Random) {
    checkSharing(config.sharing);
    this.config = config;
    this.random = random;
    this.store = new WeightStore(backend, random);
    for (const { name, shape, traits, initialise } of planDeclarations(config.plan.steps, config.sharing)) {
      this.store.declare(name, shape, traits, initialise);
    }
    declareStatistics(this.store);
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
      case 'classifier': {
        const rows = reshape(x, [x.shape[0], step.input.h * step.input.w * step.input.c]);
        return add(matmul(rows, this.leaf(x, `${step.name}.weight`)), this.leaf(x, `${step.name}.bias`));
      }
      case 'position':
        return add(x, this.leaf(x, `${step.name}.values`));
      case 'layer-norm':
        return layerNorm(x, this.leaf(x, `${step.name}.gain`), this.leaf(x, `${step.name}.bias`));
      case 'attention':
        return attentionOverPositions(x, step.heads);
      case 'gelu':
        return gelu(x);
    }
  }

  private leaf(x: Tensor, name: string): Tensor {
    return x.graph.parameter(this.store.parameter(name));
  }

  private window(step: WindowStep, x: Tensor, { onWeight }: ForwardOptions): Tensor {
    const { name, arithmetic, stride, pad, groups } = step;
    const declaration = { role: WEIGHT_ROLE, shape: windowShapeOf(step), shared: false };
    const weight = effectiveWeight(x.graph, this.store, this.config.sharing, name, arithmetic, declaration);
    onWeight?.(arithmetic, weight);
    const primitive = PRIMITIVES[arithmetic];
    return primitive.window(primitive.input(x), weight, { stride, pad, groups });
  }

  private norm({ name, activation }: NormStep, x: Tensor, { mode }: ForwardOptions): Tensor {
    if (activation !== 'relu6') return normalise(x, this.store, name, mode, activation);
    return clamp(normalise(x, this.store, name, mode, 'none'), 0, 6);
  }

  /** A norm that ends the body takes the sum and the activation with it, in one pass over memory. */
  private residual({ body, shortcut, activation }: ResidualStep, x: Tensor, options: ForwardOptions): Tensor {
    const past = this.through(shortcut, x, options);
    const last = body.at(-1);
    if (last?.kind === 'norm' && last.activation === 'none') {
      const y = this.through(body.slice(0, -1), x, options);
      return normalise(y, this.store, last.name, options.mode, activation, past);
    }
    const y = add(this.through(body, x, options), past);
    return activation === 'relu' ? relu(y) : y;
  }
}
