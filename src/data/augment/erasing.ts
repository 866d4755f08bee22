/**
 * Random erasing (Zhong et al., 2020) in the form of timm's `pixel` mode: a rectangle of normalised noise. It works
 * on normalised values, where standard normal noise looks like an image's own spread.
 */
import type { Random } from '../../core/random.ts';

export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const AREA = [0.02, 1 / 3] as const;
const ASPECT = [Math.log(0.3), Math.log(1 / 0.3)] as const;
const ATTEMPTS = 10;

/** A rectangle of 2 % to 33 % of the image, 0.3 to 3.3 times as high as wide; none if ten draws do not fit. */
export function drawRectangle(height: number, width: number, random: Random): Rectangle | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = random.uniform(...AREA) * height * width;
    const aspect = Math.exp(random.uniform(...ASPECT));
    const h = Math.round(Math.sqrt(area * aspect));
    const w = Math.round(Math.sqrt(area / aspect));
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    return { top: random.integer(height - h + 1), left: random.integer(width - w + 1), height: h, width: w };
  }
  return undefined;
}

/** Erases with the given probability, in place: values [height, width, channels] that start at `at` of `images`. */
export function erase(
  images: Float32Array,
  at: number,
  [height, width, channels]: readonly [number, number, number],
  probability: number,
  random: Random,
): void {
  if (!random.boolean(probability)) return;
  const rectangle = drawRectangle(height, width, random);
  if (rectangle === undefined) return;
  for (let row = rectangle.top; row < rectangle.top + rectangle.height; row++) {
    const from = at + (row * width + rectangle.left) * channels;
    random.normals(images, from, from + rectangle.width * channels);
  }
}
