/** `export --fine-tune-epochs`: the settings and images of the run that a program is fine-tuned with, and who is told how it goes. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { ImageDataset } from '../../data/dataset.ts';
import { readDescription } from '../../runs/folder.ts';
import type { FineTuning } from '../../runs/integer/fine-tuning.ts';
import type { Option } from '../../runs/options.ts';
import { openJobContext } from '../../runs/pipeline/job-context.ts';
import { progressListener, progressTo } from '../../runs/progress.ts';
import { loadSpace } from '../../spaces/load.ts';
import { type CommandContext, given } from '../command.ts';
import { settingsOf } from '../run-options.ts';

/** Of fine-tuning; see docs/integer.md. */
const RATE = 0.003;

export const FINE_TUNING_FLAGS: Readonly<Record<string, Option>> = {
  fineTuneEpochs: {
    kind: 'integer',
    help: 'integer: epochs that the network is trained further with its rounding in place; 0 for none',
    placeholder: 'n',
    minimum: 0,
    initial: 0,
  },
  fineTuneRate: {
    kind: 'number',
    help: "fine-tuning: part of a tensor's size that its first steps move it by",
    placeholder: 'x',
    minimum: 0,
    maximum: 1,
    initial: RATE,
  },
};

/** Epochs that are asked for; 0 for none. */
export const fineTuneEpochs = (context: CommandContext): number =>
  given<number>(context, 'fineTuneEpochs') ?? 0;

/** `dataset`: that of the run, or of --data. @throws ShiftAddError 'usage' for a folder without settings */
export async function fineTuningOf(
  context: CommandContext,
  dir: string,
  dataset: ImageDataset,
  backend: Backend,
): Promise<FineTuning> {
  const { config } = settingsOf(describedRun(dir), dir);
  const run = await openJobContext(config, loadSpace(config.space), {
    ...{ backend, workers: 1, openData: async () => dataset },
  });
  return {
    epochs: fineTuneEpochs(context),
    rate: given<number>(context, 'fineTuneRate') ?? RATE,
    context: run,
    signal: context.signal,
    ...(context.json ? {} : { onEvent: progressListener(progressTo(process.stderr)) }),
  };
}

function describedRun(dir: string) {
  try {
    return readDescription(dir);
  } catch (cause) {
    throw new ShiftAddError(
      'usage',
      `--fine-tune-epochs trains as the run did, and ${dir} has no settings of a run; give the folder of a run, or leave it out`,
      { dir },
      cause,
    );
  }
}
