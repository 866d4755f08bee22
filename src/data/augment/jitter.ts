/** Colour jitter: brightness, contrast and saturation by random factors, in random order (torchvision's ColorJitter). */
import type { Random } from '../../core/random.ts';
import { brightness, contrast, saturation } from './enhance.ts';
import type { Picture } from './picture.ts';

const OPERATIONS = [brightness, contrast, saturation];

/** strength: factors are uniform in [1 - strength, 1 + strength], not below 0. */
export function colourJitter(picture: Picture, strength: number, random: Random): Picture {
  let result = picture;
  for (const operation of random.shuffle(OPERATIONS)) {
    result = operation(result, random.uniform(Math.max(0, 1 - strength), 1 + strength));
  }
  return result;
}
