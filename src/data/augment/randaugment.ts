/**
 * RandAugment (Cubuk et al., 2020) in the increasing form that DeiT and the released ShiftAddNAS train with,
 * `rand-m9-mstd0.5-inc1` of timm: two operations an image, each drawn from fifteen and skipped half of the time,
 * of a magnitude that varies a little around the one asked for. In this form more magnitude is always more change.
 *
 *   draws per operation: which one, whether, magnitude, sign    always all four, so streams do not shift
 */
import type { Random } from '../../core/random.ts';
import { rotate, shearX, shearY, translateX, translateY } from './affine.ts';
import { brightness, contrast, saturation, sharpness } from './enhance.ts';
import type { Picture } from './picture.ts';
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from './tone.ts';

export interface RandAugmentOperation {
  readonly name: string;
  /** What a magnitude of 0 to 1 (10 of the paper's scale) means to it. */
  amount(level: number, sign: 1 | -1): number;
  /** In place. */
  apply(picture: Picture, amount: number, fill: readonly number[]): void;
}

const none = () => 0;
const signed = (most: number) => (level: number, sign: 1 | -1) => sign * most * level;
const factor = (level: number, sign: 1 | -1) => Math.max(0.1, 1 + sign * 0.9 * level);

/** In timm's order. Ranges: 30 degrees, shear 0.3, translation by 0.45 of the side, factors 0.1 to 1.9. */
export const RANDAUGMENT_OPERATIONS: readonly RandAugmentOperation[] = [
  { name: 'autoContrast', amount: none, apply: autoContrast },
  { name: 'equalize', amount: none, apply: equalize },
  { name: 'invert', amount: none, apply: invert },
  { name: 'rotate', amount: signed(30), apply: rotate },
  { name: 'posterize', amount: (level) => 4 - Math.trunc(level * 4), apply: posterize },
  { name: 'solarize', amount: (level) => 256 - Math.min(256, Math.trunc(level * 256)), apply: solarize },
  { name: 'solarizeAdd', amount: (level) => Math.min(128, Math.trunc(level * 110)), apply: solarizeAdd },
  { name: 'saturation', amount: factor, apply: saturation },
  { name: 'contrast', amount: factor, apply: contrast },
  { name: 'brightness', amount: factor, apply: brightness },
  { name: 'sharpness', amount: factor, apply: sharpness },
  { name: 'shearX', amount: signed(0.3), apply: shearX },
  { name: 'shearY', amount: signed(0.3), apply: shearY },
  { name: 'translateX', amount: signed(0.45), apply: translateX },
  { name: 'translateY', amount: signed(0.45), apply: translateY },
];

const LAYERS = 2;
const PROBABILITY = 0.5;
const DEVIATION = 0.5;

/** In place. magnitude: 0 to 10. fill: a value for each channel, 0 to 255, for what a shifted image no longer covers. */
export function randAugment(
  picture: Picture,
  magnitude: number,
  fill: readonly number[],
  random: Random,
): void {
  for (let layer = 0; layer < LAYERS; layer++) {
    const operation = random.choice(RANDAUGMENT_OPERATIONS);
    const applied = random.boolean(PROBABILITY);
    const level = Math.min(10, Math.max(0, magnitude + DEVIATION * random.normal())) / 10;
    const sign = random.boolean() ? -1 : 1;
    if (applied) operation.apply(picture, operation.amount(level, sign), fill);
  }
}
