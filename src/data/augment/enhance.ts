/**
 * Saturation, contrast, brightness and sharpness as Pillow's ImageEnhance has them: a blend of a degenerate image
 * and the image itself. Factor 0 gives the degenerate one, 1 the image, more than 1 leads away from the first.
 */
import { like, luma, type Picture, toByte } from './picture.ts';

/**
 * degenerate + factor * (image - degenerate), cut off to whole values as Image.blend does. Each value of the
 * degenerate image stands for `repeat` values of the image.
 */
function blend(picture: Picture, factor: number, degenerate: ArrayLike<number>, repeat: number): Picture {
  if (factor === 1) return picture;
  const { data } = picture;
  const out = new Float32Array(data.length);
  const alpha = Math.fround(factor); // Pillow counts in single precision
  for (let i = 0, place = 0; i < data.length; place++) {
    const from = degenerate[place];
    for (const end = i + repeat; i < end; i++) {
      out[i] = toByte(Math.fround(from + Math.fround(alpha * (data[i] - from))));
    }
  }
  return like(picture, out);
}

/** ImageEnhance.Color: away from grey. One channel has no colour and stays as it is. */
export function saturation(picture: Picture, factor: number): Picture {
  return picture.channels === 3 ? blend(picture, factor, luma(picture), 3) : picture;
}

/** ImageEnhance.Contrast: away from the mean luma, rounded. */
export function contrast(picture: Picture, factor: number): Picture {
  const grey = luma(picture);
  let sum = 0;
  for (let i = 0; i < grey.length; i++) sum += grey[i];
  return blend(picture, factor, [Math.floor(sum / grey.length + 0.5)], picture.data.length);
}

/** ImageEnhance.Brightness: away from black. */
export function brightness(picture: Picture, factor: number): Picture {
  return blend(picture, factor, [0], picture.data.length);
}

/** ImageEnhance.Sharpness: away from the smoothed image. */
export function sharpness(picture: Picture, factor: number): Picture {
  return blend(picture, factor, smoothed(picture), 1);
}

/** ImageFilter.SMOOTH: every neighbour once, the centre five times, over 13; the border is copied. */
function smoothed({ height, width, channels, data }: Picture): Float32Array {
  const out = data.slice();
  const line = width * channels;
  for (let row = 1; row < height - 1; row++) {
    for (let i = row * line + channels; i < (row + 1) * line - channels; i++) {
      let sum = 4 * data[i];
      for (let at = i - line; at <= i + line; at += line) {
        sum += data[at - channels] + data[at] + data[at + channels];
      }
      out[i] = toByte(sum / 13 + 0.5);
    }
  }
  return out;
}
