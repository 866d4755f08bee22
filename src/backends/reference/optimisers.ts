/** One step of the optimisers, element by element, in place. */
import type { AdamShape, SgdShape } from '../backend.ts';

/**
 * SGD with momentum and coupled weight decay:
 *   g' = g + decay * w,  velocity = momentum * velocity + g'
 *   w -= rate * (nesterov ? g' + momentum * velocity : velocity)
 */
export function sgdStep(
  w: Float32Array,
  g: Float32Array,
  velocity: Float32Array,
  length: number,
  shape: SgdShape,
): void {
  const { rate, momentum, nesterov, decay } = shape;
  for (let i = 0; i < length; i++) {
    const gradient = g[i] + decay * w[i];
    const moved = momentum * velocity[i] + gradient;
    velocity[i] = moved;
    w[i] -= rate * (nesterov ? gradient + momentum * moved : moved);
  }
}

/**
 * AdamW (Loshchilov and Hutter). With v = b2 v + (1 - b2) g^2 and vhat = v / (1 - b2^step2):
 *   plain       m = b1 m + (1 - b1) g,  w = w (1 - rate decay) - rate * m / (1 - b1^step1) / (sqrt(vhat) + eps)
 *   normalised  m = b1 m + (1 - b1) u,  w = w (1 - rate decay) - rate * m / (1 - b1^step1),
 *               u = g / (sqrt(vhat) + eps)                            (weight-sharing evidence, section 6)
 */
export function adamStep(
  w: Float32Array,
  g: Float32Array,
  first: Float32Array,
  second: Float32Array,
  length: number,
  shape: AdamShape,
): void {
  const { rate, beta1, beta2, epsilon, decay, step1, step2, normalised } = shape;
  const correction1 = 1 - beta1 ** step1;
  const correction2 = 1 - beta2 ** step2;
  for (let i = 0; i < length; i++) {
    const v = beta2 * second[i] + (1 - beta2) * g[i] * g[i];
    const deviation = Math.sqrt(v / correction2) + epsilon;
    const m = beta1 * first[i] + (1 - beta1) * (normalised ? g[i] / deviation : g[i]);
    second[i] = v;
    first[i] = m;
    w[i] = w[i] * (1 - rate * decay) - (rate * (m / correction1)) / (normalised ? 1 : deviation);
  }
}
