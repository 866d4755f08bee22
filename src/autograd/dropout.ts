/**
 * Dropout of elements and of whole samples. What is kept is scaled up so that the expectation stays. The draws
 * depend on the key alone, so a resumed run drops the same elements.
 */
import type { Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Graph, Tensor } from './graph.ts';

export type DrawKey = readonly [number, number];

/** `length` factors, each 0 with probability `rate`, else 1 / (1 - rate). */
function mask(graph: Graph, length: number, rate: number, key: DrawKey): Buffer {
  require_(rate >= 0 && rate < 1, 'usage', () => `a drop rate must lie in [0, 1), got ${rate}`);
  const { backend } = graph;
  const draws = backend.allocate(length);
  const kept = backend.allocate(length);
  const factors = backend.allocate(length);
  backend.random('uniform', draws, key);
  backend.unary('ternary', draws, kept, length, rate);
  backend.unary('affine', kept, factors, length, 1 / (1 - rate), 0);
  return factors;
}

function drop(x: Tensor, factors: Buffer, outer: number, broadcast: 'same' | 'column'): Tensor {
  const { backend } = x.graph;
  const inner = sizeOf(x.shape) / outer;
  const y = backend.allocate(outer * inner);
  backend.binary('multiply', x.buffer, factors, y, outer, inner, broadcast);
  return x.graph.record(x.shape, y, [x], (dy) => {
    const dx = backend.allocate(outer * inner);
    backend.binary('multiply', dy, factors, dx, outer, inner, broadcast);
    return [dx];
  });
}

/** x with elements set to 0 with probability `rate`; x itself when the graph does not train. */
export function dropout(x: Tensor, rate: number, key: DrawKey): Tensor {
  if (!x.graph.training || rate === 0) return x;
  return drop(x, mask(x.graph, sizeOf(x.shape), rate, key), 1, 'same');
}

/** Stochastic depth: whole samples of x [n, ...] are set to 0 with probability `rate` (spec 3.5). */
export function dropPath(x: Tensor, rate: number, key: DrawKey): Tensor {
  if (!x.graph.training || rate === 0) return x;
  return drop(x, mask(x.graph, x.shape[0], rate, key), x.shape[0], 'column');
}
