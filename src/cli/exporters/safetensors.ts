/** `export --to safetensors`. */
import { ShiftAddError } from '../../core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.ts';
import { withChecksum } from '../../core/safetensors-checksum.ts';
import {
  compareLogits,
  evaluated,
  loadStateDict,
  PLAIN_WEIGHTS,
  PROOF_IMAGES,
  proofImages,
  stateDict,
  traceNetwork,
} from '../../deploy/index.ts';
import { createNetwork } from '../../runs/network-files.ts';
import { baseOf } from '../../runs/pipeline/from-weights.ts';
import { type Artefact, type Exporting, oneFile } from './artefact.ts';

/**
 * Weights as layers compute with them, under PyTorch's names. They are read back into a network that computes with weights
 * as they stand, which must say the same of the same images.
 */
export async function exportSafetensors({ opened, backend }: Exporting): Promise<Artefact> {
  const { key, description, network, path } = opened;
  const { task, classes, mean, deviation } = description;
  if (description.quantisation !== undefined) {
    throw new ShiftAddError(
      'usage',
      `${key} computes with few bits, and safetensors hold weights without the steps of what they meet; export it --to onnx`,
    );
  }
  const base = baseOf(description);
  const tensors = stateDict(await traceNetwork(network, path, task.image), base);
  const bytes = encodeSafetensors(
    tensors,
    withChecksum(tensors, {
      ...{ format: 'pt', network: key, classes: JSON.stringify(classes) },
      ...{ mean: JSON.stringify(mean), deviation: JSON.stringify(deviation) },
    }),
  );
  const images = proofImages(task.image);
  const ours = await evaluated(network, path, task.image, images);
  const twin = createNetwork(backend, { ...description, sharing: PLAIN_WEIGHTS }, key);
  try {
    const file = { path: key, tensors: decodeSafetensors(bytes, key).tensors };
    loadStateDict(twin.network, twin.path, task.image, file, base);
    const theirs = await evaluated(twin.network, twin.path, task.image, images);
    const proof = compareLogits(ours, theirs);
    return {
      ...{ place: 'network.safetensors', files: oneFile(bytes), maxDifference: proof.maxDifference },
      lines: [
        `${tensors.size} tensors; read back, they give logits that differ by at most ${proof.maxDifference.toExponential(2)} on ${PROOF_IMAGES} images`,
      ],
      json: { images: PROOF_IMAGES, largest: proof.largest, tensors: tensors.size },
    };
  } finally {
    twin.network.dispose();
  }
}
