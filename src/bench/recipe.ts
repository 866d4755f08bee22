/** The full recipe of augmentation, images that stand for CIFAR's, and batches of them. */
import { Random } from '../core/random.ts';
import { PLAIN_RECIPE, type Recipe } from '../data/augment/recipe.ts';
import type { BatchOptions } from '../data/batches.ts';

/** As DeiT trains (Touvron et al., 2021): with the crop and the mirror of CIFAR. */
export const FULL_RECIPE: Recipe = {
  ...{ randAugment: 9, jitter: 0.4, erasing: 0.25 },
  ...{ mixup: 0.8, cutmix: 1, repeats: 1 },
};

/** Smooth slopes under noise: every tone occurs, and nothing is quicker than it would be on photographs. */
export function drawnImages(count: number, side: number, classes: number): BatchOptions['set'] {
  const random = Random.fromSeed(2);
  const pixels = new Uint8Array(count * side * side * 3);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = 100 + 60 * Math.sin(i / (7 * side)) + (random.uint32() & 63);
  }
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  return { count, height: side, width: side, channels: 3, pixels, labels };
}

/** Options for batches of drawn images, shuffled, cropped and mirrored. */
export function recipeOptions(
  recipe: Partial<Recipe>,
  { side, batch, classes }: { readonly side: number; readonly batch: number; readonly classes: number },
): BatchOptions {
  return {
    set: drawnImages(IMAGES, side, classes),
    normal: {
      classes: Array.from({ length: classes }, (_, i) => `${i}`),
      ...{ mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.2, 0.2] },
    },
    batchSize: batch,
    random: Random.fromSeed(3).state(),
    augmentation: { mirror: true, cropPad: 4, padding: 'edge' },
    smoothing: 0.1,
    recipe: { ...PLAIN_RECIPE, ...recipe },
  };
}

const IMAGES = 1024;
