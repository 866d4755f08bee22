/** `export --to onnx`. */
import {
  evaluated,
  NEWEST_OPSET,
  type Opset,
  proofImages,
  proveOnnx,
  roundingSlack,
  traceNetwork,
  writeOnnx,
} from '../../deploy/index.ts';
import { version } from '../../version.ts';
import { given } from '../command.ts';
import { type Artefact, type Exporting, oneFile } from './artefact.ts';

export async function exportOnnx({ opened, backend, context }: Exporting): Promise<Artefact> {
  const { key, description, network, path } = opened;
  const { task, classes, mean, deviation } = description;
  const program = await traceNetwork(network, path, task.image);
  const bytes = writeOnnx(program, {
    name: key,
    version,
    opset: Number(given<string>(context, 'opset') ?? NEWEST_OPSET) as Opset,
    metadata: {
      classes: JSON.stringify(classes),
      mean: JSON.stringify(mean),
      deviation: JSON.stringify(deviation),
    },
  });
  const images = proofImages(task.image);
  const logits = await evaluated(network, path, task.image, images);
  const slack =
    description.quantisation === undefined ? 0 : await roundingSlack(network, path, task.image, images);
  const proof = await proveOnnx(bytes, {
    image: task.image,
    images,
    logits,
    threads: backend.threads,
    slack,
  });
  const compared = `${proof.images} images through onnxruntime: logits differ by at most ${proof.maxDifference?.toExponential(2)} (the largest is ${proof.largest?.toFixed(2)})`;
  return {
    ...{ place: 'network.onnx', files: oneFile(bytes), maxDifference: proof.maxDifference },
    lines: [proof.note ?? compared],
    json: {
      images: proof.images,
      largest: proof.largest,
      ...(proof.note === undefined ? {} : { note: proof.note }),
    },
  };
}
