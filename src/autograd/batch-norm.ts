/**
 * Batch normalisation, fused with what follows it in every block: an optional residual and an activation.
 *
 *   y = activation(gamma * (x - mean) / sqrt(variance + epsilon) + beta [+ residual])
 *
 * Training normalises by the batch's own statistics and differentiates through them; evaluation is given the
 * statistics and treats them as constants.
 */
import type { Activation, Buffer } from '../backends/backend.ts';
import { require_ } from '../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../core/shapes.ts';
import type { Tensor } from './graph.ts';

/** Per channel, [c] each; the variance is the biased one. */
export interface Statistics {
  readonly mean: Buffer;
  readonly variance: Buffer;
}

export interface BatchNormOptions {
  /** 1e-5 by default. */
  readonly epsilon?: number;
  /** 'none' by default. */
  readonly activation?: Activation;
  /** Added before the activation; same shape as x. */
  readonly residual?: Tensor;
  /** Normalise by these and take them as constants; by the batch's own when absent. */
  readonly statistics?: Statistics;
  /** Is shown the batch's own statistics, which live as long as the graph, to keep an average of them. */
  readonly measured?: (mean: Buffer, variance: Buffer) => void;
}

/**
 * Normalises every channel of x [..., c] over all other axes. gamma, beta: [c]; result: x's shape.
 *
 * @throws ShiftAddError 'shape' when gamma, beta, statistics or residual do not fit x.
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: BatchNormOptions = {}): Tensor {
  const { epsilon = 1e-5, activation = 'none', residual } = options;
  const { graph, shape } = x;
  const { backend } = graph;
  const channels = shape[shape.length - 1];
  const size = sizeOf(shape);
  require_(
    sizeOf(gamma.shape) === channels && sizeOf(beta.shape) === channels,
    'shape',
    () =>
      `batch norm of ${showShape(shape)} needs gamma and beta [${channels}], got ${showShape(gamma.shape)}`,
  );
  require_(
    residual === undefined || sameShape(residual.shape, shape),
    'shape',
    () => `a residual ${showShape(residual?.shape ?? [])} cannot be added to ${showShape(shape)}`,
  );
  const throughStatistics = options.statistics === undefined;
  const { mean, variance } = options.statistics ?? measure(x, size / channels, channels);
  if (throughStatistics) options.measured?.(mean, variance);
  const settings = { rows: size / channels, channels, epsilon, activation };
  const y = backend.allocate(size);
  const added = residual?.buffer ?? null;
  backend.batchNormForward(x.buffer, mean, variance, gamma.buffer, beta.buffer, added, y, settings);
  const inputs = residual === undefined ? [x, gamma, beta] : [x, gamma, beta, residual];
  return graph.record(shape, y, inputs, (dy) => {
    const dx = backend.allocate(size);
    const dgamma = backend.allocate(channels);
    const dbeta = backend.allocate(channels);
    // without an activation the residual's gradient is dy itself
    const masked = residual?.needsGradient === true && activation !== 'none';
    const dresidual = masked ? backend.allocate(size) : null;
    const kept = residual === undefined ? null : y; // x and beta tell where y > 0 unless something was added
    const tensors = [
      x.buffer,
      mean,
      variance,
      gamma.buffer,
      beta.buffer,
      kept,
      dy,
      dx,
      dgamma,
      dbeta,
    ] as const;
    backend.batchNormBackward(...tensors, dresidual, { ...settings, throughStatistics });
    return [dx, dgamma, dbeta, masked ? dresidual : dy];
  });
}

function measure(x: Tensor, rows: number, channels: number): Statistics {
  const { backend } = x.graph;
  const mean = backend.allocate(channels);
  const variance = backend.allocate(channels);
  backend.batchStatistics(x.buffer, mean, variance, rows, channels);
  return { mean, variance };
}
