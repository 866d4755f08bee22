/**
 * A translation genotype as genes: each side is a width and a list of layers, each layer one value for every gene of
 * its side. Drawing, counting and moving work on this form, and are written once for both sides.
 */
import type { DecoderLayer, EncoderLayer, TranslationGenotype } from './network.ts';
import type { TranslationSpace } from './space.ts';

export const SIDES = ['encoder', 'decoder'] as const;
export type SideName = (typeof SIDES)[number];

export type GeneValue = string | number;
/** The genes of one layer. */
export type LayerGenes = Readonly<Record<string, GeneValue>>;

export interface Side {
  readonly width: number;
  readonly layers: readonly LayerGenes[];
}

/** The genes of a layer, in the order of its word. */
const GENES = {
  encoder: ['block', 'heads', 'feedForward'],
  decoder: ['block', 'heads', 'crossHeads', 'sources', 'feedForward'],
} as const satisfies Record<SideName, readonly string[]>;

/** What a side of a space may be. */
export interface SideChoices {
  readonly width: readonly number[];
  readonly depths: readonly number[];
  readonly genes: readonly { readonly name: string; readonly values: readonly GeneValue[] }[];
}

const known = new WeakMap<TranslationSpace, Readonly<Record<SideName, SideChoices>>>();

export function sideChoices(space: TranslationSpace, side: SideName): SideChoices {
  let choices = known.get(space);
  if (choices === undefined) {
    choices = { encoder: choicesOf(space, 'encoder'), decoder: choicesOf(space, 'decoder') };
    known.set(space, choices);
  }
  return choices[side];
}

function choicesOf(space: TranslationSpace, side: SideName): SideChoices {
  const { width, layers, ...lists } = space[side];
  const values: Readonly<Record<string, readonly GeneValue[]>> = lists;
  return { width, depths: layers, genes: GENES[side].map((name) => ({ name, values: values[name] })) };
}

export function sideOf(genotype: TranslationGenotype, side: SideName): Side {
  const layers: readonly object[] = side === 'encoder' ? genotype.encoderLayers : genotype.decoderLayers;
  return { width: genotype[side], layers: layers as readonly LayerGenes[] };
}

export function joinSides(encoder: Side, decoder: Side): TranslationGenotype {
  return {
    encoder: encoder.width,
    decoder: decoder.width,
    encoderLayers: encoder.layers as readonly object[] as readonly EncoderLayer[],
    decoderLayers: decoder.layers as readonly object[] as readonly DecoderLayer[],
  };
}

/** The genotype with both sides changed, encoder first. */
export function mapSides(
  genotype: TranslationGenotype,
  change: (side: Side, name: SideName) => Side,
): TranslationGenotype {
  const encoder = change(sideOf(genotype, 'encoder'), 'encoder');
  return joinSides(encoder, change(sideOf(genotype, 'decoder'), 'decoder'));
}
