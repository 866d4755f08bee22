import { require_ } from '../../core/errors.ts';
import { countLayers, countSide, countTranslation, layerChoices } from './count.ts';
import {
  type GeneValue,
  joinSides,
  type LayerGenes,
  type Side,
  type SideChoices,
  type SideName,
  sideChoices,
  sideOf,
} from './genes.ts';
import { validateTranslation } from './genotype.ts';
import type { TranslationGenotype } from './network.ts';
import type { TranslationSpace } from './space.ts';

/**
 * Every network of a space has a number in [0, count): sides, widths, depths and the genes of the layers are digits of a
 * mixed-radix number, the last gene of the last decoder layer fastest. The numbering is one to one, so an integer drawn
 * uniformly is a network drawn uniformly, with nothing listed in memory.
 */

/** The network with number `index`. Throws `usage` when the space has no such number. */
export function translationAt(space: TranslationSpace, index: bigint): TranslationGenotype {
  const total = countTranslation(space);
  require_(
    index >= 0n && index < total,
    'usage',
    () => `space '${space.name}' numbers its architectures 0 to ${total - 1n}, got ${index}`,
  );
  const decoders = countSide(space, 'decoder');
  return joinSides(
    sideAt(sideChoices(space, 'encoder'), index / decoders),
    sideAt(sideChoices(space, 'decoder'), index % decoders),
  );
}

function sideAt(choices: SideChoices, index: bigint): Side {
  const widths = BigInt(choices.width.length);
  const width = choices.width[Number(index % widths)];
  let rest = index / widths;
  for (const depth of choices.depths) {
    const held = countLayers(choices, depth);
    if (rest < held) return { width, layers: layersAt(choices, depth, rest) };
    rest -= held;
  }
  throw new RangeError('a side has no such number');
}

/** The way with number `index` to choose `depth` layers. */
export function layersAt(choices: SideChoices, depth: number, index: bigint): LayerGenes[] {
  const radix = BigInt(layerChoices(choices));
  const layers = new Array<LayerGenes>(depth);
  let rest = index;
  for (let i = depth - 1; i >= 0; i--) {
    layers[i] = layerAt(choices, Number(rest % radix));
    rest /= radix;
  }
  return layers;
}

/** A side has few different layers, and a search draws them for ever: each is made once. */
const made = new WeakMap<SideChoices, Map<number, LayerGenes>>();

function layerAt(choices: SideChoices, index: number): LayerGenes {
  let layers = made.get(choices);
  if (layers === undefined) {
    layers = new Map();
    made.set(choices, layers);
  }
  let layer = layers.get(index);
  if (layer === undefined) {
    layer = newLayer(choices, index);
    layers.set(index, layer);
  }
  return layer;
}

function newLayer({ genes }: SideChoices, index: number): LayerGenes {
  const values = new Array<GeneValue>(genes.length);
  let rest = index;
  for (let i = genes.length - 1; i >= 0; i--) {
    const choices = genes[i].values;
    values[i] = choices[rest % choices.length];
    rest = Math.floor(rest / choices.length);
  }
  return Object.fromEntries(genes.map(({ name }, i) => [name, values[i]]));
}

/** The number of a network; the inverse of `translationAt`. Throws `usage` when it is not of this space. */
export function translationNumber(space: TranslationSpace, genotype: TranslationGenotype): bigint {
  validateTranslation(space, genotype);
  const number = (side: SideName) => sideNumber(sideChoices(space, side), sideOf(genotype, side));
  return number('encoder') * countSide(space, 'decoder') + number('decoder');
}

function sideNumber(choices: SideChoices, { width, layers }: Side): bigint {
  let first = 0n;
  for (const depth of choices.depths) {
    if (depth === layers.length) break;
    first += countLayers(choices, depth);
  }
  const radix = BigInt(layerChoices(choices));
  const within = layers.reduce((sum, layer) => sum * radix + BigInt(layerNumber(choices, layer)), 0n);
  return (first + within) * BigInt(choices.width.length) + BigInt(choices.width.indexOf(width));
}

function layerNumber({ genes }: SideChoices, layer: LayerGenes): number {
  return genes.reduce((sum, { name, values }) => sum * values.length + values.indexOf(layer[name]), 0);
}
