/** `evaluate` of an integer program: the images as bytes, the scores as whole numbers. */
import { ShiftAddError } from '../core/errors.ts';
import { openDataset } from '../data/open.ts';
import { openProgram, readProgram, realLogits } from '../deploy/index.ts';
import { countCorrect } from '../metrics/accuracy.ts';
import { softmaxOf } from '../metrics/softmax.ts';
import { type CommandContext, given } from './command.ts';
import { drawn } from './exporters/images.ts';
import { checkData, evaluationOf, readingOf } from './run-data.ts';
import { percent } from './text.ts';

export async function evaluateProgram(context: CommandContext, dir: string): Promise<object> {
  const program = readProgram(dir);
  const source = given<string>(context, 'data');
  if (source === undefined) {
    throw new ShiftAddError(
      'usage',
      `evaluate needs --data here: the integer program in ${dir} does not say which data it is for`,
    );
  }
  const split = given<string>(context, 'split');
  if (split === 'valid') {
    throw new ShiftAddError('usage', 'images have no --split valid; choose test or train');
  }
  const [h, w, c] = program.values[0].shape;
  const imageSize = source.startsWith('folder:') ? h : undefined;
  const dataset = await openDataset(source, {
    ...{ seed: 0, imageSize, progress: readingOf(context) },
    unreadableShare: given<number>(context, 'unreadableShare'),
  });
  checkData({ image: { h, w, c }, classes: program.classes.length }, dataset, source);
  const { pixels, labels } = drawn(split === 'train' ? dataset.train : dataset.test, 0);
  const { isa, run } = openProgram(program);
  const stored = run(pixels);
  const classes = program.classes.length;
  const examples = labels.length;
  const accuracy = countCorrect(stored, labels, classes) / examples;
  const logits = realLogits(program, stored);
  const lost = labels.map(
    (label, i) => -Math.log(softmaxOf(logits.slice(i * classes, (i + 1) * classes))[label]),
  );
  const loss = lost.reduce((sum, one) => sum + one, 0) / examples;
  context.print(
    `${program.network}: ${percent(accuracy)} of ${examples} images in whole numbers (${isa}), loss ${loss.toFixed(4)}`,
  );
  return {
    ...{ accuracy, loss, examples, genotype: program.network, interpreter: isa },
    ...evaluationOf(context, source, dir),
  };
}
