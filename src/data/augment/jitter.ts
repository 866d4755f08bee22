/** Colour jitter: brightness, contrast and saturation by random factors, in random order (torchvision's ColorJitter). */
import type { Random } from '../../core/random.ts';
import { brightness, contrast, saturation } from './enhance.ts';
import type { Picture } from './picture.ts';

const OPERATIONS = [brightness, contrast, saturation];

/** In place. strength: factors are uniform in [1 - strength, 1 + strength], not below 0. */
export function colourJitter(picture: Picture, strength: number, random: Random): void {
  for (const operation of random.shuffle(OPERATIONS)) {
    operation(picture, random.uniform(Math.max(0, 1 - strength), 1 + strength));
  }
}
