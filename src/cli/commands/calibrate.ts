/** `calibrate`: an accelerator file from measurements of this machine, of any other that wrote a CSV, or of gates. */
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../../core/atomic.ts';
import { require_, ShiftAddError } from '../../core/errors.ts';
import {
  calibratedAccelerator,
  findAccelerator,
  fitLatency,
  formatMeasurements,
  type LatencyFit,
  type Measurement,
  parseMeasurements,
} from '../../hardware/index.ts';
import { gatesHere } from '../calibration/gates.ts';
import { timeHere } from '../calibration/here.ts';
import { predictorHere } from '../calibration/networks.ts';
import { calibrateOptions, setting } from '../calibration/options.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { digits, percent, table } from '../text.ts';

const VECTOR_FAMILIES = ['norm', 'activation', 'residual', 'exponential', 'pool'];

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
  summary:
    'time operators or networks on this machine, read timings, or count gates; write an accelerator file or a predictor',
  options: calibrateOptions,
  examples: [
    'shiftaddnas calibrate --space cifar --resolution 28 --out my-machine.json',
    'shiftaddnas calibrate --space multi30k --tokens 14 --vocabulary 8000 --out my-machine.json',
    'shiftaddnas calibrate --space multi30k --tokens 14 --networks 200 --out latency.json',
    'shiftaddnas calibrate --measurements board.csv --bits 8 --name board --out board.json',
    'shiftaddnas calibrate --gates --name my-gates --out my-gates.json',
    'shiftaddnas search --data glyphs --accelerator my-machine.json',
    'shiftaddnas search --data parallel:path/to/multi30k --sentence-tokens 14 --latency latency.json --limit-latency 80%',
  ],
  async run(context) {
    const file = given<string>(context, 'measurements');
    const networks = given<number>(context, 'networks');
    if (given<boolean>(context, 'gates')) {
      require_(
        file === undefined && networks === undefined,
        'usage',
        '--gates counts gates, and --measurements and --networks are about time; give one of the three',
      );
      return gatesHere(context);
    }
    if (networks !== undefined) {
      require_(
        file === undefined,
        'usage',
        '--networks times networks here, and --measurements reads timings of layers; give one of the two',
      );
      return predictorHere(context, networks);
    }
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
