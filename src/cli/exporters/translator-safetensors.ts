/** `export --to safetensors` of a translator. */
import { Random } from '../../core/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.ts';
import { withChecksum } from '../../core/safetensors-checksum.ts';
import {
  compareLogits,
  loadTranslatorState,
  PROOF_PAIRS,
  plainConfig,
  proofBatches,
  translatorLogits,
  translatorState,
  translatorWeights,
} from '../../deploy/index.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import { type Artefact, oneFile, type TranslatorExporting } from './artefact.ts';

/**
 * Weights as layers compute with them, under PyTorch's names. They are read back into a translator that computes with weights
 * as they stand, which must say the same of the same pairs.
 */
export async function exportTranslatorSafetensors({
  opened,
  backend,
}: TranslatorExporting): Promise<Artefact> {
  const { description, subwords, translator } = opened;
  const { genotype, network, pair, norm, longest, vocabulary } = description;
  const tensors = translatorState(await translatorWeights(translator, network));
  const bytes = encodeSafetensors(
    tensors,
    withChecksum(tensors, {
      ...{ format: 'pt', name: genotype, network: JSON.stringify(network), pair: JSON.stringify(pair) },
      ...{ norm, longest: String(longest), subwords: subwords.model.checksum },
    }),
  );
  const twin = new Translator(backend, plainConfig(translator.config, network), Random.fromSeed(0));
  try {
    loadTranslatorState(twin, { path: genotype, tensors: decodeSafetensors(bytes, genotype).tensors });
    let [maxDifference, largest] = [0, 0];
    for (const { batch } of proofBatches(vocabulary, longest)) {
      const ours = await translatorLogits(translator, network, batch);
      const proof = compareLogits(ours, await translatorLogits(twin, network, batch));
      maxDifference = Math.max(maxDifference, proof.maxDifference);
      largest = Math.max(largest, proof.largest);
    }
    return {
      ...{ place: 'network.safetensors', files: oneFile(bytes), maxDifference },
      lines: [
        `${tensors.size} tensors; read back, they give logits that differ by at most ${maxDifference.toExponential(2)} on ${PROOF_PAIRS} sentence pairs`,
      ],
      json: { pairs: PROOF_PAIRS, largest, tensors: tensors.size },
    };
  } finally {
    twin.dispose();
  }
}
