/** `export`: a trained network for other programs, proved before it is written. */
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { openBackend } from '../../backends/open.ts';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.ts';
import {
  compareLogits,
  evaluated,
  IR_VERSIONS,
  loadStateDict,
  NEWEST_OPSET,
  type Opset,
  PLAIN_WEIGHTS,
  PROOF_IMAGES,
  proofImages,
  proveOnnx,
  roundingSlack,
  stateDict,
  traceNetwork,
  writeOnnx,
} from '../../deploy/index.ts';
import { createNetwork, type OpenedNetwork, openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { baseOf } from '../../runs/pipeline/from-weights.ts';
import { version } from '../../version.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { backendName, EXECUTION_FLAGS, threadsOf } from '../run-options.ts';
import { count } from '../text.ts';

const FORMATS = ['onnx', 'safetensors'] as const;
type Format = (typeof FORMATS)[number];

const options: Readonly<Record<string, Option>> = {
  to: { kind: 'choice', help: 'format of the artefact', choices: FORMATS, placeholder: FORMATS.join('|') },
  out: { kind: 'text', help: 'file to write [<run>/export/network.onnx, .safetensors]', placeholder: 'file' },
  opset: {
    kind: 'choice',
    help: 'ONNX: operator set; a lower one for an older onnxruntime',
    choices: Object.keys(IR_VERSIONS),
    initial: String(NEWEST_OPSET),
  },
  ...EXECUTION_FLAGS,
};

/** A proved artefact that has not been written yet. */
interface Artefact {
  readonly bytes: Uint8Array;
  readonly extension: string;
  /** Largest difference between what it says and what the network says; null where nobody could compute it. */
  readonly maxDifference: number | null;
  /** How that was found. */
  readonly lines: readonly string[];
  readonly json: object;
}

type Exporter = (opened: OpenedNetwork, backend: Backend, context: CommandContext) => Promise<Artefact>;

const EXPORTERS: Readonly<Record<Format, Exporter>> = {
  onnx: exportOnnx,
  safetensors: exportSafetensors,
};

/** The gate of squeeze-excite is no kernel that a program of this version can hold. */
function refusePublishedForm({ key, description }: OpenedNetwork): void {
  if ('zoo' in description || description.space.blocks !== 'published') return;
  throw new ShiftAddError(
    'usage',
    `a network with squeeze-excite cannot be exported yet, and ${key} was trained in the published form; use one that was trained with --retrain-blocks supernet`,
    { network: key },
  );
}

async function exportOnnx(
  { key, description, network, path }: OpenedNetwork,
  backend: Backend,
  context: CommandContext,
): Promise<Artefact> {
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
    ...{ bytes, extension: 'onnx', maxDifference: proof.maxDifference },
    lines: [proof.note ?? compared],
    json: {
      images: proof.images,
      largest: proof.largest,
      ...(proof.note === undefined ? {} : { note: proof.note }),
    },
  };
}

/**
 * Weights as layers compute with them, under PyTorch's names. They are read back into a network that computes with weights
 * as they stand, which must say the same of the same images.
 */
async function exportSafetensors(opened: OpenedNetwork, backend: Backend): Promise<Artefact> {
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
  const bytes = encodeSafetensors(tensors, {
    ...{ format: 'pt', network: key, classes: JSON.stringify(classes) },
    ...{ mean: JSON.stringify(mean), deviation: JSON.stringify(deviation) },
  });
  const images = proofImages(task.image);
  const ours = await evaluated(network, path, task.image, images);
  const twin = createNetwork(backend, { ...description, sharing: PLAIN_WEIGHTS }, key);
  try {
    const file = { path: key, tensors: decodeSafetensors(bytes, key).tensors };
    loadStateDict(twin.network, twin.path, task.image, file, base);
    const theirs = await evaluated(twin.network, twin.path, task.image, images);
    const proof = compareLogits(ours, theirs);
    return {
      ...{ bytes, extension: 'safetensors', maxDifference: proof.maxDifference },
      lines: [
        `${tensors.size} tensors; read back, they give logits that differ by at most ${proof.maxDifference.toExponential(2)} on ${PROOF_IMAGES} images`,
      ],
      json: { images: PROOF_IMAGES, largest: proof.largest, tensors: tensors.size },
    };
  } finally {
    twin.network.dispose();
  }
}

/** Makes the folder of a file; the file itself is written as one step. */
function write(path: string, bytes: Uint8Array): void {
  try {
    fs.mkdirSync(dirname(resolve(path)), { recursive: true });
  } catch (error) {
    throw diskError(error, path);
  }
  writeFileAtomic(path, bytes);
}

export const exportNetwork: Command = {
  name: 'export',
  summary: 'write a trained network for other programs, and prove it first',
  positional: '<run>',
  options,
  examples: [
    'shiftaddnas export runs/fashion --to onnx',
    'shiftaddnas export runs/fashion --to safetensors',
    'shiftaddnas export runs/fashion --to onnx --opset 22 --out fashion.onnx',
  ],
  async run(context) {
    const [dir] = context.positional;
    const to = given<Format>(context, 'to');
    if (dir === undefined || to === undefined) {
      throw new ShiftAddError(
        'usage',
        `export needs the folder of a finished run, and --to ${FORMATS.join(' or ')}`,
      );
    }
    const backend = await openBackend(backendName(context), threadsOf(context));
    try {
      const opened = openNetwork(backend, dir);
      refusePublishedForm(opened);
      const artefact = await EXPORTERS[to](opened, backend, context);
      const file = given<string>(context, 'out') ?? join(dir, 'export', `network.${artefact.extension}`);
      write(file, artefact.bytes);
      context.print(`${file}: ${opened.key}, ${count(artefact.bytes.length)} bytes`);
      for (const line of artefact.lines) context.print(line);
      return {
        to,
        network: opened.key,
        files: [file],
        maxDifference: artefact.maxDifference,
        sizes: { [file]: artefact.bytes.length },
        ...artefact.json,
      };
    } finally {
      backend.dispose();
    }
  },
};
