/** `export`: a trained network for other programs, proved before it is written. */
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { IR_VERSIONS, NEWEST_OPSET } from '../../deploy/index.ts';
import { type OpenedNetwork, openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { type Command, given } from '../command.ts';
import type { Exporter } from '../exporters/artefact.ts';
import { exportInteger, INTEGER_FLAGS } from '../exporters/integer.ts';
import { exportOnnx } from '../exporters/onnx.ts';
import { exportSafetensors } from '../exporters/safetensors.ts';
import { EXECUTION_FLAGS, openBackendOf } from '../run-options.ts';
import { count } from '../text.ts';

const EXPORTERS = {
  integer: exportInteger,
  onnx: exportOnnx,
  safetensors: exportSafetensors,
} as const satisfies Readonly<Record<string, Exporter>>;

type Format = keyof typeof EXPORTERS;
const FORMATS = Object.keys(EXPORTERS) as Format[];

const options: Readonly<Record<string, Option>> = {
  to: { kind: 'choice', help: 'format of the artefact', choices: FORMATS, placeholder: FORMATS.join('|') },
  out: {
    kind: 'text',
    help: 'file or folder to write [<run>/export/network.onnx, network.safetensors, integer]',
    placeholder: 'path',
  },
  opset: {
    kind: 'choice',
    help: 'ONNX: operator set; a lower one for an older onnxruntime',
    choices: Object.keys(IR_VERSIONS),
    initial: String(NEWEST_OPSET),
  },
  ...INTEGER_FLAGS,
  ...EXECUTION_FLAGS,
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
    'shiftaddnas export runs/fashion --to integer --activation-bits 8',
    'shiftaddnas export runs/fashion --to onnx --opset 22 --out fashion.onnx',
  ],
  async run(context) {
    const [dir] = context.positional;
    const to = given<Format>(context, 'to');
    if (dir === undefined || to === undefined) {
      throw new ShiftAddError(
        'usage',
        `export needs the folder of a finished run, and --to ${FORMATS.slice(0, -1).join(', ')} or ${FORMATS.at(-1)}`,
      );
    }
    const backend = await openBackendOf(context);
    try {
      const opened = openNetwork(backend, dir);
      refusePublishedForm(opened);
      const artefact = await EXPORTERS[to]({ dir, opened, backend, context });
      const out = given<string>(context, 'out') ?? join(dir, 'export', artefact.place);
      const sizes: Record<string, number> = {};
      for (const [name, bytes] of artefact.files) {
        const file = name === '' ? out : join(out, name);
        write(file, bytes);
        sizes[file] = bytes.length;
        context.print(`${file}: ${opened.key}, ${count(bytes.length)} bytes`);
      }
      for (const line of artefact.lines) context.print(line);
      const files = Object.keys(sizes);
      return {
        ...{ to, network: opened.key, files, maxDifference: artefact.maxDifference, sizes },
        ...artefact.json,
      };
    } finally {
      backend.dispose();
    }
  },
};
