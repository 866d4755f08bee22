/** `export --to integer`, and what every export of an integer program begins with: see docs/integer.md. */
import { normalise } from '../../data/batches.ts';
import { encodeProgram, type IntegerProof, proveInteger } from '../../deploy/index.ts';
import type { FineTuning } from '../../runs/integer/fine-tuning.ts';
import { integerProgram } from '../../runs/integer/integer-program.ts';
import type { Option } from '../../runs/options.ts';
import { given } from '../command.ts';
import { dataOfRun } from '../run-data.ts';
import { percent } from '../text.ts';
import type { Exporting } from './artefact.ts';
import { FINE_TUNING_FLAGS, fineTuneEpochs, fineTuningOf } from './fine-tuning.ts';
import { drawn } from './images.ts';
import type { ProgramExporter, ProgramInHand } from './of-program.ts';
import { TOLERANCE_FLAG, withinTolerance } from './tolerance.ts';

/** The weights of a fine-tuned program, beside the artefact. */
const FINE_TUNED = 'fine-tuned.safetensors';

export const INTEGER_FLAGS: Readonly<Record<string, Option>> = {
  activationBits: {
    kind: 'choice',
    help: 'integer: bits of activations',
    choices: ['8', '16'],
    initial: '8',
  },
  shiftBits: {
    kind: 'integer',
    help: 'integer: bits of shift weights at most, sign included',
    placeholder: 'n',
    minimum: 2,
    maximum: 5,
    initial: 5,
  },
  calibrationImages: {
    kind: 'integer',
    help: 'integer: training images that ranges are measured on',
    placeholder: 'n',
    minimum: 1,
    initial: 256,
  },
  images: {
    kind: 'integer',
    help: 'integer: test images to compare it with the network on; 0 for all',
    placeholder: 'n',
    minimum: 0,
    initial: 0,
  },
  ...FINE_TUNING_FLAGS,
  ...TOLERANCE_FLAG,
  data: { kind: 'text', help: "integer: data set; the run's own unless given", placeholder: 'source' },
};

/**
 * The integer program of a trained network, compared with it on test images.
 * @throws ShiftAddError 'limit' where it loses more accuracy than --tolerance allows
 */
export async function programOfRun({ dir, opened, backend, context }: Exporting): Promise<ProgramInHand> {
  const { description, network, path } = opened;
  const { task, mean, deviation } = description;
  const dataset = await dataOfRun(context, opened, dir);
  const calibration = drawn(dataset.train, given<number>(context, 'calibrationImages') ?? 256);
  const tuning = fineTuneEpochs(context) > 0 ? await fineTuningOf(context, dir, dataset, backend) : undefined;
  const { program, calibrated, weights } = await integerProgram(backend, opened, {
    images: normalise(calibration.pixels, description),
    bits: given<string>(context, 'activationBits') === '16' ? 16 : 8,
    shiftBits: given<number>(context, 'shiftBits') ?? 5,
    ...(tuning === undefined ? {} : { fineTuning: tuning }),
  });
  const test = drawn(dataset.test, given<number>(context, 'images') ?? 0);
  const claim = { network, path, image: task.image, mean, deviation, ...test };
  const before = calibrated === undefined ? undefined : await proveInteger(calibrated, claim);
  const proof = await proveInteger(program, claim);
  const { lines, json, ...rest } = said(proof, withinTolerance(proof, context));
  return {
    ...{ program, images: test.pixels, imagesAre: 'test images', ...rest },
    ...(weights === undefined ? {} : { beside: new Map([[FINE_TUNED, weights]]) }),
    lines: [...(before === undefined ? [] : [saidBefore(before, tuning)]), ...lines],
    json: before === undefined ? json : { ...json, calibratedAccuracy: before.integerAccuracy },
  };
}

/** What the program was before it was fine-tuned. */
function saidBefore({ integerAccuracy, agreement }: IntegerProof, tuning: FineTuning | undefined): string {
  const { epochs = 0, rate = 0 } = tuning ?? {};
  return `calibrated alone ${percent(integerAccuracy)} right, the same class for ${percent(agreement)}; fine-tuned by ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} at ${rate}:`;
}

/** A comparison in words, and for programs; `chance`: what is to be said of a loss that may be none. */
function said(
  proof: IntegerProof,
  chance: readonly string[],
): Pick<ProgramInHand, 'maxDifference' | 'lines' | 'json'> {
  const { images, accuracy, integerAccuracy, agreement, maxDifference, largest, native } = proof;
  const without =
    'there is neither native code nor WebAssembly, so the reference interpreter ran these images alone; npm run build:native builds the first';
  return {
    maxDifference,
    lines: [
      `${images} test images: ${percent(integerAccuracy)} right in whole numbers, ${percent(accuracy)} in real ones; the same class for ${percent(agreement)}`,
      ...chance,
      `logits differ by at most ${maxDifference.toFixed(3)} (the largest is ${largest.toFixed(2)})`,
      native === null ? without : `${native} code gives the same numbers as the reference interpreter`,
    ],
    json: { images, accuracy, integerAccuracy, agreement, largest, native },
  };
}

export const exportInteger: ProgramExporter = async ({ program, maxDifference, lines, json }) => ({
  ...{ place: 'integer', files: encodeProgram(program), maxDifference, lines },
  json: { ...json, operations: program.operations.length },
});
