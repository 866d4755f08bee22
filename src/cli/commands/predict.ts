/** `predict`: image files in, labels out. */
import { ShiftAddError } from '../../core/errors.ts';
import { readImage } from '../../data/image.ts';
import { softmaxOf } from '../../metrics/softmax.ts';
import type { Option } from '../../runs/options.ts';
import { type Command, given } from '../command.ts';
import { openLabeller } from '../labeller.ts';
import { EXECUTION_FLAGS } from '../run-options.ts';
import { percent } from '../text.ts';

const options: Readonly<Record<string, Option>> = {
  run: {
    kind: 'text',
    help: 'run folder, or a folder with architecture.json or an integer program',
    placeholder: 'dir',
  },
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
    'shiftaddnas predict --run runs/fashion/export/integer boot.png',
  ],
  async run(context) {
    const dir = given<string>(context, 'run');
    if (dir === undefined)
      throw new ShiftAddError('usage', 'predict needs --run, the folder of a finished run');
    const labeller = await openLabeller(context, dir);
    try {
      const { image, classes } = labeller;
      const top = given<number>(context, 'top') ?? 1;
      const predictions = [];
      for (const file of context.positional) {
        const pixels = await readImage(file, { height: image.h, width: image.w, channels: image.c });
        const { logits, stored } = await labeller.answer(pixels);
        const labels = softmaxOf(logits)
          .map((probability, i) => ({ label: classes[i], probability }))
          .sort((a, b) => b.probability - a.probability)
          .slice(0, top);
        const [{ label, probability }] = labels;
        predictions.push({ file, label, probability, labels, ...(stored === undefined ? {} : { stored }) });
        const shown = labels.map((one) => `${one.label} (${percent(one.probability)})`);
        context.print(`${file}: ${shown.join(', ')}`);
      }
      return { predictions };
    } finally {
      labeller.close();
    }
  },
};
