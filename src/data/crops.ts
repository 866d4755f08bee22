/**
 * Which part of a picture a network sees. Training takes a random part, evaluation the middle (spec 6; torchvision's
 * RandomResizedCrop, and Resize(256) with CenterCrop(224) in one step).
 */
import type { Random } from '../core/random.ts';

export interface Size {
  readonly height: number;
  readonly width: number;
}

export interface Window extends Size {
  readonly top: number;
  readonly left: number;
}

/** How many times the size of what is trained a picture keeps at least, a side, before a part of it is brought to that size. */
export const DETAIL = 2;

/** Bytes of a picture of 4:3 of which parts are brought to this size, unless its file has fewer pixels. */
export function decodedBytes({ height, width }: Size): number {
  return Math.ceil((4 / 3) * 3 * DETAIL * height * DETAIL * width);
}

const AREA = [0.08, 1] as const;
const RATIO = [3 / 4, 4 / 3] as const;
const ATTEMPTS = 10;

/** 8 % to 100 % of the area, 3/4 to 4/3 as wide as high; after ten draws that do not fit, the largest middle part. */
export function randomWindow({ height, width }: Size, random: Random): Window {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = random.uniform(...AREA) * height * width;
    const ratio = Math.exp(random.uniform(Math.log(RATIO[0]), Math.log(RATIO[1])));
    const w = Math.round(Math.sqrt(area * ratio));
    const h = Math.round(Math.sqrt(area / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { top: random.integer(height - h + 1), left: random.integer(width - w + 1), height: h, width: w };
  }
  const ratio = Math.min(RATIO[1], Math.max(RATIO[0], width / height));
  const w = Math.max(1, Math.min(width, Math.round(height * ratio)));
  const h = Math.max(1, Math.min(height, Math.round(width / ratio)));
  return middle({ height, width }, { height: h, width: w });
}

/** The shorter side resized to 8/7 of the wanted size, of which the middle is seen: a square of 7/8 of that side. */
export function middleWindow(size: Size): Window {
  const side = Math.max(1, Math.round(Math.min(size.height, size.width) * (7 / 8)));
  return middle(size, { height: side, width: side });
}

function middle(size: Size, { height, width }: Size): Window {
  return { top: (size.height - height) >> 1, left: (size.width - width) >> 1, height, width };
}
