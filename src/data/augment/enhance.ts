/**
 * Saturation, contrast, brightness and sharpness as Pillow's ImageEnhance has them: a blend of a degenerate image
 * and the image itself. Factor 0 gives the degenerate one, 1 the image, more than 1 leads away from the first.
 *
 *   degenerate + factor * (image - degenerate), in single precision, cut off to whole values as Image.blend does
 */
import { before, lookUp, luma, type Picture, toByte } from './picture.ts';

/** factor * difference for differences of -255 to 255: what is left to a pixel is one addition. */
const products = new Float32Array(511);
const ZERO = 255;

function fillProducts(factor: number): void {
  const alpha = Math.fround(factor);
  for (let i = 0; i < products.length; i++) products[i] = alpha * (i - ZERO);
}

function blended(degenerate: number, value: number): number {
  return toByte(Math.fround(degenerate + products[ZERO + value - degenerate]));
}

const tables = new Uint8Array(4 * 256);

/** Away from one value that stands for all pixels. */
function blendWith(picture: Picture, factor: number, degenerate: number): void {
  fillProducts(factor);
  for (let value = 0; value < 256; value++) tables[value] = blended(degenerate, value);
  for (let c = 1; c < picture.channels; c++) tables.copyWithin(256 * c, 0, 256);
  lookUp(picture, tables);
}

/** ImageEnhance.Color: away from grey. One channel has no colour and stays as it is. */
export function saturation({ channels, data }: Picture, factor: number): void {
  if (channels !== 3 || factor === 1) return;
  fillProducts(factor);
  for (let i = 0; i + 2 < data.length; i += 3) {
    const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
    const grey = luma(red, green, blue);
    data[i] = blended(grey, red);
    data[i + 1] = blended(grey, green);
    data[i + 2] = blended(grey, blue);
  }
}

/** ImageEnhance.Contrast: away from the mean luma, rounded. */
export function contrast(picture: Picture, factor: number): void {
  if (factor === 1) return;
  const { height, width, channels, data } = picture;
  const pixels = height * width;
  let sum = 0;
  if (channels === 3) {
    for (let i = 0; i + 2 < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2]);
  } else {
    for (let i = 0; i < pixels; i++) sum += data[i];
  }
  blendWith(picture, factor, Math.floor(sum / pixels + 0.5));
}

/** ImageEnhance.Brightness: away from black. */
export function brightness(picture: Picture, factor: number): void {
  if (factor !== 1) blendWith(picture, factor, 0);
}

/**
 * ImageEnhance.Sharpness: away from the image smoothed by ImageFilter.SMOOTH, in which every neighbour counts once
 * and the centre five times, over 13, and the border stays.
 */
export function sharpness(picture: Picture, factor: number): void {
  if (factor === 1) return;
  fillProducts(factor);
  const { height, width, channels, data } = picture;
  const source = before(picture);
  const line = width * channels;
  for (let row = 1; row < height - 1; row++) {
    for (let i = row * line + channels; i < (row + 1) * line - channels; i++) {
      const value = source[i];
      const [above, below] = [i - line, i + line];
      const sum =
        source[above - channels] +
        source[above] +
        source[above + channels] +
        source[i - channels] +
        5 * value +
        source[i + channels] +
        source[below - channels] +
        source[below] +
        source[below + channels];
      data[i] = blended(toByte(sum / 13 + 0.5), value);
    }
  }
}
