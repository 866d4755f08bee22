/** `evaluate`: a trained network on a data set. */
import { openBackend } from '../../backends/open.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { ImageDataset } from '../../data/dataset.ts';
import { openDataset } from '../../data/open.ts';
import { readDescription } from '../../runs/folder.ts';
import { openNetwork, type TrainedFor } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { imageBatches } from '../../training/image-batches.ts';
import { HeldBatches, score } from '../../training/score.ts';
import { type Command, given } from '../command.ts';
import { backendName, EXECUTION_FLAGS, threadsOf } from '../run-options.ts';
import { percent } from '../text.ts';

const options: Readonly<Record<string, Option>> = {
  run: { kind: 'text', help: 'run folder, or a folder with architecture.json', placeholder: 'dir' },
  data: { kind: 'text', help: "data set; the run's own unless given", placeholder: 'source' },
  split: { kind: 'choice', help: 'images to evaluate on', choices: ['test', 'train'], initial: 'test' },
  ...EXECUTION_FLAGS,
};

const BATCH = 256;

function check({ task, classes }: TrainedFor, dataset: ImageDataset, source: string): void {
  const { height, width, channels } = dataset.test;
  const { h, w, c } = task.image;
  if (height !== h || width !== w || channels !== c) {
    throw new ShiftAddError(
      'data',
      `the network reads images of ${w}x${h} with ${c} channels, but ${source} has ${width}x${height} with ${channels}; evaluate it on data of the kind it was trained on`,
    );
  }
  if (dataset.classes.length !== classes.length) {
    throw new ShiftAddError(
      'data',
      `the network tells ${classes.length} classes apart, but ${source} has ${dataset.classes.length}`,
    );
  }
}

export const evaluate: Command = {
  name: 'evaluate',
  summary: 'measure a trained network on a data set',
  options,
  examples: [
    'shiftaddnas evaluate --run runs/fashion',
    'shiftaddnas evaluate --run runs/fashion --data idx:path/to/fashion-mnist --json',
  ],
  async run(context) {
    const dir = given<string>(context, 'run');
    if (dir === undefined)
      throw new ShiftAddError('usage', 'evaluate needs --run, the folder of a finished run');
    const backend = await openBackend(backendName(context), threadsOf(context));
    try {
      const { key, description, path, network } = openNetwork(backend, dir);
      const own = () => readDescription(dir).config as { data?: string; seed?: number; dataMemory?: number };
      const source = given<string>(context, 'data') ?? own().data;
      if (source === undefined)
        throw new ShiftAddError('usage', 'evaluate needs --data here: the folder does not say');
      const seed = given<string>(context, 'data') === undefined ? (own().seed ?? 0) : 0;
      const imageSize = source.startsWith('folder:') ? description.task.image.h : undefined;
      // the part of an image that is seen depends on whether all fit into memory, so that too is as in the run
      const gib = given<string>(context, 'data') === undefined ? own().dataMemory : undefined;
      const memory = gib === undefined ? undefined : gib * 2 ** 30;
      const dataset = await openDataset(source, { seed, imageSize, memory });
      check(description, dataset, source);
      const set = given<string>(context, 'split') === 'train' ? dataset.train : dataset.test;
      const normal = { classes: dataset.classes, mean: description.mean, deviation: description.deviation };
      const batches = imageBatches({ set, normal, batchSize: Math.min(BATCH, set.count) });
      const { h, w, c } = description.task.image;
      const shape = { shape: [h, w, c] as const, classes: normal.classes.length };
      let [loss, right] = [0, 0];
      for (let step = 0; step < batches.stepsPerEpoch; step++) {
        const held = new HeldBatches(backend, shape, [batches.batch(step)]);
        const found = await score(network, path, held);
        loss += found.loss * held.count;
        right += Math.round(found.accuracy * held.count); // whole images, so that the share is exact
        held.dispose();
      }
      const unreadable = batches.unreadable();
      batches.dispose();
      if (unreadable.length > 0)
        context.print(
          `${unreadable.length} images could not be read and gave way to others: ${unreadable.join(', ')}`,
        );
      const accuracy = right / set.count;
      context.print(
        `${key}: ${percent(accuracy)} of ${set.count} images, loss ${(loss / set.count).toFixed(4)}`,
      );
      return {
        ...{ accuracy, loss: loss / set.count, examples: set.count, genotype: key },
        ...(unreadable.length > 0 ? { unreadable } : {}),
      };
    } finally {
      backend.dispose();
    }
  },
};
