/**
 * Squeeze-excite of the retrained networks (Hu et al. 2018; spec 3.5): a factor for every channel of an image, from the
 * means of all its channels.
 *
 *   y ─ mean over positions ─ 1x1, bias, relu ─ 1x1, bias, sigmoid ─ x y
 *              [n, c]          [n, c / 16]          [n, c]
 *
 * Reduction 16, at least 8 channels, ReLU within and biases are those of timm 0.3, which the release calls. They are
 * ordinary multiplications in blocks of every family.
 */
import { add } from '../autograd/arithmetic.ts';
import { gated } from '../autograd/gate.ts';
import type { Tensor } from '../autograd/graph.ts';
import { matmul } from '../autograd/matmul.ts';
import { globalAveragePool } from '../autograd/pool.ts';
import { reshape } from '../autograd/reshape.ts';
import { relu, sigmoid } from '../autograd/unary.ts';
import type { Workload } from '../hardware/workload.ts';
import { globalPoolWorkload, vectorWorkload, windowWorkload } from '../layers/workloads.ts';
import type { BlockContext, BlockPlan, WeightDeclaration } from './operator.ts';

const REDUCTION = 16;
const NARROWEST = 8;

/** Channels between its two products. */
export function squeezedChannels({ output }: Pick<BlockPlan, 'output'>): number {
  return Math.max(Math.floor(output.c / REDUCTION), NARROWEST);
}

/** Weights [1, 1, c, m] and biases [m] of both products. */
export function squeezeExciteWeights(plan: BlockPlan): WeightDeclaration[] {
  const { c } = plan.output;
  const narrow = squeezedChannels(plan);
  const product = (role: string, from: number, to: number): WeightDeclaration[] => [
    { role, shape: [1, 1, from, to], shared: false, ordinary: 'weight', fan: 'out' },
    { role: `${role}-bias`, shape: [to], shared: false, ordinary: 'bias' },
  ];
  return [...product('squeeze', c, narrow), ...product('excite', narrow, c)];
}

/** y: [n, h, w, c] -> [n, h, w, c]. */
export function squeezeExcite(y: Tensor, plan: BlockPlan, context: BlockContext): Tensor {
  const [squeeze, squeezeBias, excite, exciteBias] = squeezeExciteWeights(plan);
  const linear = (x: Tensor, weight: WeightDeclaration, bias: WeightDeclaration) => {
    const [, , from, to] = weight.shape;
    const [read, w] = context.operands(x, weight);
    return add(matmul(read, reshape(w, [from, to])), context.bias(bias));
  };
  const narrow = relu(linear(globalAveragePool(y), squeeze, squeezeBias));
  return gated(y, sigmoid(linear(narrow, excite, exciteBias)));
}

/** One position after the pool; biases and activations are element-wise work, the sigmoid a cubic (3 + 3). */
export function squeezeExciteWorkloads(plan: BlockPlan): Workload[] {
  const { name, output } = plan;
  const { h, w, c } = output;
  const narrow = squeezedChannels(plan);
  const family = 'squeeze-excite';
  const one = { family, kind: 'conv', h: 1, w: 1, r: 1, s: 1, e: 1, f: 1, stride: 1, groups: 1 } as const;
  const bias = (role: string, channels: number, multiplications: number, additions: number) =>
    vectorWorkload(
      `${name}.${role}-bias`,
      family,
      [1, 1, 1, channels],
      { multiplications, additions: additions + 1 },
      channels,
    );
  return [
    globalPoolWorkload(`${name}.squeeze-pool`, family, h, w, c),
    windowWorkload({ ...one, name: `${name}.squeeze`, c, m: narrow }),
    bias('squeeze', narrow, 0, 1),
    windowWorkload({ ...one, name: `${name}.excite`, c: narrow, m: c }),
    bias('excite', c, 3, 3),
    vectorWorkload(`${name}.scale`, family, [1, h, w, c], { multiplications: 1, additions: 0 }),
  ];
}
