/** `train`: one architecture from scratch. */
import { openBackend } from '../../backends/open.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { runTraining } from '../../runs/pipeline/train-pipeline.ts';
import { type Command, given } from '../command.ts';
import { backendName, busFor, openRun, RUN_FLAGS, threadsOf } from '../run-options.ts';
import { digits, percent } from '../text.ts';

export const train: Command = {
  name: 'train',
  summary: 'train one architecture from scratch',
  options: {
    network: {
      kind: 'text',
      help: 'all-conv, all-add, all-shift, or a genotype of --space',
      placeholder: 'name|genotype',
    },
    ...RUN_FLAGS,
  },
  examples: [
    'shiftaddnas train --network all-add --data glyphs --epochs 3',
    'shiftaddnas train --network "2-2-2:cs|sa|ss" --data idx:path/to/fashion-mnist --out runs/one',
    'shiftaddnas train --resume runs/one',
  ],
  async run(context) {
    const named = given<string>(context, 'network');
    if (named === undefined && given(context, 'resume') === undefined) {
      throw new ShiftAddError('usage', 'train needs --network (a genotype, or all-conv, all-add, all-shift) or --resume');
    }
    const backend = await openBackend(backendName(context), threadsOf(context));
    try {
      const opened = openRun(context, 'train', named === undefined ? {} : { network: named });
      const { run, config, resumed, extra } = opened;
      try {
        const bus = busFor(context, opened);
        const result = await runTraining(
          { run, config, backend, bus, signal: context.signal, resumed },
          String(extra.network),
        );
        context.print(
          `${result.genotype}: ${percent(result.accuracy)} on the test set, ${digits(result.energyMj)} mJ, ${digits(result.latencyMs)} ms`,
        );
        context.print(`network: ${run.winner}`);
        return { accuracy: result.accuracy, epochs: config.epochs, network: result, runDir: run.dir };
      } finally {
        run.close();
      }
    } finally {
      backend.dispose();
    }
  },
};
