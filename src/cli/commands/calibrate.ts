/** `calibrate`: an accelerator file from measurements of this machine, or of any other that wrote a CSV. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { BACKEND_NAMES, type BackendName, openBackend } from '../../backends/open.ts';
import { writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import {
  calibratedAccelerator,
  findAccelerator,
  fitLatency,
  formatMeasurements,
  type LatencyFit,
  type Measurement,
  parseMeasurements,
} from '../../hardware/index.ts';
import type { Option } from '../../runs/options.ts';
import { loadAnySpace } from '../../spaces/load.ts';
import { isTranslationSpace } from '../../spaces/seq2seq/space.ts';
import { measure } from '../calibration/measure.ts';
import { spaceShapes, type TimedShape, translationShapes, withNeighbours } from '../calibration/shapes.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { digits, percent, table } from '../text.ts';

const options = {
  out: {
    kind: 'text',
    help: 'accelerator file to write, for --accelerator of search and cost',
    placeholder: 'file',
    initial: 'accelerator.json',
  },
  name: { kind: 'text', help: 'name of the accelerator', placeholder: 'name', initial: 'calibrated' },
  measurements: {
    kind: 'text',
    help: 'fit this CSV file instead of timing this machine; columns kind,n,h,w,c,r,s,m,stride,groups,ms',
    placeholder: 'file',
  },
  saveMeasurements: {
    kind: 'text',
    help: 'also write the timings, as --measurements reads them',
    placeholder: 'file',
  },
  base: {
    kind: 'text',
    help: 'accelerator whose energies the file gets: a name or a JSON file',
    placeholder: 'name|file',
    initial: 'rowstationary-45nm',
  },
  bits: {
    kind: 'choice',
    help: 'width the measurements of a CSV file were made at (this machine computes in 32 bits)',
    choices: ['32', '16', '8'],
    initial: '32',
  },
  space: {
    kind: 'text',
    help: 'space whose layer shapes are timed',
    placeholder: 'name|file',
    initial: 'cifar',
  },
  resolution: { kind: 'integer', help: 'pixels a side', placeholder: 'n', minimum: 1 },
  channels: { kind: 'integer', help: 'image channels', placeholder: 'n', minimum: 1, initial: 3 },
  classes: { kind: 'integer', help: 'classes of the head', placeholder: 'n', minimum: 1, initial: 10 },
  tokens: { kind: 'integer', help: 'tokens of a sentence (30 unless given)', placeholder: 'n', minimum: 1 },
  vocabulary: { kind: 'integer', help: 'words, whose projection is timed too', placeholder: 'n', minimum: 1 },
  batch: { kind: 'integer', help: 'images or sentences at a time', placeholder: 'n', minimum: 1, initial: 1 },
  shapes: {
    kind: 'integer',
    help: 'shapes timed for each operator family, at least: those of the space and others around them',
    placeholder: 'n',
    minimum: 8,
    initial: 80,
  },
  rounds: {
    kind: 'integer',
    help: 'timings of every shape; the least counts',
    placeholder: 'n',
    minimum: 1,
    initial: 25,
  },
  heldOut: {
    kind: 'number',
    help: 'share of the shapes that the fit does not see',
    placeholder: 'x',
    minimum: 0.05,
    maximum: 0.5,
    initial: 0.25,
  },
  seed: {
    kind: 'integer',
    help: 'seed of the choice of shapes and of the split',
    placeholder: 'n',
    minimum: 0,
    initial: 0,
  },
  threads: { kind: 'integer', help: 'threads of a kernel', placeholder: 'n', minimum: 1, initial: 1 },
  backend: {
    kind: 'choice',
    help: 'backend that is timed',
    choices: ['auto', ...BACKEND_NAMES],
    initial: 'auto',
  },
} as const satisfies Record<string, Option>;

const VECTOR_FAMILIES = ['norm', 'activation', 'residual', 'exponential', 'pool'];

type Key = keyof typeof options;
const setting = <T extends string | number>(context: CommandContext, key: Key): T =>
  given<T>(context, key) ?? ((options[key] as Option).initial as T);

function readMeasurements(path: string): Measurement[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ShiftAddError(
      'data',
      `The measurements ${path} cannot be read (${(cause as Error).message}); give the path of a CSV file.`,
      { path },
      cause,
    );
  }
  return parseMeasurements(text, path);
}

function shapesOf(context: CommandContext): TimedShape[] {
  const random = Random.fromSeed(setting<number>(context, 'seed'));
  return withNeighbours(ownShapes(context), setting<number>(context, 'shapes'), random);
}

function ownShapes(context: CommandContext): TimedShape[] {
  const space = loadAnySpace(setting<string>(context, 'space'));
  const batch = setting<number>(context, 'batch');
  if (isTranslationSpace(space)) {
    const [tokens, vocabulary] = [given<number>(context, 'tokens'), given<number>(context, 'vocabulary')];
    return translationShapes(space, { tokens, vocabulary }, batch);
  }
  const side = given<number>(context, 'resolution') ?? (space.stages[0].scale >= 4 ? 224 : 32);
  const image = { h: side, w: side, c: setting<number>(context, 'channels') };
  const task = { image, classes: setting<number>(context, 'classes') };
  return spaceShapes(space, task, batch);
}

async function timeHere(context: CommandContext): Promise<{ measurements: Measurement[]; machine: string }> {
  const shapes = shapesOf(context);
  const threads = setting<number>(context, 'threads');
  const backend = await openBackend(setting<'auto' | BackendName>(context, 'backend'), {
    threads,
  });
  try {
    const batch = setting<number>(context, 'batch');
    const machine =
      `${cpus()[0]?.model.trim() || process.arch} (${availableParallelism()} processors), ${backend.description}, ` +
      `batch ${batch}, ${new Date().toISOString().slice(0, 10)}`;
    context.print(`timing ${shapes.length} shapes on ${machine}`);
    const measurements = await measure(backend, shapes, {
      rounds: setting<number>(context, 'rounds'),
      signal: context.signal,
    });
    return { measurements, machine };
  } finally {
    backend.dispose();
  }
}

function printFit(context: CommandContext, fit: LatencyFit): void {
  const rows = Object.entries(fit.byFamily).map(([family, { train, heldOut, error }]) => [
    family,
    String(train),
    String(heldOut),
    heldOut === 0 ? '' : percent(error.median),
    heldOut === 0 ? '' : percent(error.p95),
    Object.entries(fit.families[family])
      .map(([name, value]) => `${digits(value, 3)} ${name}`)
      .join(' + '),
  ]);
  context.print(`\n${table(['family', 'train', 'held out', 'median', 'p95', 'nanoseconds'], rows)}`);
  const { median, p95 } = fit.heldOutError;
  context.print(
    `\nrelative error on ${fit.heldOut.length} shapes the fit has not seen: median ${percent(median)}, 95th percentile ${percent(p95)}`,
  );
  const absent = VECTOR_FAMILIES.filter((family) => !(family in fit.families));
  if (absent.length > 0) context.print(`not measured, and will cost no time: ${absent.join(', ')}`);
}

export const calibrate: Command = {
  name: 'calibrate',
  summary: 'time operators on this machine, or read timings, and write an accelerator file',
  options,
  examples: [
    'shiftaddnas calibrate --space cifar --resolution 28 --out my-machine.json',
    'shiftaddnas calibrate --space multi30k --tokens 14 --vocabulary 8000 --out my-machine.json',
    'shiftaddnas calibrate --measurements board.csv --bits 8 --name board --out board.json',
    'shiftaddnas search --data glyphs --accelerator my-machine.json',
  ],
  async run(context) {
    const file = given<string>(context, 'measurements');
    const base = findAccelerator(setting<string>(context, 'base'));
    const bits = Number(file === undefined ? 32 : setting<string>(context, 'bits'));
    if (file === undefined && setting<string>(context, 'bits') !== '32') {
      throw new ShiftAddError(
        'usage',
        '--bits other than 32 goes with --measurements only: the backends of this program compute in 32 bits; leave it out',
      );
    }
    const { measurements, machine } =
      file === undefined ? await timeHere(context) : { measurements: readMeasurements(file), machine: file };
    const fit = fitLatency(
      measurements,
      setting<number>(context, 'seed'),
      setting<number>(context, 'heldOut'),
    );
    const name = setting<string>(context, 'name');
    const accelerator = calibratedAccelerator({ name, base, bits, machine, fit });
    const out = setting<string>(context, 'out');
    writeFileAtomic(out, `${JSON.stringify(accelerator, null, 2)}\n`);
    const saved = given<string>(context, 'saveMeasurements');
    if (saved !== undefined) writeFileAtomic(saved, formatMeasurements(measurements, [machine]));
    printFit(context, fit);
    context.print(`wrote ${out}`);
    return {
      accelerator: out,
      name,
      machine,
      shapes: measurements.length,
      heldOutError: fit.heldOutError,
      trainError: fit.trainError,
      families: fit.byFamily,
      coefficients: fit.families,
      ...(saved === undefined ? {} : { measurements: saved }),
    };
  },
};
