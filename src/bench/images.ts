/** A batch of noise with targets: what a step costs does not depend on what is in the images. */
import { Random } from '../core/random.ts';
import type { Shape } from '../core/shapes.ts';

export interface FakeBatch {
  /** [batch, h, w, c] */
  readonly images: Float32Array;
  readonly shape: Shape;
  /** [batch, classes], one-hot. */
  readonly targets: Float32Array;
}

export function fakeBatch(
  batch: number,
  { h, w, c }: { readonly h: number; readonly w: number; readonly c: number },
  classes: number,
): FakeBatch {
  const random = Random.fromSeed(1);
  return {
    images: Float32Array.from({ length: batch * h * w * c }, () => random.normal()),
    shape: [batch, h, w, c],
    targets: Float32Array.from({ length: batch * classes }, (_, i) =>
      i % classes === Math.floor(i / classes) % classes ? 1 : 0,
    ),
  };
}
