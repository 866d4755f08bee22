/**
 * Mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019) of a batch with itself in reverse order, as timm mixes:
 * one share for the whole batch. Targets are mixed by the share that each image has in the result.
 *
 *   mixup    x[i] = share * x[i] + (1 - share) * x[n - 1 - i]
 *   cutmix   a rectangle of x[i] is replaced by that of x[n - 1 - i]; the share is what is left
 */
import type { Random } from '../../core/random.ts';
import type { Rectangle } from './erasing.ts';

export interface Mixing {
  /** Parameter of the Beta distribution that shares are drawn from; 0: off. With both on, each has half the batches. */
  readonly mixup: number;
  readonly cutmix: number;
}

/** What happens to a batch: `share` is the part of the first image, after the rectangle was cut to the border. */
export interface DrawnMix {
  readonly share: number;
  /** Only for cutmix. */
  readonly rectangle?: Rectangle;
}

/** Undefined when both are off. */
export function drawMix(
  { mixup, cutmix }: Mixing,
  height: number,
  width: number,
  random: Random,
): DrawnMix | undefined {
  if (mixup <= 0 && cutmix <= 0) return undefined;
  const cut = cutmix > 0 && (mixup <= 0 || random.boolean());
  const share = beta(cut ? cutmix : mixup, random);
  if (!cut) return { share };
  const rectangle = centred(
    Math.trunc(height * Math.sqrt(1 - share)),
    Math.trunc(width * Math.sqrt(1 - share)),
    random.integer(height),
    random.integer(width),
    height,
    width,
  );
  return { share: 1 - (rectangle.height * rectangle.width) / (height * width), rectangle };
}

/** A rectangle about a centre, cut off at the border. */
function centred(h: number, w: number, row: number, column: number, height: number, width: number) {
  const top = Math.max(0, row - (h >> 1));
  const left = Math.max(0, column - (w >> 1));
  const bottom = Math.min(height, row + (h >> 1));
  const right = Math.min(width, column + (w >> 1));
  return { top, left, height: bottom - top, width: right - left };
}

/** In place. images: [count, height, width, channels]; targets: [count, classes]. */
export function applyMix(
  { share, rectangle }: DrawnMix,
  images: Float32Array,
  targets: Float32Array,
  count: number,
  [height, width, channels]: readonly [number, number, number],
): void {
  const pixels = height * width * channels;
  const classes = targets.length / count;
  for (let i = 0; i < count >> 1; i++) {
    const j = count - 1 - i;
    blend(targets, i * classes, j * classes, classes, share);
    if (rectangle === undefined) {
      blend(images, i * pixels, j * pixels, pixels, share);
      continue;
    }
    const { top, left } = rectangle;
    for (let row = top; row < top + rectangle.height; row++) {
      const at = (row * width + left) * channels;
      blend(images, i * pixels + at, j * pixels + at, rectangle.width * channels, 0);
    }
  }
}

/** Both pieces become `share` of themselves and the rest of the other; share 0 swaps them. */
function blend(values: Float32Array, i: number, j: number, length: number, share: number): void {
  for (let k = 0; k < length; k++) {
    const a = values[i + k];
    const b = values[j + k];
    values[i + k] = share * a + (1 - share) * b;
    values[j + k] = share * b + (1 - share) * a;
  }
}

/** A draw from Beta(alpha, alpha). */
export function beta(alpha: number, random: Random): number {
  const a = logGamma(alpha, random);
  const b = logGamma(alpha, random);
  return 1 / (1 + Math.exp(b - a));
}

/**
 * The logarithm of a draw from Gamma(alpha, 1), by Marsaglia and Tsang (2000), whose rejection takes about 1.05
 * rounds. Logarithms, because small alphas give draws that are 0 in floating point.
 */
function logGamma(alpha: number, random: Random): number {
  if (alpha < 1) return logGamma(alpha + 1, random) + Math.log(1 - random.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
      return Math.log(d * v);
    }
  }
}
