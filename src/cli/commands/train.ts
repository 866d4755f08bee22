/** `train`: one architecture from scratch. */
import { ShiftAddError } from '../../core/errors.ts';
import { isTranslationSource } from '../../data/text/open.ts';
import { askedOf } from '../../runs/asked.ts';
import type { SessionOptions } from '../../runs/pipeline/session.ts';
import { runTraining } from '../../runs/pipeline/train-pipeline.ts';
import { runTranslationTraining } from '../../runs/translation/pipeline.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { printScales } from '../print-scales.ts';
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
    weights: {
      kind: 'text',
      help: 'what to start from: the folder of a run, or safetensors of a PyTorch network with the names of docs/export.md, for which adders and shifts also need --transformation none',
      placeholder: 'dir|file',
    },
    ...RECIPE_FLAG,
    ...RUN_FLAGS,
  },
  examples: [
    'shiftaddnas train --network all-add --data glyphs --epochs 3',
    'shiftaddnas train --network adder-resnet-20 --data cifar10:path/to/cifar',
    'shiftaddnas train --network "3-2-2:css|sa|ss" --data idx:path/to/fashion-mnist --out runs/one',
    'shiftaddnas train --network resnet-18 --weights resnet18.safetensors --data folder:path/to/images',
    'shiftaddnas train --network all-conv --weights runs/one --weight-bits 4 --activation-bits 8 --epochs 1 --rate 0.0003',
    'shiftaddnas train --network all-attention --data parallel:path/to/multi30k --pair en-de',
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
    const weights = given<string>(context, 'weights');
    if (weights !== undefined && given(context, 'cluster') !== undefined) {
      throw new ShiftAddError(
        'usage',
        '--weights names files of this machine, which the workers of --cluster do not have; leave one of them out',
      );
    }
    const wanted = {
      ...(named === undefined ? {} : { network: named }),
      ...(weights === undefined ? {} : { weights }),
    };
    return withRun(context, 'train', wanted, async (options, { extra }) => {
      const { data } = options.config;
      if (isTranslationSource(data)) {
        if (extra.weights !== undefined) {
          throw new ShiftAddError(
            'usage',
            `--data ${data} holds sentences, and --weights is about images; leave it out`,
            { data },
          );
        }
        return trainTranslator(context, options, String(extra.network));
      }
      const start = extra.weights === undefined ? undefined : String(extra.weights);
      const result = await runTraining(options, String(extra.network), start);
      const { accuracy, energyMj, latencyMs, genotype, testImages } = result;
      const measured =
        testImages === undefined ? 'the test set' : `${testImages} test images that could be read`;
      context.print(
        `${genotype}: ${percent(accuracy)} on ${measured}, ${digits(energyMj)} mJ, ${digits(latencyMs)} ms`,
      );
      printScales(context, [result]);
      context.print(`network: ${options.run.winner}`);
      const { run, config } = options;
      return { accuracy, epochs: config.epochs, network: result, runDir: run.dir, ...askedOf(options) };
    });
  },
};

async function trainTranslator(
  context: CommandContext,
  options: SessionOptions,
  word: string,
): Promise<object> {
  const network = await runTranslationTraining(options, word);
  const { bleu = 0, chrf = 0, energyMj, latencyMs, genotype } = network;
  context.print(
    `${genotype}: BLEU ${bleu.toFixed(2)}, chrF ${chrf.toFixed(2)} on the test set, ${digits(energyMj)} mJ, ${digits(latencyMs)} ms`,
  );
  printScales(context, [network]);
  context.print(`network: ${options.run.winner}`);
  const { run, config } = options;
  return { bleu, chrf, epochs: config.epochs, network, runDir: run.dir, ...askedOf(options) };
}
