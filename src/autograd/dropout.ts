/**
 * Dropout of elements and of whole samples. What is kept is scaled up so that the expectation stays. The draws
 * depend on the key alone, so a resumed run drops the same elements.
 */
import type { Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Graph, Tensor } from './graph.ts';

export type DrawKey = readonly [number, number];

const checkRate = (rate: number): void =>
  require_(rate >= 0 && rate < 1, 'usage', () => `a drop rate must lie in [0, 1), got ${rate}`);

/** x with elements set to 0 with probability `rate`; x itself when the graph does not train. */
export function dropout(x: Tensor, rate: number, key: DrawKey): Tensor {
  if (!x.graph.training || rate === 0) return x;
  checkRate(rate);
  const { backend } = x.graph;
  const length = sizeOf(x.shape);
  const y = backend.allocate(length);
  backend.dropout(x.buffer, y, length, rate, key);
  return x.graph.record(x.shape, y, [x], (dy) => {
    const dx = backend.allocate(length);
    backend.dropout(dy, dx, length, rate, key);
    return [dx];
  });
}

/** `length` factors, each 0 with probability `rate`, else 1 / (1 - rate). */
function mask(graph: Graph, length: number, rate: number, key: DrawKey): Buffer {
  const { backend } = graph;
  const ones = backend.allocate(length);
  backend.fill(ones, 1);
  const factors = backend.allocate(length);
  backend.dropout(ones, factors, length, rate, key);
  return factors;
}

/** Stochastic depth: whole samples of x [n, ...] are set to 0 with probability `rate` (spec 3.5). */
export function dropPath(x: Tensor, rate: number, key: DrawKey): Tensor {
  if (!x.graph.training || rate === 0) return x;
  checkRate(rate);
  const { backend } = x.graph;
  const outer = x.shape[0];
  const inner = sizeOf(x.shape) / outer;
  const factors = mask(x.graph, outer, rate, key);
  const y = backend.allocate(outer * inner);
  backend.binary('multiply', x.buffer, factors, y, outer, inner, 'column');
  return x.graph.record(x.shape, y, [x], (dy) => {
    const dx = backend.allocate(outer * inner);
    backend.binary('multiply', dy, factors, dx, outer, inner, 'column');
    return [dx];
  });
}
