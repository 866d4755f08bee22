/** The data that a trained network belongs to: its run's own, or what --data says. */
import { ShiftAddError } from '../core/errors.ts';
import type { ImageDataset } from '../data/dataset.ts';
import { type OpenOptions, openDataset } from '../data/open.ts';
import { type Asked, askedIn, sortedSettings } from '../runs/asked.ts';
import { readDescription } from '../runs/folder.ts';
import type { OpenedNetwork } from '../runs/network-files.ts';
import type { RunConfig } from '../runs/options.ts';
import { progressListener, progressTo } from '../runs/progress.ts';
import { type CommandContext, given } from './command.ts';

/** What a network reads and tells apart. */
export interface Reads {
  readonly image: { readonly h: number; readonly w: number; readonly c: number };
  readonly classes: number;
}

/** @throws ShiftAddError 'data' for images of another size or another number of classes */
export function checkData(
  { image: { h, w, c }, classes }: Reads,
  dataset: ImageDataset,
  source: string,
): void {
  const { height, width, channels } = dataset.test;
  if (height !== h || width !== w || channels !== c) {
    throw new ShiftAddError(
      'data',
      `the network reads images of ${w}x${h} with ${c} channels, but ${source} has ${width}x${height} with ${channels}; evaluate it on data of the kind it was trained on`,
    );
  }
  if (dataset.classes.length !== classes) {
    throw new ShiftAddError(
      'data',
      `the network tells ${classes} classes apart, but ${source} has ${dataset.classes.length}`,
    );
  }
}

/** @throws ShiftAddError 'usage' where nobody says which data, 'data' when it is not of the network's kind */
export async function dataOfRun(
  context: CommandContext,
  { description }: OpenedNetwork,
  dir: string,
): Promise<ImageDataset> {
  const own = () => readDescription(dir).config as Partial<RunConfig>;
  const source = given<string>(context, 'data') ?? own().data;
  if (source === undefined) {
    throw new ShiftAddError('usage', `--data is needed here: ${dir} does not say which data it is for`);
  }
  const seed = given<string>(context, 'data') === undefined ? (own().seed ?? 0) : 0;
  const imageSize = source.startsWith('folder:') ? description.task.image.h : undefined;
  // the part of an image that is seen depends on whether all fit into memory, so that too is as in the run
  const gib = given<string>(context, 'data') === undefined ? own().dataMemory : undefined;
  const memory = gib === undefined ? undefined : gib * 2 ** 30;
  const unreadableShare =
    given<number>(context, 'unreadableShare') ??
    (given<string>(context, 'data') === undefined ? own().unreadableShare : undefined);
  const progress = readingOf(context);
  const dataset = await openDataset(source, { seed, imageSize, memory, unreadableShare, progress });
  checkData({ image: description.task.image, classes: description.classes.length }, dataset, source);
  return dataset;
}

/** Says on stderr how far data are read, unless --json or --quiet asks for nothing. */
export function readingOf(context: CommandContext): OpenOptions['progress'] {
  if (context.json || given<boolean>(context, 'quiet') === true) return undefined;
  // lines that are not drawn over: nobody tells when the last of them can go
  const listen = progressListener({ ...progressTo(process.stderr), interactive: false });
  return (text, fraction) => listen({ type: 'data-reading', text, fraction });
}

/**
 * What a measurement was asked for: the data and which part of them, and seed and settings of the run that trained the
 * network in `dir`. Where nobody knows that run they are the command's own, which draws with seed 0.
 */
export function evaluationOf(
  context: CommandContext,
  data: string,
  dir: string | undefined,
): Asked & { readonly data: string; readonly split: string } {
  const own = { seed: 0, config: sortedSettings(context.options) };
  const asked = dir === undefined ? own : (askedIn(dir) ?? own);
  return { data, split: given<string>(context, 'split') ?? 'test', ...asked };
}
