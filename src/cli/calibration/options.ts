/** What `calibrate` takes. */
import { BACKEND_NAMES } from '../../backends/open.ts';
import type { Option } from '../../runs/options.ts';
import { type CommandContext, given } from '../command.ts';

export const calibrateOptions = {
  out: {
    kind: 'text',
    help: 'file to write: an accelerator, for --accelerator of search and cost, or with --networks a predictor, for --latency',
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
  networks: {
    kind: 'integer',
    help: 'time so many whole networks of a translation space instead, and write a trained predictor of latency',
    placeholder: 'n',
    minimum: 16,
  },
  gates: {
    kind: 'boolean',
    help: 'count the gates of the processing elements in Verilog instead (needs yosys), and write their areas',
  },
  beam: {
    kind: 'integer',
    help: 'of --networks: beginnings of a translation that go on at a time',
    placeholder: 'n',
    minimum: 1,
    initial: 4,
  },
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
    help: 'timings of every shape (25 unless given) or network (5); the least counts',
    placeholder: 'n',
    minimum: 1,
  },
  heldOut: {
    kind: 'number',
    help: 'share of the shapes or networks that the fit does not see',
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

/** What was given, or the default. */
export function setting<T extends string | number>(
  context: CommandContext,
  key: keyof typeof calibrateOptions,
): T {
  return given<T>(context, key) ?? ((calibrateOptions[key] as Option).initial as T);
}
