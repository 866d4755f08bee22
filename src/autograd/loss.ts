/** Cross-entropy between logits and soft targets. */
import { require_ } from '../core/errors.ts';
import { sameShape, showShape } from '../core/shapes.ts';
import { add } from './arithmetic.ts';
import type { Tensor } from './graph.ts';
import { mean } from './reduce.ts';

/**
 * Per row, - sum of targets * log softmax(logits). logits, targets: [rows, classes]; result: [rows]. A row of
 * targets may sum to anything (0 leaves the row out). No gradient flows to the targets.
 */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const { graph, shape } = logits;
  const { backend } = graph;
  require_(
    shape.length === 2 && sameShape(shape, targets.shape),
    'shape',
    () =>
      `cross-entropy needs logits and targets [rows, classes], got ${showShape(shape)} and ${showShape(targets.shape)}`,
  );
  const [rows, classes] = shape;
  const losses = backend.allocate(rows);
  const dlogits = backend.allocate(rows * classes);
  backend.crossEntropy(logits.buffer, targets.buffer, losses, dlogits, rows, classes);
  return graph.record([rows], losses, [logits], (dy) => {
    const dx = backend.allocate(rows * classes);
    backend.binary('multiply', dlogits, dy, dx, rows, classes, 'column');
    return [dx];
  });
}

/**
 * The mean of `crossEntropy` over the rows, plus a penalty where there is one: the scalar that `backward` starts
 * from. logits, targets: [rows, classes]; penalty: a scalar.
 */
export function meanCrossEntropy(logits: Tensor, targets: Tensor, penalty?: Tensor): Tensor {
  const loss = mean(crossEntropy(logits, targets));
  return penalty === undefined ? loss : add(loss, penalty);
}
