/** The fixed networks that every winner is compared with: one kind of block everywhere, in the space's reference shape. */
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import type { SequenceBlock, TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { referenceGenotype, type TranslationSpace } from '../../spaces/seq2seq/space.ts';

const UNIFORM: readonly { readonly name: string; readonly block: SequenceBlock }[] = [
  { name: 'all-attention', block: 'A' },
  { name: 'all-lightweight-conv', block: 'C' },
  { name: 'all-lightweight-add', block: 'D' },
  { name: 'all-lightweight-shiftadd', block: 'S' },
];

export interface TranslationBaseline {
  readonly name: string;
  readonly genotype: TranslationGenotype;
}

/** Attention everywhere comes first: limits that are shares are shares of its costs. */
export function translationBaselines(space: TranslationSpace): readonly TranslationBaseline[] {
  return UNIFORM.filter(({ block }) => block === 'A' || space.encoder.block.includes(block)).map(
    ({ name, block }) => ({ name, genotype: referenceGenotype(space, block) }),
  );
}

/** The baseline of a name, or of a genotype's word. */
export function baselineNamed(space: TranslationSpace, word: string): TranslationGenotype | undefined {
  return translationBaselines(space).find(
    ({ name, genotype }) => name === word || encodeTranslation(genotype) === word,
  )?.genotype;
}
