/**
 * Shear, translation and rotation as Pillow's Image.transform(AFFINE, BILINEAR): each pixel of the result looks up
 * the place that a matrix gives it. A place outside the image gets the fill colour.
 *
 *   [x', y'] = [a b c; d e f] [x, y, 1]    x to the right, y down, pixel centres at .5
 */
import { before, type Picture } from './picture.ts';

export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function affine(picture: Picture, [a, b, c, d, e, f]: Matrix, fill: readonly number[]): void {
  const { height, width, channels, data } = picture;
  const source = before(picture);
  const line = width * channels;
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = a * (column + 0.5) + b * (row + 0.5) + c;
      const y = d * (column + 0.5) + e * (row + 0.5) + f;
      if (x < 0 || x >= width || y < 0 || y >= height) {
        for (let channel = 0; channel < channels; channel++) data[to++] = fill[channel];
        continue;
      }
      const left = Math.floor(x - 0.5);
      const top = Math.floor(y - 0.5);
      const dx = x - 0.5 - left;
      const dy = y - 0.5 - top;
      const upper = top < 0 ? 0 : top * line;
      const lower = top + 1 < height ? (top + 1) * line : (height - 1) * line;
      const west = left < 0 ? 0 : left * channels;
      const east = left + 1 < width ? (left + 1) * channels : (width - 1) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const above = between(source[upper + west + channel], source[upper + east + channel], dx);
        const below = between(source[lower + west + channel], source[lower + east + channel], dx);
        data[to++] = between(above, below, dy);
      }
    }
  }
}

/** In Pillow's order of arithmetic: the result is cut off to whole values, so the last bit counts. */
function between(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** Each row is shifted by `amount` of its distance from the top. */
export function shearX(picture: Picture, amount: number, fill: readonly number[]): void {
  affine(picture, [1, amount, 0, 0, 1, 0], fill);
}

export function shearY(picture: Picture, amount: number, fill: readonly number[]): void {
  affine(picture, [1, 0, 0, amount, 1, 0], fill);
}

/** By a share of the width; a positive one moves the content to the left. */
export function translateX(picture: Picture, share: number, fill: readonly number[]): void {
  affine(picture, [1, 0, share * picture.width, 0, 1, 0], fill);
}

/** By a share of the height; a positive one moves the content up. */
export function translateY(picture: Picture, share: number, fill: readonly number[]): void {
  affine(picture, [1, 0, 0, 0, 1, share * picture.height], fill);
}

/** About the centre, counter-clockwise, in degrees; the size stays. */
export function rotate(picture: Picture, degrees: number, fill: readonly number[]): void {
  const angle = (-degrees * Math.PI) / 180;
  const cos = exact(Math.cos(angle));
  const sin = exact(Math.sin(angle));
  const [x, y] = [picture.width / 2, picture.height / 2];
  affine(picture, [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y], fill);
}

/** To 15 decimals as Pillow does, so that a right angle is one. */
function exact(value: number): number {
  return Number(value.toFixed(15));
}
