/** `evaluate`: a trained network on a data set. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { readSafetensors } from '../../core/safetensors.ts';
import type { ImageDataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/open.ts';
import { isProgramFolder, loadStateDict, PLAIN_WEIGHTS } from '../../deploy/index.ts';
import { createNetwork, type OpenedNetwork, openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { baseOf, otherNetwork } from '../../runs/pipeline/from-weights.ts';
import { holdsTranslator } from '../../runs/translation/files.ts';
import { imageBatches } from '../../training/image-batches.ts';
import { checkMeasured, HeldBatches, score } from '../../training/score.ts';
import { findBaseline } from '../../zoo/index.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { evaluateProgram } from '../evaluate-program.ts';
import { evaluateTranslator } from '../evaluate-translator.ts';
import { dataOfRun, evaluationOf, readingOf } from '../run-data.ts';
import { EXECUTION_FLAGS, openBackendOf } from '../run-options.ts';
import { percent } from '../text.ts';

const options: Readonly<Record<string, Option>> = {
  run: {
    kind: 'text',
    help: 'run folder, or a folder with architecture.json or an integer program',
    placeholder: 'dir',
  },
  network: { kind: 'text', help: 'with --weights: a network of the zoo that trains', placeholder: 'name' },
  weights: {
    kind: 'text',
    help: 'instead of --run: safetensors of a PyTorch network, with the names of docs/export.md',
    placeholder: 'file',
  },
  mean: {
    kind: 'text',
    help: "with --weights: of each channel, pixels in [0, 1]; the file's or data's own unless given",
    placeholder: '0.485,0.456,0.406',
  },
  deviation: { kind: 'text', help: 'the same for deviations', placeholder: '0.229,0.224,0.225' },
  data: { kind: 'text', help: "data set; the run's own unless given", placeholder: 'source' },
  split: {
    kind: 'choice',
    help: 'images or sentence pairs to evaluate on',
    choices: ['test', 'valid', 'train'],
    initial: 'test',
  },
  unreadableShare: {
    kind: 'number',
    help: "share of the files of a folder: set that may be unreadable and is left out; the run's own, or 0.05",
    placeholder: 'x',
    minimum: 0,
    maximum: 1,
  },
  ...EXECUTION_FLAGS,
};

const BATCH = 256;

interface Evaluated {
  readonly opened: OpenedNetwork;
  readonly dataset: ImageDataset;
}

async function ofRun(backend: Backend, context: CommandContext, dir: string): Promise<Evaluated> {
  const opened = openNetwork(backend, dir);
  return { opened, dataset: await dataOfRun(context, opened, dir) };
}

/** A network of the zoo at the size and with the classes of the data, and the tensors of a file in it. */
async function ofWeights(backend: Backend, context: CommandContext, file: string): Promise<Evaluated> {
  const zoo = given<string>(context, 'network');
  const source = given<string>(context, 'data');
  const baseline = zoo === undefined ? undefined : findBaseline(zoo);
  if (zoo === undefined || source === undefined || baseline === undefined) {
    const sentence = `evaluate --weights needs --data, and --network with a baseline of the zoo (resnet-18, adder-resnet-20), but got network ${zoo ?? 'none'} and data ${source ?? 'none'}`;
    throw new ShiftAddError('usage', sentence);
  }
  const { tensors, metadata } = readSafetensors(file);
  const other = otherNetwork(metadata, baseline.name);
  if (other !== undefined) {
    const sentence = `${file} holds the weights of ${other}, not of ${baseline.name}; give --network ${other}`;
    throw new ShiftAddError('run', sentence, { path: file, network: baseline.name, found: other });
  }
  const unreadableShare = given<number>(context, 'unreadableShare');
  const dataset = await openDataset(source, { seed: 0, unreadableShare, progress: readingOf(context) });
  const { height: h, width: w, channels: c } = dataset.test;
  const normal = (key: 'mean' | 'deviation') =>
    numbers(given<string>(context, key) ?? metadata[key], c, key) ?? dataset[key];
  const task = { image: { h, w, c }, classes: dataset.classes.length };
  const description = { zoo, task, sharing: PLAIN_WEIGHTS, classes: dataset.classes };
  const normalised = { ...description, mean: normal('mean'), deviation: normal('deviation') };
  const opened = createNetwork(backend, normalised, file);
  loadStateDict(opened.network, opened.path, task.image, { path: file, tensors }, baseOf(description));
  return { opened, dataset };
}

/** `0.5,0.25`, or the same in brackets as exported files keep it. */
function numbers(text: string | undefined, channels: number, key: string): number[] | undefined {
  if (text === undefined) return undefined;
  const values = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(Number);
  if (values.length === channels && values.every((value) => Number.isFinite(value))) return values;
  throw new ShiftAddError(
    'usage',
    `${key} needs a number for each of the ${channels} channels, but is "${text}"`,
  );
}

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'measure a trained network on a data set',
  options,
  examples: [
    'shiftaddnas evaluate --run runs/fashion',
    'shiftaddnas evaluate --run runs/fashion --data idx:path/to/fashion-mnist --json',
    'shiftaddnas evaluate --run runs/multi30k --split valid',
    'shiftaddnas evaluate --run runs/fashion/export/integer --data idx:path/to/fashion-mnist',
    'shiftaddnas evaluate --network resnet-18 --weights resnet18.safetensors --data folder:path/to/images',
  ],
  async run(context) {
    const weights = given<string>(context, 'weights');
    const dir = given<string>(context, 'run');
    if ((dir === undefined) === (weights === undefined)) {
      throw new ShiftAddError(
        'usage',
        'evaluate needs --run, the folder of a finished run, or else --network and --weights',
      );
    }
    if (dir !== undefined && holdsTranslator(dir)) return evaluateTranslator(context, dir);
    if (dir !== undefined && isProgramFolder(dir)) return evaluateProgram(context, dir);
    const backend = await openBackendOf(context);
    try {
      const { opened, dataset } =
        weights === undefined
          ? await ofRun(backend, context, dir!)
          : await ofWeights(backend, context, weights);
      const { key, description, path, network } = opened;
      if (given<string>(context, 'split') === 'valid') {
        throw new ShiftAddError('usage', 'images have no --split valid; choose test or train');
      }
      const set = given<string>(context, 'split') === 'train' ? dataset.train : dataset.test;
      const normal = { classes: dataset.classes, mean: description.mean, deviation: description.deviation };
      const batches = imageBatches({ set, normal, batchSize: Math.min(BATCH, set.count) });
      const { h, w, c } = description.task.image;
      const shape = { shape: [h, w, c] as const, classes: normal.classes.length };
      let [loss, right, examples] = [0, 0, 0];
      for (let step = 0; step < batches.stepsPerEpoch; step++) {
        const held = new HeldBatches(backend, shape, [batches.batch(step)]);
        if (held.count === 0) continue; // none of them could be read
        const found = await score(network, path, held);
        loss += found.loss * held.count;
        right += Math.round(found.accuracy * held.count); // whole images, so that the share is exact
        examples += held.count;
        held.dispose();
      }
      const unreadable = batches.unreadable();
      batches.dispose();
      if (unreadable.length > 0)
        context.print(
          `left out, because they could not be read: ${unreadable.length} of ${set.count} images (${unreadable.join(', ')})`,
        );
      checkMeasured(examples);
      const accuracy = right / examples;
      context.print(
        `${key}: ${percent(accuracy)} of ${examples} images, loss ${(loss / examples).toFixed(4)}`,
      );
      return {
        ...{ accuracy, loss: loss / examples, examples, genotype: key },
        ...(unreadable.length > 0 ? { unreadable } : {}),
        ...evaluationOf(context, dataset.source, dir),
      };
    } finally {
      backend.dispose();
    }
  },
};
