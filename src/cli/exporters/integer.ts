/** `export --to integer`, and what every export of an integer program begins with: see docs/integer.md. */
import { normalise } from '../../data/batches.ts';
import {
  convert,
  encodeProgram,
  fold,
  type IntegerProof,
  proveInteger,
  traceNetwork,
} from '../../deploy/index.ts';
import { createNetwork, type OpenedNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { given } from '../command.ts';
import { dataOfRun } from '../run-data.ts';
import { percent } from '../text.ts';
import type { Exporting } from './artefact.ts';
import { drawn } from './images.ts';
import type { ProgramExporter, ProgramInHand } from './of-program.ts';
import { TOLERANCE_FLAG, withinTolerance } from './tolerance.ts';

export const INTEGER_FLAGS: Readonly<Record<string, Option>> = {
  activationBits: {
    kind: 'choice',
    help: 'integer: bits of activations',
    choices: ['8', '16'],
    initial: '8',
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
  ...TOLERANCE_FLAG,
  data: { kind: 'text', help: "integer: data set; the run's own unless given", placeholder: 'source' },
};

/**
 * The integer program of a trained network, compared with it on test images.
 * @throws ShiftAddError 'limit' where it loses more accuracy than --tolerance allows
 */
export async function programOfRun({ dir, opened, backend, context }: Exporting): Promise<ProgramInHand> {
  const { key, description, network, path } = opened;
  const { task, classes, mean, deviation } = description;
  const dataset = await dataOfRun(context, opened, dir);
  const calibration = drawn(dataset.train, given<number>(context, 'calibrationImages') ?? 256);
  const program = await inRealNumbers(opened, backend, async (real) =>
    convert(backend, fold(await traceNetwork(real.network, real.path, task.image)), {
      ...{ image: task.image, images: normalise(calibration.pixels, description) },
      ...{ mean, deviation, name: key, classes },
      bits: given<string>(context, 'activationBits') === '16' ? 16 : 8,
    }),
  );
  const test = drawn(dataset.test, given<number>(context, 'images') ?? 0);
  const proof = await proveInteger(program, { network, path, image: task.image, mean, deviation, ...test });
  return {
    program,
    images: test.pixels,
    imagesAre: 'test images',
    ...said(proof, withinTolerance(proof, context)),
  };
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

/** A network of few bits rounds what its layers read; the program has its own ways to do so, and is made of the rest. */
async function inRealNumbers<T>(
  opened: OpenedNetwork,
  backend: Exporting['backend'],
  use: (real: OpenedNetwork) => Promise<T>,
): Promise<T> {
  const { quantisation, ...description } = opened.description;
  if (quantisation === undefined) return use(opened);
  const real = createNetwork(backend, description, opened.key);
  try {
    const tensors = new Map<string, { shape: readonly number[]; data: ArrayLike<number> }>();
    for (const { name, shape, buffer } of opened.network.store.tensors()) {
      tensors.set(name, { shape, data: await backend.read(buffer) });
    }
    real.network.store.load((name) => tensors.get(name));
    return await use(real);
  } finally {
    real.network.dispose();
  }
}

export const exportInteger: ProgramExporter = async ({ program, maxDifference, lines, json }) => ({
  ...{ place: 'integer', files: encodeProgram(program), maxDifference, lines },
  json: { ...json, operations: program.operations.length },
});
