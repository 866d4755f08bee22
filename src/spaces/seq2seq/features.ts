import { SIDES, sideOf } from './genes.ts';
import type { TranslationGenotype } from './network.ts';

/**
 * What a ranking model may look at, as words: the widths and depths, every gene of every layer, and how often a side has
 * each value (a word that stands twice counts twice).
 */
export function translationFeatures(genotype: TranslationGenotype): string[] {
  return SIDES.flatMap((side) => {
    const { width, layers } = sideOf(genotype, side);
    const letter = side[0];
    return [
      `${letter}:width${width}`,
      `${letter}#${layers.length}`,
      ...layers.flatMap((layer, i) =>
        Object.entries(layer).flatMap(([gene, value]) => [
          `${letter}:${gene}${value}`,
          `${letter}.${i}:${gene}${value}`,
        ]),
      ),
    ];
  });
}
