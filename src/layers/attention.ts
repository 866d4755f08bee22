/**
 * Multi-head self-attention over all positions of a map (spec 3.4): a 1x1 projection to queries, keys and values
 * without positional bias, then per head softmax(q k' / sqrt(d)) v.
 *
 *   qkv [n, h, w, 3 c] -> [3, n, heads, h w, d] -> q, k, v -> scores [n, heads, h w, h w] -> [n, h, w, c]
 */
import { conv2d } from '../autograd/convolution.ts';
import type { Parameter, Tensor } from '../autograd/graph.ts';
import { matmul } from '../autograd/matmul.ts';
import { permute } from '../autograd/permute.ts';
import { reshape } from '../autograd/reshape.ts';
import { split } from '../autograd/slice.ts';
import { softmax } from '../autograd/softmax.ts';
import { require_ } from '../core/errors.ts';
import { type Shape, showShape } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import type { Layer, NamedBuffer, Source } from './layer.ts';
import { type EffectiveWeight, PlainWeight } from './weight.ts';
import { attentionWorkloads, convWorkload } from './workloads.ts';

/** What attention multiplies: queries with keys, scores with values. */
export const ATTENTION_PRODUCTS = ['q', 'k', 'v', 'scores'] as const;
export type AttentionProduct = (typeof ATTENTION_PRODUCTS)[number];

/**
 * Attention of queries, keys and values that stand side by side in the channels, each as heads * d.
 * qkv: [n, h, w, 3 c] -> [n, h, w, c]. `as` is shown each tensor that is multiplied, and gives it as it is to be read.
 *
 * @throws ShiftAddError 'shape' when the heads do not divide c.
 */
export function attentionOverPositions(
  qkv: Tensor,
  heads: number,
  as: (part: Tensor, role: AttentionProduct) => Tensor = (part) => part,
): Tensor {
  const [n, h, w, tripled] = qkv.shape;
  const c = tripled / 3;
  require_(
    Number.isInteger(c / heads),
    'shape',
    () => `attention needs 3 * heads to divide the channels of ${showShape(qkv.shape)}, got ${heads} heads`,
  );
  const positions = h * w;
  const width = c / heads;
  const parted = permute(reshape(qkv, [n, positions, 3, heads, width]), [2, 0, 3, 1, 4]);
  const head = [n, heads, positions, width];
  const [q, k, v] = split(parted, 0, [1, 1, 1]).map((part) => reshape(part, head));
  const products = matmul(as(q, 'q'), as(k, 'k'), { transposeB: true });
  const scores = softmax(products, { scale: 1 / Math.sqrt(width) });
  return reshape(permute(matmul(as(scores, 'scores'), as(v, 'v')), [0, 2, 1, 3]), [n, h, w, c]);
}

/** Heads of a width: at least one, narrower than asked for where there are fewer channels. */
export const headsFor = (channels: number, headWidth: number): number =>
  Math.max(1, Math.floor(channels / headWidth));

export interface AttentionConfig {
  readonly channels: number;
  /** Channels per head. */
  readonly headWidth: number;
}

export class SelfAttention2d implements Layer {
  readonly name: string;
  readonly heads: number;
  /** qkv projection, [1, 1, c, 3 c]. */
  readonly weight: EffectiveWeight;
  private readonly channels: number;

  constructor(
    source: Source,
    name: string,
    { channels, headWidth }: AttentionConfig,
    weight?: EffectiveWeight,
  ) {
    this.name = name;
    this.channels = channels;
    this.heads = headsFor(channels, headWidth);
    const shape = [1, 1, channels, 3 * channels];
    this.weight = weight ?? new PlainWeight(source, `${name}.qkv`, { shape, family: 'attention' });
  }

  /** x: [n, h, w, c] -> [n, h, w, c]. */
  forward(x: Tensor): Tensor {
    return attentionOverPositions(conv2d(x, this.weight.effective(x.graph)), this.heads);
  }

  parameters(): readonly Parameter[] {
    return this.weight.parameters();
  }

  buffers(): readonly NamedBuffer[] {
    return [];
  }

  outputShape(input: Shape): Shape {
    return input;
  }

  workloads([n, h, w]: Shape): readonly Workload[] {
    const { name, channels: c, heads } = this;
    const family = 'attention';
    return [
      convWorkload({ name: `${name}.qkv`, family, n, h, w, c, m: 3 * c, kernel: 1 }),
      ...attentionWorkloads(name, family, h * w, c, heads, n),
    ];
  }
}
