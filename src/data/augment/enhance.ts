/**
 * Saturation, contrast, brightness and sharpness as Pillow's ImageEnhance has them: a blend of a degenerate image
 * and the image itself. Factor 0 gives the degenerate one, 1 the image, more than 1 leads away from the first.
 */
import { blended, type Picture } from './picture.ts';

const tables = new Uint8Array(4 * 256);

/** Away from one value that stands for all pixels. */
function blendWith(picture: Picture, factor: number, degenerate: number): void {
  for (let value = 0; value < 256; value++) tables[value] = blended(degenerate, value, factor);
  for (let c = 1; c < picture.channels; c++) tables.copyWithin(256 * c, 0, 256);
  picture.lookUp(tables);
}

/** ImageEnhance.Color: away from grey. One channel has no colour and stays as it is. */
export function saturation(picture: Picture, factor: number): void {
  if (picture.channels === 3 && factor !== 1) picture.saturate(factor);
}

/** ImageEnhance.Contrast: away from the mean luma, rounded. */
export function contrast(picture: Picture, factor: number): void {
  if (factor === 1) return;
  const pixels = picture.height * picture.width;
  blendWith(picture, factor, Math.floor(picture.lumaSum() / pixels + 0.5));
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
  if (factor !== 1) picture.sharpen(factor);
}
