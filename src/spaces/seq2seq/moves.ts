import type { Random } from '../../core/random.ts';
import type { SampleMode } from '../sample.ts';
import {
  type LayerGenes,
  mapSides,
  SIDES,
  type Side,
  type SideChoices,
  sideChoices,
  sideOf,
} from './genes.ts';
import type { TranslationGenotype } from './network.ts';
import { sampleTranslation } from './sample.ts';
import type { TranslationSpace } from './space.ts';

/**
 * The moves of the evolution (spec 7.5), on genes: widths, numbers of layers, and what each layer is made of. A side
 * that loses layers loses the last ones; one that gains layers keeps those it has. The release carries genes of layers
 * that are not there and may bring them back; here a layer that comes is drawn.
 */
export interface TranslationRates {
  /** Probability that a gene is redrawn (it may draw the same). */
  readonly gene: number;
  /** Probability of a fresh random network instead. */
  readonly replacement: number;
  /** How a replacement is drawn. */
  readonly sampling?: SampleMode;
}

/** The released settings (spec 7.5). Of some 50 genes they redraw 15, so a child has little of its parent left. */
export const PUBLISHED_TRANSLATION_RATES: TranslationRates = { gene: 0.3, replacement: 0 };
/** The default: a few genes. Most algorithms find better networks so; NSGA-II and the predictor, about equally good ones. */
export const DEFAULT_TRANSLATION_RATES: TranslationRates = { gene: 0.1, replacement: 0 };

export function mutateTranslation(
  space: TranslationSpace,
  parent: TranslationGenotype,
  random: Random,
  rates: TranslationRates = DEFAULT_TRANSLATION_RATES,
): TranslationGenotype {
  if (random.boolean(rates.replacement)) return sampleTranslation(space, random, rates.sampling);
  return mapSides(parent, ({ width, layers }, name) => {
    const choices = sideChoices(space, name);
    const gene = <T>(value: T, values: readonly T[]): T =>
      random.boolean(rates.gene) ? random.choice(values) : value;
    const nextWidth = gene(width, choices.width);
    const depth = gene(layers.length, choices.depths);
    const kept = layers
      .slice(0, depth)
      .map((layer) => layerOf(choices, (gene_, values) => gene(layer[gene_], values)));
    const gained = Array.from({ length: depth - kept.length }, () =>
      layerOf(choices, (_, values) => random.choice(values)),
    );
    return { width: nextWidth, layers: [...kept, ...gained] };
  });
}

/** A child whose every gene is that of either parent; a layer that only one parent has is its layer. */
export function crossTranslation(
  space: TranslationSpace,
  a: TranslationGenotype,
  b: TranslationGenotype,
  random: Random,
): TranslationGenotype {
  return mapSides(a, (first, name) => {
    const second = sideOf(b, name);
    const either = <T>(one: T, other: T): T => (random.boolean() ? one : other);
    const width = either(first.width, second.width);
    const depth = either(first.layers.length, second.layers.length);
    const layers = Array.from({ length: depth }, (_, i) => {
      const [one, other] = [first.layers[i] ?? second.layers[i], second.layers[i] ?? first.layers[i]];
      return layerOf(sideChoices(space, name), (gene) => either(one[gene], other[gene]));
    });
    return { width, layers };
  });
}

type Choose = (gene: string, values: SideChoices['genes'][number]['values']) => LayerGenes[string];

function layerOf({ genes }: SideChoices, choose: Choose): LayerGenes {
  return Object.fromEntries(genes.map(({ name, values }) => [name, choose(name, values)]));
}

/**
 * All networks one change away, in a fixed order, encoder first: another width; the next fewer and the next more layers,
 * where those that come are copies of the last one with each block in turn; another value of one gene of one layer.
 */
export function translationNeighbours(
  space: TranslationSpace,
  parent: TranslationGenotype,
): TranslationGenotype[] {
  return SIDES.flatMap((side) => {
    const choices = sideChoices(space, side);
    return changedSides(choices, sideOf(parent, side)).map((changed) =>
      mapSides(parent, (same, name) => (name === side ? changed : same)),
    );
  });
}

function changedSides(choices: SideChoices, { width, layers }: Side): Side[] {
  const widths = choices.width.filter((other) => other !== width).map((other) => ({ width: other, layers }));
  const genes = layers.flatMap((layer, i) =>
    choices.genes.flatMap(({ name, values }) =>
      values
        .filter((value) => value !== layer[name])
        .map((value) => ({ width, layers: layers.with(i, { ...layer, [name]: value }) })),
    ),
  );
  const depths = [...choices.depths].sort((a, b) => a - b);
  const fewer = depths.findLast((depth) => depth < layers.length);
  const more = depths.find((depth) => depth > layers.length);
  const blocks = choices.genes.find(({ name }) => name === 'block')?.values ?? [];
  const shorter = fewer === undefined ? [] : [{ width, layers: layers.slice(0, fewer) }];
  const longer =
    more === undefined ? [] : blocks.map((block) => ({ width, layers: lengthened(layers, more, block) }));
  return [...widths, ...shorter, ...longer, ...genes];
}

function lengthened(layers: readonly LayerGenes[], depth: number, block: LayerGenes[string]): LayerGenes[] {
  const last = layers[layers.length - 1];
  return Array.from({ length: depth }, (_, i) => layers[i] ?? { ...last, block });
}
