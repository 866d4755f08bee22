/**
 * The frame of every command that writes a run: opens data and files, says when it starts and how it ends, and
 * closes what it opened whatever happens.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { openDataset } from '../../data/open.ts';
import type { StoreOptions } from '../../data/picturestore.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { loadSpace } from '../../spaces/load.ts';
import { ArchitecturePricer } from '../../spaces/pricing.ts';
import { showRetraining } from '../../spaces/retrained.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Evaluator, JobTypes } from '../evaluation/evaluator.ts';
import { imageWorkplace, type Workplace } from '../evaluation/workplace.ts';
import { describeMeasured } from '../latency-source.ts';
import type { OpenedRank } from '../ranks/follow.ts';
import { type Frame, interrupt, type RunContext } from './context.ts';
import { endQuietly, type FrameOptions, inFrame, openFrame } from './frame.ts';
import { openJobContext } from './job-context.ts';
import { retrainedSpaceOf } from './retraining-of.ts';
import { describeUnusedSpread } from './sharing-of.ts';

export interface SessionOptions extends FrameOptions {
  /** Opens the data; for programs that run many sessions over one set and keep it. */
  readonly openData?: typeof openDataset;
  /** How much of pictures that do not fit into memory is kept decoded; nothing when absent. */
  readonly store?: StoreOptions;
  /** Jobs at once in threads of this process; 0, the default, for as many as the backend has threads. */
  readonly workers?: number;
  /** Who does the jobs, where that is not this process: called once data and settings are open. */
  readonly evaluator?: <T extends JobTypes>(workplace: Workplace<T>, frame: Frame) => Promise<Evaluator<T>>;
  /** Processes that train the supernet together, this one as their first: called once data and settings are open. */
  readonly ranks?: (opened: OpenedRank) => Promise<Ranks>;
}

/** Makes what all phases share. Reads the data, prices the baselines, refuses what cannot work. */
async function openContext(
  options: SessionOptions,
): Promise<Omit<RunContext, 'evaluator'> & { close(): void }> {
  const { config, backend, workers } = options;
  if (config.inherit && options.evaluator !== undefined) {
    throw new ShiftAddError(
      'usage',
      '--inherit takes weights from a checkpoint on this machine, which workers of --cluster do not see; leave one of the two out',
    );
  }
  const space = loadSpace(config.space);
  const accelerator = findAccelerator(config.accelerator);
  const jobs = await openJobContext(config, space, {
    ...{ backend, workers, openData: options.openData },
    store: options.store && { signal: options.signal, ...options.store },
    reading: (text, fraction) => options.bus.emit({ type: 'data-reading', text, fraction }),
  });
  const retrained = retrainedSpaceOf(space, config);
  const pricer = new ArchitecturePricer(retrained, jobs.task, new Pricer(accelerator, Number(config.bits)));
  const frame = openFrame(options, jobs.random);
  return { ...jobs, ...frame, retrained, pricer };
}

/** Runs `work` as a session: its start, its end and its failure are events of the run. */
export async function session<T>(
  options: SessionOptions,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const opened = await openContext(options).catch((error) => {
    if (options.signal.aborted) interrupt(options);
    throw error;
  });
  const workplace = imageWorkplace(opened);
  const context = { ...opened, ...(await companyOf(options, opened, workplace)) };
  const differs = showRetraining(context.space, context.retrained);
  const unused = describeUnusedSpread(context.config, context.space);
  const measured = describeMeasured(context.pricer.pricer.accelerator);
  const notes = [
    ...context.dataset.notes,
    ...(differs === '' ? [] : [`networks are retrained and priced with ${differs}`]),
    ...(unused === undefined ? [] : [unused]),
    ...(measured === undefined ? [] : [measured]),
  ];
  try {
    const frameWork = { started, notes, data: workplace.data, unreadable: context.unreadable };
    return await inFrame(context, options, frameWork, () => work(context));
  } finally {
    await context.evaluator.dispose();
    endQuietly(() => context.close());
  }
}

/** Who else works for the run. */
async function companyOf(
  { evaluator, ranks, workers }: SessionOptions,
  opened: Awaited<ReturnType<typeof openContext>>,
  workplace: Workplace,
): Promise<Pick<RunContext, 'evaluator' | 'ranks'>> {
  try {
    const met = await ranks?.(opened);
    return {
      evaluator: (await evaluator?.(workplace, opened)) ?? workplace.evaluator(workers),
      ...(met === undefined ? {} : { ranks: met }),
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}
