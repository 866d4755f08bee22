/**
 * Attention in one operation: scores, softmax, dropped weights and the weighted sum, head by head, in one kernel each
 * way. No matrix of scores is kept; the backward pass makes the weights again.
 */
import type { AttentionShape, Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { DrawKey } from './dropout.ts';
import type { Tensor } from './graph.ts';

export interface AttentionOptions {
  /** Parts of a row that attend on their own. */
  readonly heads: number;
  /** Query i sees keys up to keys - queries + i: a decoder may not look ahead. */
  readonly causal?: boolean;
  /** int32 [n]: the keys of each sentence that are seen; all of them without it. */
  readonly lengths?: Buffer;
  /** Rows of k and v that are keys, where they are a cache with room; all of them without it. */
  readonly keys?: number;
  /** Probability that an attention weight is dropped while the graph trains; `key` then says which. */
  readonly drop?: number;
  readonly key?: DrawKey;
}

/**
 * softmax(q k' / sqrt(width of a head)) v. q: [n, queries, c], k and v: [n, keys, c], c a multiple of heads; result:
 * [n, queries, c]. A query that sees no key gets 0.
 *
 * @throws ShiftAddError 'shape' when sizes do not fit, 'usage' when weights are dropped without a key.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  const { heads, causal = false, lengths = null, drop = 0, key } = options;
  const { graph } = q;
  const { backend } = graph;
  const [n, queries, c] = q.shape;
  const keyRows = k.shape[1];
  require_(
    q.shape.length === 3 &&
      c % heads === 0 &&
      sameShape(k.shape, [n, keyRows, c]) &&
      sameShape(v.shape, k.shape),
    'shape',
    () =>
      `attention of ${heads} heads needs q [n, queries, c], k and v [n, keys, c] with c a multiple of the heads, got ` +
      `${showShape(q.shape)}, ${showShape(k.shape)} and ${showShape(v.shape)}`,
  );
  const dropping = graph.training && drop > 0;
  require_(
    !dropping || key !== undefined,
    'usage',
    () => `weights dropped with probability ${drop} need a key`,
  );
  const width = c / heads;
  const shape: AttentionShape = {
    ...{ n, heads, queries, keys: options.keys ?? keyRows, width, keyRows, causal },
    ...{ scale: 1 / Math.sqrt(width), drop: dropping ? drop : 0 },
  };
  const draws: DrawKey = key ?? [0, 0];
  const y = backend.allocate(sizeOf(q.shape));
  const statistics = backend.allocate(n * heads * queries);
  backend.attentionForward(q.buffer, k.buffer, v.buffer, lengths, y, statistics, shape, draws);
  return graph.record(q.shape, y, [q, k, v], (dy) => {
    const [dq, dk, dv] = [q, k, v].map((tensor) => backend.allocate(sizeOf(tensor.shape)));
    const [a, b, d] = [q.buffer, k.buffer, v.buffer];
    backend.attentionBackward(a, b, d, lengths, y, statistics, dy, dq, dk, dv, shape, draws);
    return [dq, dk, dv];
  });
}
