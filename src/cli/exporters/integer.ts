/** `export --to integer`: see docs/integer.md. */

import { ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { normalise } from '../../data/batches.ts';
import type { ImageSet } from '../../data/dataset.ts';
import {
  convert,
  encodeProgram,
  fold,
  type IntegerProgram,
  type IntegerProof,
  proveInteger,
  traceNetwork,
} from '../../deploy/index.ts';
import { createNetwork, type OpenedNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { given } from '../command.ts';
import { dataOfRun } from '../run-data.ts';
import { percent } from '../text.ts';
import type { Artefact, Exporting } from './artefact.ts';

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
  data: { kind: 'text', help: "integer: data set; the run's own unless given", placeholder: 'source' },
};

/** `count` images of a set, drawn without repeating any, as bytes; all where there are no more. */
function drawn(set: ImageSet, count: number): { readonly pixels: Uint8Array; readonly labels: number[] } {
  if (set.files !== undefined) {
    throw new ShiftAddError(
      'data',
      'the images do not fit into memory, and an integer program is measured on images that do; give --data a smaller set',
    );
  }
  const size = set.height * set.width * set.channels;
  const indices = Array.from({ length: set.count }, (_, i) => i);
  const chosen =
    count >= set.count ? indices : Random.fromSeed(0).split('images').shuffle(indices).slice(0, count);
  const pixels = new Uint8Array(chosen.length * size);
  chosen.forEach((index, i) => {
    pixels.set(set.pixels.subarray(index * size, (index + 1) * size), i * size);
  });
  return { pixels, labels: chosen.map((index) => set.labels[index]) };
}

export interface MadeProgram {
  readonly program: IntegerProgram;
  readonly proof: IntegerProof;
}

/** The integer program of a trained network, proved on test images. */
export async function integerProgram({ dir, opened, backend, context }: Exporting): Promise<MadeProgram> {
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
  const asked = given<number>(context, 'images') ?? 0;
  const test = drawn(dataset.test, asked === 0 ? dataset.test.count : asked);
  const proof = await proveInteger(program, { network, path, image: task.image, mean, deviation, ...test });
  return { program, proof };
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

export async function exportInteger(exporting: Exporting): Promise<Artefact> {
  const { program, proof } = await integerProgram(exporting);
  const { images, accuracy, integerAccuracy, agreement, maxDifference, largest, native } = proof;
  const without =
    'native code is not built, so the reference interpreter ran these images alone; npm run build:native builds it';
  return {
    ...{ place: 'integer', files: encodeProgram(program), maxDifference },
    lines: [
      `${images} test images: ${percent(integerAccuracy)} right in whole numbers, ${percent(accuracy)} in real ones; the same class for ${percent(agreement)}`,
      `logits differ by at most ${maxDifference.toFixed(3)} (the largest is ${largest.toFixed(2)})`,
      native === null ? without : `${native} code gives the same numbers as the reference interpreter`,
    ],
    json: {
      ...{ images, accuracy, integerAccuracy, agreement, largest, native },
      operations: program.operations.length,
    },
  };
}
