/**
 * Published training recipes as settings, with where they were read. A recipe is used by name or, for a network of the
 * zoo, as `published`. Everywhere norms and biases do not decay, networks end with recalibrated norms, and adders and
 * shifts are used as published: N(0, 1) adder weights with the local rate eta, shift weights rounded as they are
 * (transformation none). Images that are decoded while training come in parts of random sizes, whatever the recipe; those
 * held in memory are shifted.
 *
 * `spec N` is a section of the notes this program was written from, which quote the repositories named there.
 */
import { nearest, ShiftAddError } from '../core/errors.ts';
import { BASELINE_NETWORKS, findBaseline, type NamedBaseline } from '../zoo/index.ts';
import type { RunConfig } from './options.ts';

export interface TrainingRecipe {
  readonly title: string;
  readonly source: string;
  /** What could not be read in a source and is from memory or chosen here. */
  readonly unconfirmed: string;
  readonly settings: Partial<RunConfig>;
}

/** Of all of them: no label smoothing, no warm-up, padded by four black pixels, mirrored where the data allows it. */
const PLAIN = {
  smoothing: 0,
  warmup: 0,
  cropPad: 4,
  padding: 'black',
  transformation: 'none',
} as const satisfies Partial<RunConfig>;

export const RECIPES = {
  resnet: {
    title: 'convolution on CIFAR',
    source:
      'He et al. 2016, 4.2: SGD 0.1, decay 1e-4, batches of 128, a tenth of the rate at 1/2 and 3/4 of 64,000 steps',
    unconfirmed: 'all of it is from memory; 164 epochs are 64,000 steps over 50,000 images',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'sgd', rate: 0.1, decay: 1e-4, batch: 128, epochs: 164 },
      ...{ schedule: 'steps', milestones: '0.5,0.75' },
    },
  },
  addernet: {
    title: 'AdderNet on CIFAR',
    source:
      'AdderNet (CVPR 2020) and its repository (spec 10.1, 4.1): SGD 0.1 cosine, decay 5e-4, 400 epochs, batches of 256, eta 0.2',
    unconfirmed:
      'momentum without Nesterov; users report that eta 0.1 and 0.2 both stand in the sources (spec 4.1)',
    settings: {
      ...PLAIN,
      ...{
        optimiser: 'sgd',
        rate: 0.1,
        decay: 5e-4,
        batch: 256,
        epochs: 400,
        schedule: 'cosine',
        adderEta: 0.2,
      },
    },
  },
  'addernet-imagenet': {
    title: 'AdderNet on ImageNet',
    source:
      'AdderNet (CVPR 2020), 4.2: SGD with Nesterov momentum, cosine, decay 1e-4, 150 epochs, batches of 256',
    unconfirmed: 'all of it is from memory; eta as on CIFAR',
    settings: {
      ...PLAIN,
      ...{
        optimiser: 'nesterov',
        rate: 0.1,
        decay: 1e-4,
        batch: 256,
        epochs: 150,
        schedule: 'cosine',
        adderEta: 0.2,
      },
    },
  },
  deepshift: {
    title: 'DeepShift-Q on CIFAR',
    source: 'DeepShift repository (spec 10.2): rate 0.01 from scratch',
    unconfirmed:
      'SGD with momentum, 200 epochs, a tenth of the rate at 1/2 and 3/4, decay 1e-4, batches of 128',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'sgd', rate: 0.01, decay: 1e-4, batch: 128, epochs: 200, shift: 'Q' },
      ...{ schedule: 'steps', milestones: '0.5,0.75' },
    },
  },
  'deepshift-ps': {
    title: 'DeepShift-PS on CIFAR',
    source: 'DeepShift repository (spec 10.2) and its issue 8 (spec 4.2): rate 0.01, RAdam',
    unconfirmed: '200 epochs, a tenth of the rate at 1/2 and 3/4, decay 1e-4, batches of 128',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'radam', rate: 0.01, decay: 1e-4, batch: 128, epochs: 200, shift: 'PS' },
      ...{ schedule: 'steps', milestones: '0.5,0.75' },
    },
  },
  'deepshift-imagenet': {
    title: 'DeepShift-Q on ImageNet',
    source:
      'DeepShift repository (spec 10.2): rate 0.01 from scratch, 15 epochs, a tenth of the rate every 5',
    unconfirmed: 'SGD with momentum, decay 1e-4, batches of 256',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'sgd', rate: 0.01, decay: 1e-4, batch: 256, epochs: 15, shift: 'Q' },
      ...{ schedule: 'steps', milestones: '0.3333,0.6667' },
    },
  },
  'deepshift-ps-imagenet': {
    title: 'DeepShift-PS on ImageNet',
    source:
      'DeepShift repository (spec 10.2): rate 0.01 from scratch, 15 epochs, a tenth of the rate every 5, RAdam',
    unconfirmed: 'decay 1e-4, batches of 256',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'radam', rate: 0.01, decay: 1e-4, batch: 256, epochs: 15, shift: 'PS' },
      ...{ schedule: 'steps', milestones: '0.3333,0.6667' },
    },
  },
  shiftaddnet: {
    title: 'ShiftAddNet on CIFAR',
    source:
      'ShiftAddNet (NeurIPS 2020) and its repository (spec 10.3): SGD 0.1, 160 epochs, a tenth at 80 and 120, decay 1e-4, batches of 256, PS shifts of 5 bits',
    unconfirmed: 'eta 0.2 as in AdderNet; its 8-bit training is left out',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'sgd', rate: 0.1, decay: 1e-4, batch: 256, epochs: 160, adderEta: 0.2, shift: 'PS' },
      ...{ schedule: 'steps', milestones: '0.5,0.75' },
    },
  },
  imagenet: {
    title: 'convolution on ImageNet',
    source:
      'He et al. 2016, 3.4, in the form of the PyTorch examples: SGD 0.1, decay 1e-4, batches of 256, 90 epochs, a tenth at 30 and 60',
    unconfirmed:
      'all of it is from memory; images come in parts of random sizes only where they are decoded while training, as ImageNet is',
    settings: {
      ...PLAIN,
      ...{ optimiser: 'sgd', rate: 0.1, decay: 1e-4, batch: 256, epochs: 90 },
      ...{ schedule: 'steps', milestones: '0.3333,0.6667' },
    },
  },
  deit: {
    title: 'vision transformers',
    source:
      'DeiT as the release of ShiftAddNAS retrains (spec 6.1, 6.4): AdamW 5e-4 for batches of 512, decay 0.05, 300 epochs, cosine, RandAugment 9, mixup 0.8, cutmix 1, erasing 0.25, smoothing 0.1, drop path 0.1, average 0.99996',
    unconfirmed:
      'the rate is for batches of 512; the warm-up takes a twentieth of the training instead of 5 epochs; drop path grows from branch to branch, two to a layer',
    settings: {
      ...{
        optimiser: 'adamw',
        rate: 5e-4,
        decay: 0.05,
        batch: 512,
        epochs: 300,
        schedule: 'cosine',
        warmup: 1_000_000,
      },
      ...{
        smoothing: 0.1,
        randAugment: 9,
        jitter: 0.4,
        erasing: 0.25,
        mixup: 0.8,
        cutmix: 1,
        dropPath: 0.1,
        averaging: 0.99996,
      },
    },
  },
} as const satisfies Record<string, TrainingRecipe>;

export type RecipeName = keyof typeof RECIPES;
export const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];

/**
 * The recipe a network of the zoo was published with; undefined where nobody published one that can be followed here:
 * adders in MobileNetV2 and transformers, and MobileNetV2 itself, which was trained by RMSprop.
 */
export function publishedRecipe({ base, variant, shift }: NamedBaseline): RecipeName | undefined {
  const small = /-cifar$|^resnet-(20|32)$|^vgg-small$/.test(base);
  if (base.startsWith('vit')) return variant === 'conv' ? 'deit' : undefined;
  const mobile = base.startsWith('mobilenet');
  switch (variant) {
    case 'conv':
      return mobile ? undefined : small ? 'resnet' : 'imagenet';
    case 'adder':
      return mobile ? undefined : small ? 'addernet' : 'addernet-imagenet';
    case 'shift': {
      const form = shift === 'PS' ? 'deepshift-ps' : 'deepshift';
      return small ? form : `${form}-imagenet`;
    }
    case 'shiftadd':
      return small && !mobile ? 'shiftaddnet' : undefined;
  }
}

/**
 * Settings of a recipe: by its name, or `published` for the networks that are trained, which must then have one and the
 * same. Throws 'usage' otherwise.
 */
export function recipeSettings(name: string, networks: readonly string[]): Partial<RunConfig> {
  if (name !== 'published') return RECIPES[recipeNamed(name)].settings;
  const found = networks.map((word) => [word, publishedFor(word)] as const);
  const [first] = found;
  const other = found.find(([, recipe]) => recipe !== first[1]);
  if (other !== undefined) {
    throw new ShiftAddError(
      'usage',
      `a comparison has one recipe, but that of ${first[0]} is ${first[1]} and that of ${other[0]} is ${other[1]}; name one of ${RECIPE_NAMES.join(', ')}`,
      { recipe: name },
    );
  }
  return RECIPES[first[1]].settings;
}

function recipeNamed(name: string): RecipeName {
  if (Object.hasOwn(RECIPES, name)) return name as RecipeName;
  const near = nearest(name, ['published', ...RECIPE_NAMES]);
  throw new ShiftAddError(
    'usage',
    `--recipe is published or one of ${RECIPE_NAMES.join(', ')}, but got "${name}"${near ? `; did you mean ${near}?` : ''}`,
    { recipe: name },
  );
}

function publishedFor(word: string): RecipeName {
  const baseline = findBaseline(word);
  const recipe = baseline === undefined ? undefined : publishedRecipe(baseline);
  if (recipe !== undefined) return recipe;
  const why =
    baseline === undefined
      ? `is none of the ${Object.keys(BASELINE_NETWORKS).length} names it knows`
      : 'was published with none';
  throw new ShiftAddError(
    'usage',
    `--recipe published needs a network of the zoo with a recipe, but ${word} ${why}; name one of ${RECIPE_NAMES.join(', ')}`,
    { recipe: 'published', network: word },
  );
}
