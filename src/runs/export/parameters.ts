/**
 * A genotype as parameters with names, as Optuna has them: what stands at each place of the network.
 *
 *   image networks   stage0.layers 2     stage0.layer0 conv   stage0.layer1 shift   ...
 *   translators      encoder.width 256   encoder.layers 2     encoder.layer0.block A   encoder.layer0.heads 4   ...
 */
import { OPERATOR_NAMES } from '../../operators/names.ts';
import { parse } from '../../spaces/genotype.ts';
import { SIDES, sideOf } from '../../spaces/seq2seq/genes.ts';
import { parseTranslationWord } from '../../spaces/seq2seq/genotype.ts';
import { SEQUENCE_BLOCKS } from '../../spaces/seq2seq/network.ts';

/** A number, or one of the words that stand there in any network. */
export interface Parameter {
  readonly name: string;
  readonly value: number | string;
}

/** How the genotypes of a task are read. */
export interface ParameterForm {
  readonly words: readonly string[];
  parametersOf(genotype: string): Parameter[];
}

export const IMAGE_PARAMETERS: ParameterForm = {
  words: OPERATOR_NAMES,
  parametersOf(genotype) {
    const { lengths, operators } = parse(genotype);
    let layer = 0;
    return lengths.flatMap((length, stage) => [
      { name: `stage${stage}.layers`, value: length },
      ...Array.from({ length }, (_, i) => ({ name: `stage${stage}.layer${i}`, value: operators[layer++] })),
    ]);
  },
};

export const TRANSLATION_PARAMETERS: ParameterForm = {
  words: SEQUENCE_BLOCKS,
  parametersOf(genotype) {
    const network = parseTranslationWord(genotype);
    return SIDES.flatMap((name) => {
      const { width, layers } = sideOf(network, name);
      return [
        { name: `${name}.width`, value: width },
        { name: `${name}.layers`, value: layers.length },
        ...layers.flatMap((genes, i) =>
          Object.entries(genes).map(([gene, value]) => ({ name: `${name}.layer${i}.${gene}`, value })),
        ),
      ];
    });
  },
};
