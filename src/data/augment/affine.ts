/**
 * Shear, translation and rotation as Pillow's Image.transform(AFFINE, BILINEAR): each pixel of the result looks up
 * the place that a matrix gives it. A place outside the image gets the fill colour.
 */
import type { Picture } from './picture.ts';

/** Each row is shifted by `amount` of its distance from the top. */
export function shearX(picture: Picture, amount: number, fill: readonly number[]): void {
  picture.transform([1, amount, 0, 0, 1, 0], fill);
}

export function shearY(picture: Picture, amount: number, fill: readonly number[]): void {
  picture.transform([1, 0, 0, amount, 1, 0], fill);
}

/** By a share of the width; a positive one moves the content to the left. */
export function translateX(picture: Picture, share: number, fill: readonly number[]): void {
  picture.transform([1, 0, share * picture.width, 0, 1, 0], fill);
}

/** By a share of the height; a positive one moves the content up. */
export function translateY(picture: Picture, share: number, fill: readonly number[]): void {
  picture.transform([1, 0, 0, 0, 1, share * picture.height], fill);
}

/** About the centre, counter-clockwise, in degrees; the size stays. */
export function rotate(picture: Picture, degrees: number, fill: readonly number[]): void {
  const angle = (-degrees * Math.PI) / 180;
  const cos = exact(Math.cos(angle));
  const sin = exact(Math.sin(angle));
  const [x, y] = [picture.width / 2, picture.height / 2];
  picture.transform([cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y], fill);
}

/** To 15 decimals as Pillow does, so that a right angle is one. */
function exact(value: number): number {
  return Number(value.toFixed(15));
}
