/** `export`: a trained network for other programs, proved before it is written. */
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { openBackend } from '../../backends/open.ts';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import {
  evaluated,
  IR_VERSIONS,
  NEWEST_OPSET,
  type Opset,
  proofImages,
  proveOnnx,
  traceNetwork,
  writeOnnx,
} from '../../deploy/index.ts';
import { type OpenedNetwork, openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { version } from '../../version.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { backendName, EXECUTION_FLAGS, threadsOf } from '../run-options.ts';
import { count } from '../text.ts';

const FORMATS = ['onnx'] as const;
type Format = (typeof FORMATS)[number];

const options: Readonly<Record<string, Option>> = {
  to: { kind: 'choice', help: 'format of the artefact', choices: FORMATS, placeholder: FORMATS.join('|') },
  out: { kind: 'text', help: 'file to write [<run>/export/network.onnx]', placeholder: 'file' },
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

const EXPORTERS: Readonly<Record<Format, Exporter>> = { onnx: exportOnnx };

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
  const proof = await proveOnnx(bytes, { image: task.image, images, logits, threads: backend.threads });
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
