/** `export`: a trained network for other programs, proved before it is written. */
import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { IR_VERSIONS, isProgramFolder, NEWEST_OPSET } from '../../deploy/index.ts';
import { openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { holdsTranslator, openTranslator } from '../../runs/translation/files.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import type { Artefact, Exporter, TranslatorExporter } from '../exporters/artefact.ts';
import { C_FLAGS, exportC } from '../exporters/c.ts';
import { fineTuneEpochs } from '../exporters/fine-tuning.ts';
import { exportInteger, INTEGER_FLAGS, programOfRun } from '../exporters/integer.ts';
import { type ProgramExporter, type ProgramInHand, programOfFolder } from '../exporters/of-program.ts';
import { exportOnnx } from '../exporters/onnx.ts';
import { exportSafetensors } from '../exporters/safetensors.ts';
import { exportTranslatorOnnx } from '../exporters/translator-onnx.ts';
import { exportTranslatorSafetensors } from '../exporters/translator-safetensors.ts';
import { exportVerilog, VERILOG_FLAGS } from '../exporters/verilog.ts';
import { exportWeb } from '../exporters/web.ts';
import { EXECUTION_FLAGS, openBackendOf } from '../run-options.ts';
import { count } from '../text.ts';

const OF_NETWORKS = {
  onnx: exportOnnx,
  safetensors: exportSafetensors,
} as const satisfies Readonly<Record<string, Exporter>>;

const OF_TRANSLATORS: Partial<Readonly<Record<Format, TranslatorExporter>>> = {
  onnx: exportTranslatorOnnx,
  safetensors: exportTranslatorSafetensors,
};

/** Of the integer program of a network. */
const OF_PROGRAMS = {
  c: exportC,
  integer: exportInteger,
  verilog: exportVerilog,
  web: exportWeb,
} as const satisfies Readonly<Record<string, ProgramExporter>>;

type Format = keyof typeof OF_NETWORKS | keyof typeof OF_PROGRAMS;
const FORMATS = [...Object.keys(OF_NETWORKS), ...Object.keys(OF_PROGRAMS)].sort() as Format[];

const ofPrograms = (format: Format): format is keyof typeof OF_PROGRAMS => format in OF_PROGRAMS;

const MOST_LISTED = 12;

const options: Readonly<Record<string, Option>> = {
  to: {
    kind: 'choice',
    help: 'format of the artefact; translators have onnx and safetensors',
    choices: FORMATS,
    placeholder: FORMATS.join('|'),
  },
  out: {
    kind: 'text',
    help: 'file or folder to write [in <run>/export; of the folder of an integer program, beside it]',
    placeholder: 'path',
  },
  opset: {
    kind: 'choice',
    help: 'ONNX: operator set; a lower one for an older onnxruntime',
    choices: Object.keys(IR_VERSIONS),
    initial: String(NEWEST_OPSET),
  },
  ...INTEGER_FLAGS,
  ...VERILOG_FLAGS,
  ...C_FLAGS,
  ...EXECUTION_FLAGS,
};

/** Makes the folder of a file; the file itself is written as one step. */
function write(path: string, bytes: Uint8Array): void {
  try {
    fs.mkdirSync(dirname(resolve(path)), { recursive: true });
  } catch (error) {
    throw diskError(error, path);
  }
  writeFileAtomic(path, bytes);
}

interface Made {
  /** Genotype or name of the network. */
  readonly key: string;
  readonly artefact: Artefact;
  /** Where it goes unless --out says otherwise. */
  readonly place: string;
}

/** Of a run, or of the folder of an integer program, which needs neither network nor data. */
async function artefactOf(context: CommandContext, dir: string, to: Format): Promise<Made> {
  const programs = ofPrograms(to);
  if (fineTuneEpochs(context) > 0 && (!programs || isProgramFolder(dir))) {
    throw new ShiftAddError(
      'usage',
      `--fine-tune-epochs trains a network as its integer program will compute, and ${programs ? `${dir} holds a program without its network` : `--to ${to} makes none`}; leave it out`,
      { dir, to },
    );
  }
  if (programs && isProgramFolder(dir)) {
    const inHand = await programOfFolder(dir, context);
    const artefact = await artefactOfProgram(context, inHand, to);
    return { key: inHand.program.network, artefact, place: join(dir, '..', artefact.place) };
  }
  if (holdsTranslator(dir)) return artefactOfTranslator(context, dir, to);
  const backend = await openBackendOf(context);
  try {
    const opened = openNetwork(backend, dir);
    const exporting = { dir, opened, backend, context };
    const artefact = programs
      ? await artefactOfProgram(context, await programOfRun(exporting), to)
      : await OF_NETWORKS[to](exporting);
    return { key: opened.key, artefact, place: join(dir, 'export', artefact.place) };
  } finally {
    backend.dispose();
  }
}

async function artefactOfProgram(
  context: CommandContext,
  inHand: ProgramInHand,
  to: keyof typeof OF_PROGRAMS,
): Promise<Artefact> {
  const artefact = await OF_PROGRAMS[to](inHand, context);
  return { ...artefact, files: new Map([...(inHand.beside ?? []), ...artefact.files]) };
}

async function artefactOfTranslator(context: CommandContext, dir: string, to: Format): Promise<Made> {
  const exporter = OF_TRANSLATORS[to];
  if (exporter === undefined) {
    throw new ShiftAddError(
      'usage',
      `${dir} holds a translator, and the integer programs that --to ${to} is made of are of networks of images; export it --to ${Object.keys(OF_TRANSLATORS).join(' or ')}`,
      { dir, to },
    );
  }
  const backend = await openBackendOf(context);
  try {
    const opened = openTranslator(backend, dir);
    const artefact = await exporter({ dir, opened, backend, context });
    opened.translator.dispose();
    return { key: opened.description.genotype, artefact, place: join(dir, 'export', artefact.place) };
  } finally {
    backend.dispose();
  }
}

/** What was written: each file, or the folder alone where they are many. */
function listed(key: string, out: string, sizes: Readonly<Record<string, number>>): string[] {
  const files = Object.entries(sizes);
  const line = (path: string, bytes: number) => `${path}: ${key}, ${count(bytes)} bytes`;
  if (files.length <= MOST_LISTED) return files.map(([file, bytes]) => line(file, bytes));
  const bytes = files.reduce((sum, [, own]) => sum + own, 0);
  return [`${line(out, bytes)} in ${files.length} files`];
}

export const exportNetwork: Command = {
  name: 'export',
  summary: 'write a trained network for other programs, and prove it first',
  positional: '<run>',
  options,
  examples: [
    'shiftaddnas export runs/fashion --to onnx',
    'shiftaddnas export runs/fashion --to safetensors',
    'shiftaddnas export runs/multi30k --to onnx --out multi30k-onnx',
    'shiftaddnas export runs/fashion --to integer --activation-bits 8',
    'shiftaddnas export runs/fashion --to integer --shift-bits 3 --fine-tune-epochs 2',
    'shiftaddnas export runs/fashion --to verilog --simulator icarus',
    'shiftaddnas export runs/fashion --to onnx --opset 22 --out fashion.onnx',
    'shiftaddnas export runs/fashion --to c --images 1000 --qemu-images 1000',
    'shiftaddnas export runs/fashion/export/integer --to c --prefix fashion --out firmware',
    'shiftaddnas export runs/fashion --to web --out fashion-page',
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
    const { key, artefact, place } = await artefactOf(context, dir, to);
    const out = given<string>(context, 'out') ?? place;
    const sizes: Record<string, number> = {};
    for (const [name, bytes] of artefact.files) {
      const file = name === '' ? out : join(out, name);
      write(file, bytes);
      sizes[file] = bytes.length;
    }
    for (const line of listed(key, out, sizes)) context.print(line);
    for (const line of artefact.lines) context.print(line);
    const files = Object.keys(sizes);
    return {
      ...{ to, network: key, files, maxDifference: artefact.maxDifference, sizes },
      ...artefact.json,
    };
  },
};
