/** Cross-entropy between logits and labels over a vocabulary, smoothed: the loss of a translation. */
import type { Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { showShape } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

export interface LabelLossOptions {
  /** Share of the target that is spread evenly over all classes; 0 by default. */
  readonly smoothing?: number;
  /** Labels that count: what the sum is divided by. */
  readonly tokens: number;
  /**
   * The gradient is written over the logits: right for large vocabularies, where nothing else reads the logits
   * afterwards (an operation that computed them may not look at its own result again either, as exp and tanh do).
   */
  readonly overwrite?: boolean;
}

export interface LabelLoss {
  /** A scalar: (1 - s) * nll + s / classes * sum of -log p, summed over the rows, over `tokens`. */
  readonly loss: Tensor;
  /** -log p[label] of every row, 0 where nothing is asked. */
  readonly likelihood: Buffer;
}

/**
 * logits: [rows, classes] or [..., classes]; labels: int32, one a row, below 0 where nothing is asked.
 *
 * @throws ShiftAddError 'shape' when a label is not below the classes or there are too few labels.
 */
export function labelCrossEntropy(logits: Tensor, labels: Buffer, options: LabelLossOptions): LabelLoss {
  const { smoothing = 0, tokens, overwrite = false } = options;
  const { graph, shape } = logits;
  const { backend } = graph;
  const classes = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  require_(
    shape.length >= 2 && labels.length >= rows && tokens > 0,
    'shape',
    () =>
      `the loss of logits ${showShape(shape)} needs a label a row and at least one token, got ${labels.length} ` +
      `labels and ${tokens} tokens`,
  );
  const losses = backend.allocate(rows);
  const likelihood = backend.allocate(rows);
  const wanted = graph.recording && logits.needsGradient;
  const x = logits.buffer;
  const dlogits = !wanted ? null : overwrite ? x : backend.allocate(rows * classes);
  const share = 1 / tokens;
  backend.labelCrossEntropy(x, labels, losses, likelihood, dlogits, rows, classes, smoothing, share);
  const total = backend.allocate(1);
  backend.reduce('sum', losses, total, 1, rows, 1);
  backend.unary('affine', total, total, 1, share, 0);
  const loss = graph.record([], total, [logits], (dy) => {
    if (dlogits !== null) backend.binary('multiply', dlogits, dy, dlogits, 1, rows * classes, 'scalar');
    return [dlogits];
  });
  return { loss, likelihood };
}
