/** Class names as the publishers of the sets list them. */

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Fashion-MNIST: Xiao, Rasul, Vollgraf, 2017, table of labels. */
const FASHION = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Kuzushiji-MNIST: Clanuwat et al., 2018; readings of the ten hiragana. */
const KUZUSHIJI = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'];

export interface SetNames {
  readonly classes: readonly string[];
  /** Whether a mirrored image keeps its class. */
  readonly mirrorable: boolean;
}

/** The four IDX files are named alike in every set; the folder's name tells them apart. */
export function namesFor(directory: string): SetNames {
  const parts = directory.toLowerCase().split(/[\\/]/).filter(Boolean).slice(-2).join('/');
  if (parts.includes('fashion')) return { classes: FASHION, mirrorable: true };
  if (parts.includes('kmnist') || parts.includes('kuzushiji'))
    return { classes: KUZUSHIJI, mirrorable: false };
  return { classes: DIGITS, mirrorable: false };
}

/** CIFAR-10, batches.meta.txt. */
export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** CIFAR-100, fine_label_names.txt. */
export const CIFAR100_CLASSES = (
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can ' +
  'castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin ' +
  'elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster ' +
  'man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck ' +
  'pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk ' +
  'skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger ' +
  'tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm'
).split(' ');
