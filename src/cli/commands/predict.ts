/** `predict`: image files in, labels out. */

import { Graph } from '../../autograd/graph.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { normalise } from '../../data/batches.ts';
import { readImage } from '../../data/image.ts';
import { softmaxOf } from '../../metrics/softmax.ts';
import { openNetwork } from '../../runs/network-files.ts';
import type { Option } from '../../runs/options.ts';
import { type Command, given } from '../command.ts';
import { EXECUTION_FLAGS, openBackendOf } from '../run-options.ts';
import { percent } from '../text.ts';

const options: Readonly<Record<string, Option>> = {
  run: { kind: 'text', help: 'run folder, or a folder with architecture.json', placeholder: 'dir' },
  top: { kind: 'integer', help: 'labels to print for each image', placeholder: 'n', minimum: 1, initial: 1 },
  ...EXECUTION_FLAGS,
};

export const predict: Command = {
  name: 'predict',
  summary: 'label image files (PNG, JPEG)',
  positional: '<files...>',
  options,
  examples: [
    'shiftaddnas predict --run runs/fashion boot.png',
    'shiftaddnas predict --run runs/fashion --top 3 --json *.png',
  ],
  async run(context) {
    const dir = given<string>(context, 'run');
    if (dir === undefined)
      throw new ShiftAddError('usage', 'predict needs --run, the folder of a finished run');
    const backend = await openBackendOf(context);
    try {
      const { description, path, network } = openNetwork(backend, dir);
      const { h, w, c } = description.task.image;
      const top = given<number>(context, 'top') ?? 1;
      const predictions = [];
      for (const file of context.positional) {
        const pixels = await readImage(file, { height: h, width: w, channels: c });
        const graph = new Graph(backend, { training: false });
        try {
          const x = graph.values(normalise(pixels, description), [1, h, w, c]);
          const logits = await graph.read(network.forward(x, path, { mode: { kind: 'evaluate' } }));
          const labels = softmaxOf(logits)
            .map((probability, i) => ({ label: description.classes[i], probability }))
            .sort((a, b) => b.probability - a.probability)
            .slice(0, top);
          predictions.push({ file, label: labels[0].label, probability: labels[0].probability, labels });
          const shown = labels.map(({ label, probability }) => `${label} (${percent(probability)})`);
          context.print(`${file}: ${shown.join(', ')}`);
        } finally {
          graph.close();
        }
      }
      return { predictions };
    } finally {
      backend.dispose();
    }
  },
};
