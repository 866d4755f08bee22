import { require_, ShiftAddError } from '../../core/errors.ts';
import {
  type GeneValue,
  joinSides,
  type LayerGenes,
  SIDES,
  type Side,
  type SideName,
  sideChoices,
  sideOf,
} from './genes.ts';
import { SEQUENCE_BLOCKS, type TranslationGenotype } from './network.ts';
import type { TranslationSpace } from './space.ts';

/**
 * A translation genotype as one word: the embedding widths, a colon, the encoder's layers, a bar, the decoder's.
 *
 *   512-512:A8f1024.AD8f3072|A16x8s3f4096      A8f1024       block A, 8 heads, feed-forward 1024
 *                                              A16x8s3f4096  16 heads, 8 to the encoder's last 3 layers
 *
 * The same network always gives the same word, so the word is also its key in journals, files and visited sets.
 */
interface Part {
  readonly gene: string;
  /** What stands before its value. */
  readonly mark: string;
  readonly pattern: RegExp;
  /** What it is, for messages. */
  readonly what: string;
}

const NUMBER = /^[1-9]\d{0,5}/;
// Longer blocks first, so that AC is not read as A.
const BLOCK = new RegExp(`^(${[...SEQUENCE_BLOCKS].sort((a, b) => b.length - a.length).join('|')})`);
const block: Part = {
  gene: 'block',
  mark: '',
  pattern: BLOCK,
  what: `a block, one of ${SEQUENCE_BLOCKS.join(', ')}`,
};
const heads: Part = { gene: 'heads', mark: '', pattern: NUMBER, what: 'a number of heads' };
const crossHeads: Part = {
  ...{ gene: 'crossHeads', mark: 'x', pattern: NUMBER, what: "'x' and the number of heads to the encoder" },
};
const sources: Part = {
  ...{ gene: 'sources', mark: 's', pattern: /^[123]/, what: "'s' and 1, 2 or 3 encoder layers to attend to" },
};
const feedForward: Part = {
  ...{ gene: 'feedForward', mark: 'f', pattern: NUMBER, what: "'f' and the feed-forward width" },
};

const PARTS: Readonly<Record<SideName, readonly Part[]>> = {
  encoder: [block, heads, feedForward],
  decoder: [block, heads, crossHeads, sources, feedForward],
};

/** The word of a genotype. */
export function encodeTranslation(genotype: TranslationGenotype): string {
  const sides = SIDES.map((name) =>
    sideOf(genotype, name)
      .layers.map((layer) => PARTS[name].map(({ gene, mark }) => `${mark}${layer[gene]}`).join(''))
      .join('.'),
  );
  return `${genotype.encoder}-${genotype.decoder}:${sides.join('|')}`;
}

/** The genotype that a word names in `space`. Throws `usage`, with the place, when it does not parse or fit. */
export function decodeTranslation(space: TranslationSpace, text: string): TranslationGenotype {
  const genotype = parseTranslationWord(text);
  validateTranslation(space, genotype);
  return genotype;
}

/** Reads a word without asking whether any space has it. Throws `usage` with the position (1 is the first character). */
export function parseTranslationWord(text: string): TranslationGenotype {
  if (/^[\d-]+:[acds|]+$/.test(text))
    fail(text, 0, 'this is a genotype of an image space; choose its space with --space');
  const head = /^([1-9]\d{0,5})-([1-9]\d{0,5}):/.exec(text);
  if (head === null)
    fail(text, 0, 'it starts with the embedding widths of encoder and decoder and a colon, as in 512-512:');
  const start = head[0].length;
  const words = text.slice(start).split('|');
  if (words.length !== 2)
    fail(text, text.length, `encoder and decoder are parted by one '|', but there are ${words.length - 1}`);
  const encoder = readLayers(text, 'encoder', words[0], start);
  const decoder = readLayers(text, 'decoder', words[1], start + words[0].length + 1);
  return joinSides({ width: Number(head[1]), layers: encoder }, { width: Number(head[2]), layers: decoder });
}

function readLayers(text: string, side: SideName, word: string, start: number): LayerGenes[] {
  let position = start;
  return word.split('.').map((layer, i) => {
    const genes = readLayer(text, `${side} layer ${i + 1}`, PARTS[side], layer, position);
    position += layer.length + 1;
    return genes;
  });
}

function readLayer(
  text: string,
  place: string,
  parts: readonly Part[],
  layer: string,
  start: number,
): LayerGenes {
  const genes: Record<string, GeneValue> = {};
  let at = 0;
  for (const { gene, mark, pattern, what } of parts) {
    const value = layer.startsWith(mark, at) ? pattern.exec(layer.slice(at + mark.length))?.[0] : undefined;
    if (value === undefined)
      fail(text, start + at, `${place} needs ${what} here, but ${shown(layer.slice(at))}`);
    genes[gene] = gene === 'block' ? value : Number(value);
    at += mark.length + value.length;
  }
  if (at < layer.length) fail(text, start + at, `${place} is complete, but ${shown(layer.slice(at))}`);
  return genes;
}

const shown = (rest: string) => (rest === '' ? 'it ends' : `there is '${rest}'`);

function fail(text: string, position: number, sentence: string): never {
  throw new ShiftAddError('usage', `genotype '${text}', character ${position + 1}: ${sentence}`, {
    genotype: text,
    position: position + 1,
  });
}

const GENE_WORDS: Readonly<Record<string, string>> = {
  block: 'block',
  heads: 'heads',
  crossHeads: 'heads to the encoder',
  sources: 'encoder layers to attend to',
  feedForward: 'feed-forward channels',
};

/** Throws `usage` unless `genotype` names a network of `space`. */
export function validateTranslation(space: TranslationSpace, genotype: TranslationGenotype): void {
  for (const side of SIDES) validateSide(space, side, sideOf(genotype, side));
}

function validateSide(space: TranslationSpace, side: SideName, { width, layers }: Side): void {
  const { genes, depths, width: widths } = sideChoices(space, side);
  const allows = (holds: boolean, found: string, values: readonly GeneValue[], fields = {}): void =>
    require_(
      holds,
      'usage',
      () =>
        `${found}, but space '${space.name}' allows ${values.join(', ')}; choose one, or another space with --space`,
      { space: space.name, side, ...fields },
    );
  allows(widths.includes(width), `the ${side} has an embedding width of ${width}`, widths);
  allows(
    depths.includes(layers.length),
    `the ${side} has ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}`,
    depths,
  );
  layers.forEach((layer, i) => {
    for (const { name, values } of genes) {
      const value = layer[name];
      const has = name === 'block' ? `block ${value}` : `${value} ${GENE_WORDS[name]}`;
      allows(values.includes(value), `${side} layer ${i + 1} has ${has}`, values, { layer: i + 1 });
    }
  });
}
