/** `train`: one architecture from scratch. */
import { ShiftAddError } from '../../core/errors.ts';
import { runTraining } from '../../runs/pipeline/train-pipeline.ts';
import { type Command, given } from '../command.ts';
import { RECIPE_FLAG, RUN_FLAGS } from '../run-options.ts';
import { withRun } from '../run-session.ts';
import { digits, percent } from '../text.ts';

export const train: Command = {
  name: 'train',
  summary: 'train one network from scratch',
  options: {
    network: {
      kind: 'text',
      help: 'a name of the zoo (resnet-20, adder-vgg-small@0.5), all-conv and its kin, a genotype of --space, or a folder with a trained network, which is trained anew',
      placeholder: 'name|genotype|dir',
    },
    ...RECIPE_FLAG,
    ...RUN_FLAGS,
  },
  examples: [
    'shiftaddnas train --network all-add --data glyphs --epochs 3',
    'shiftaddnas train --network adder-resnet-20 --data cifar10:path/to/cifar',
    'shiftaddnas train --network "3-2-2:css|sa|ss" --data idx:path/to/fashion-mnist --out runs/one',
    'shiftaddnas train --resume runs/one',
  ],
  async run(context) {
    const named = given<string>(context, 'network');
    if (named === undefined && given(context, 'resume') === undefined) {
      throw new ShiftAddError(
        'usage',
        'train needs --network (a name of the zoo, a genotype, or all-conv, all-add, all-shift) or --resume',
      );
    }
    const wanted = named === undefined ? {} : { network: named };
    return withRun(context, 'train', wanted, async (options, { extra }) => {
      const result = await runTraining(options, String(extra.network));
      const { accuracy, energyMj, latencyMs, genotype } = result;
      context.print(
        `${genotype}: ${percent(accuracy)} on the test set, ${digits(energyMj)} mJ, ${digits(latencyMs)} ms`,
      );
      context.print(`network: ${options.run.winner}`);
      return { accuracy, epochs: options.config.epochs, network: result, runDir: options.run.dir };
    });
  },
};
