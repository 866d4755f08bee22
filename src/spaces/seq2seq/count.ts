import { type SideChoices, type SideName, sideChoices } from './genes.ts';
import type { TranslationSpace } from './space.ts';

/**
 * How many networks a translation space holds, exactly: all choices are free, so a side with p values of a layer holds
 * widths x (p ^ L1 + p ^ L2 + ...) over its numbers of layers, and the space the product of its sides. The published
 * English-German one: 9 x 84 ^ 6 x (432 + 432 ^ 2 + ... + 432 ^ 6).
 */
export function countTranslation(space: TranslationSpace): bigint {
  return countSide(space, 'encoder') * countSide(space, 'decoder');
}

export function countSide(space: TranslationSpace, side: SideName): bigint {
  const choices = sideChoices(space, side);
  const ways = choices.depths.reduce((sum, depth) => sum + countLayers(choices, depth), 0n);
  return BigInt(choices.width.length) * ways;
}

/** Ways to choose `depth` layers. */
export function countLayers(choices: SideChoices, depth: number): bigint {
  return BigInt(layerChoices(choices)) ** BigInt(depth);
}

/** Ways to choose one layer. */
export function layerChoices({ genes }: SideChoices): number {
  return genes.reduce((product, { values }) => product * values.length, 1);
}
