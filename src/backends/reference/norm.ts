/**
 * Batch and layer normalisation. Statistics are biased (divided by the count), the variance is taken in two
 * passes, and gradients are those of the textbook:
 *
 *   xhat = (x - mean) / sqrt(variance + eps),  y = act(gamma * xhat + beta [+ residual])
 *   dx   = gamma / deviation * (g - sum(g) / n - xhat * sum(g * xhat) / n)    through the statistics
 *   dx   = gamma / deviation * g                                              with fixed statistics
 *
 * with g the gradient behind the activation. Inputs may be the same buffers as outputs.
 */
import type { BatchNormShape } from '../backend.ts';

/** x: [rows, channels]; mean, variance: [channels]. At least one row. */
export function batchStatistics(
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  rows: number,
  channels: number,
): void {
  const sums = new Float64Array(channels);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < channels; c++) sums[c] += x[i * channels + c];
  }
  const centres = sums.map((sum) => sum / rows);
  sums.fill(0);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < channels; c++) {
      const distance = x[i * channels + c] - centres[c];
      sums[c] += distance * distance;
    }
  }
  for (let c = 0; c < channels; c++) {
    mean[c] = centres[c];
    variance[c] = sums[c] / rows;
  }
}

export function batchNormForward(
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  residual: Float32Array | null,
  y: Float32Array,
  shape: BatchNormShape,
): void {
  const { rows, channels, epsilon, activation } = shape;
  const scale = new Float64Array(channels);
  for (let c = 0; c < channels; c++) scale[c] = gamma[c] / Math.sqrt(variance[c] + epsilon);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c;
      const value = (x[at] - mean[c]) * scale[c] + beta[c] + (residual === null ? 0 : residual[at]);
      y[at] = activation === 'relu' && value < 0 ? 0 : value;
    }
  }
}

export function batchNormBackward(
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  y: Float32Array | null,
  dy: Float32Array,
  dx: Float32Array,
  dgamma: Float32Array,
  dbeta: Float32Array,
  dresidual: Float32Array | null,
  shape: BatchNormShape & { readonly throughStatistics: boolean },
): void {
  const { rows, channels, epsilon, activation, throughStatistics } = shape;
  const off = (at: number, c: number): boolean =>
    activation === 'relu' &&
    !((y === null ? (x[at] - mean[c]) * (gamma[c] * inverse[c]) + beta[c] : y[at]) > 0);
  const inverse = new Float64Array(channels);
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels);
  for (let c = 0; c < channels; c++) inverse[c] = 1 / Math.sqrt(variance[c] + epsilon);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c;
      const g = off(at, c) ? 0 : dy[at];
      sums[c] += g;
      products[c] += g * (x[at] - mean[c]) * inverse[c];
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < channels; c++) {
      const at = i * channels + c;
      const g = off(at, c) ? 0 : dy[at];
      const xhat = (x[at] - mean[c]) * inverse[c];
      const centred = throughStatistics ? g - (sums[c] + xhat * products[c]) / rows : g;
      dx[at] = gamma[c] * inverse[c] * centred;
      if (dresidual !== null) dresidual[at] = g;
    }
  }
  dgamma.set(products);
  dbeta.set(sums);
}

/** x, y: [rows, columns]; gamma, beta: [columns]; mean, inverse (1 / deviation): [rows]. */
export function layerNormForward(
  x: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  y: Float32Array,
  mean: Float32Array,
  inverse: Float32Array,
  rows: number,
  columns: number,
  epsilon: number,
): void {
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += x[start + j];
    const centre = sum / columns;
    let squares = 0;
    for (let j = 0; j < columns; j++) squares += (x[start + j] - centre) ** 2;
    const scale = 1 / Math.sqrt(squares / columns + epsilon);
    for (let j = 0; j < columns; j++) y[start + j] = (x[start + j] - centre) * scale * gamma[j] + beta[j];
    mean[i] = centre;
    inverse[i] = scale;
  }
}

/** Always through the statistics. dgamma, dbeta: [columns], overwritten. */
export function layerNormBackward(
  x: Float32Array,
  gamma: Float32Array,
  mean: Float32Array,
  inverse: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  dgamma: Float32Array,
  dbeta: Float32Array,
  rows: number,
  columns: number,
): void {
  const gammaSums = new Float64Array(columns);
  const betaSums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    const centre = mean[i];
    const scale = inverse[i];
    let sum = 0;
    let product = 0;
    for (let j = 0; j < columns; j++) {
      const xhat = (x[start + j] - centre) * scale;
      const g = dy[start + j];
      gammaSums[j] += g * xhat;
      betaSums[j] += g;
      sum += g * gamma[j];
      product += g * gamma[j] * xhat;
    }
    for (let j = 0; j < columns; j++) {
      const xhat = (x[start + j] - centre) * scale;
      dx[start + j] = scale * (dy[start + j] * gamma[j] - (sum + xhat * product) / columns);
    }
  }
  dgamma.set(gammaSums);
  dbeta.set(betaSums);
}
