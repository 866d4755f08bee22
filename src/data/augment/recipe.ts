/** How strongly images are changed for training; every part is off at its lowest value. */
import { require_ } from '../../core/errors.ts';

export interface Recipe {
  /** Magnitude of RandAugment, 0 to 10; 0: off. */
  readonly randAugment: number;
  /** Strength of colour jitter, 0 to 1; 0: off. */
  readonly jitter: number;
  /** Probability of random erasing. */
  readonly erasing: number;
  /** Parameters of the Beta distributions of mixup and cutmix; 0: off. */
  readonly mixup: number;
  readonly cutmix: number;
  /** How often a batch holds each of its images, changed anew each time (Hoffer et al., 2020). */
  readonly repeats: number;
}

export const PLAIN_RECIPE: Recipe = {
  randAugment: 0,
  jitter: 0,
  erasing: 0,
  mixup: 0,
  cutmix: 0,
  repeats: 1,
};

export function isPlain(recipe: Recipe): boolean {
  return (Object.keys(PLAIN_RECIPE) as (keyof Recipe)[]).every((key) => recipe[key] === PLAIN_RECIPE[key]);
}

/** Whether making a batch costs enough for threads of its own: what goes through every pixel more than once. */
export function isHeavy({ randAugment, jitter, erasing }: Recipe): boolean {
  return randAugment > 0 || jitter > 0 || erasing > 0;
}

/** Throws `usage` for amounts out of range, and for a batch that cannot hold its images equally often. */
export function checkRecipe(recipe: Recipe, batchSize: number): void {
  const most = { randAugment: 10, jitter: 1, erasing: 1, mixup: 100, cutmix: 100, repeats: batchSize };
  for (const key of Object.keys(PLAIN_RECIPE) as (keyof Recipe)[]) {
    const [value, low, high] = [recipe[key], PLAIN_RECIPE[key], most[key]];
    require_(
      value >= low && value <= high,
      'usage',
      () => `${key} must be between ${low} and ${high}, but is ${value}; change it`,
      { name: key, value },
    );
  }
  const { repeats } = recipe;
  require_(
    batchSize % repeats === 0,
    'usage',
    () => `a batch of ${batchSize} cannot hold each image ${repeats} times; make the batch a multiple of it`,
    { batchSize, repeats },
  );
}
