/**
 * The frame of every command that writes a run: opens data and files, says when it starts and how it ends, and
 * closes what it opened whatever happens.
 */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { EventBus } from '../../core/events.ts';
import type { openDataset } from '../../data/open.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { loadSpace } from '../../spaces/load.ts';
import { ArchitecturePricer } from '../../spaces/pricing.ts';
import { showRetraining } from '../../spaces/retrained.ts';
import type { Ranks } from '../../training/ranks.ts';
import { version } from '../../version.ts';
import { ArchitectureLog } from '../architectures.ts';
import type { Evaluator } from '../evaluation/evaluator.ts';
import { openEvaluator } from '../evaluation/open-evaluator.ts';
import type { OpenRun } from '../folder.ts';
import { Journal } from '../journal.ts';
import { machine } from '../machine.ts';
import type { RunConfig } from '../options.ts';
import { type JobContext, type RunContext, rewind, type Told } from './context.ts';
import { openJobContext } from './job-context.ts';
import { retrainedSpaceOf } from './retraining-of.ts';

export interface SessionOptions {
  readonly run: OpenRun;
  readonly config: RunConfig;
  readonly backend: Backend;
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly resumed: boolean;
  /** Seconds between checkpoints. */
  readonly saveEvery?: number;
  /** Opens the data; for programs that run many sessions over one set and keep it. */
  readonly openData?: typeof openDataset;
  /** Jobs at once in threads of this process; 0, the default, for as many as the backend has threads. */
  readonly workers?: number;
  /** Who does the jobs, where that is not this process: called once data and settings are open. */
  readonly evaluator?: (context: Omit<RunContext, 'evaluator'>) => Evaluator | Promise<Evaluator>;
  /** Processes that train the supernet together, this one as their first: called once data and settings are open. */
  readonly ranks?: (context: JobContext) => Promise<Ranks>;
}

/** Makes what all phases share. Reads the data, prices the baselines, refuses what cannot work. */
async function openContext(
  options: SessionOptions,
): Promise<Omit<RunContext, 'evaluator'> & { close(): void }> {
  const { run, config, backend, bus, signal, workers } = options;
  if (config.inherit && options.evaluator !== undefined) {
    throw new ShiftAddError(
      'usage',
      '--inherit takes weights from a checkpoint on this machine, which workers of --cluster do not see; leave one of the two out',
    );
  }
  const space = loadSpace(config.space);
  const accelerator = findAccelerator(config.accelerator);
  const jobs = await openJobContext(config, space, { backend, workers, openData: options.openData });
  const retrained = retrainedSpaceOf(space, config);
  const pricer = new ArchitecturePricer(retrained, jobs.task, new Pricer(accelerator, Number(config.bits)));
  const journal = new Journal(run.journal);
  const architectures = new ArchitectureLog(run.architectures);
  const told: Told = { phases: new Set(), started: new Set(), again: false };
  // What threads still tell of a training that was stopped comes after the end of the run, and is told again on resuming.
  let ended = false;
  bus.subscribe((event) => {
    if (ended || told.again || event.type === 'networks-training') return;
    ended = event.type === 'run-ended';
    journal.record(event);
    architectures.record(event);
  });
  return {
    ...jobs,
    ...{ run, bus, journal, architectures, signal, retrained, pricer, told },
    checkpoints: run.checkpoints,
    saveEvery: options.saveEvery ?? 30,
    close: () => {
      journal.close();
      architectures.close();
    },
  };
}

/** Runs `work` as a session: its start, its end and its failure are events of the run. */
export async function session<T>(
  options: SessionOptions,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const opened = await openContext(options);
  const context = { ...opened, ...(await companyOf(options, opened)) };
  const { evaluator } = context;
  const measured = () => ({
    seconds: (Date.now() - started) / 1000,
    ...(context.unreadable.size > 0 ? { unreadable: [...context.unreadable].sort() } : {}),
  });
  try {
    start(context, options);
    const result = await work(context);
    context.bus.emit({ type: 'run-ended', outcome: 'finished', ...measured() });
    return result;
  } catch (error) {
    const stopped = error instanceof ShiftAddError && error.code === 'interrupted';
    const text = error instanceof Error ? error.message : String(error);
    const outcome = stopped ? 'interrupted' : 'failed';
    endQuietly(() => context.bus.emit({ type: 'run-ended', outcome, text, ...measured() }));
    throw error;
  } finally {
    await evaluator.dispose();
    endQuietly(() => context.close());
  }
}

/** Who else works for the run. */
async function companyOf(
  { evaluator, ranks, workers }: SessionOptions,
  opened: Awaited<ReturnType<typeof openContext>>,
): Promise<Pick<RunContext, 'evaluator' | 'ranks'>> {
  try {
    const met = await ranks?.(opened);
    return {
      evaluator: (await evaluator?.(opened)) ?? openEvaluator(opened, workers),
      ...(met === undefined ? {} : { ranks: met }),
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** What fails while a run is ending must not hide why it ends. */
function endQuietly(work: () => void): void {
  try {
    work();
  } catch {
    // the first error is the one that is reported
  }
}

function start(context: RunContext, { resumed, backend }: SessionOptions): void {
  const { bus, run, config, dataset } = context;
  if (resumed && rewind(context)) {
    bus.emit({ type: 'run-resumed', text: `going on from the checkpoints in ${run.dir}` });
    return;
  }
  bus.emit({
    type: 'run-started',
    command: run.description.command,
    version,
    seed: config.seed,
    machine: machine(backend),
  });
  for (const text of dataset.notes) bus.emit({ type: 'note', text });
  const differs = showRetraining(context.space, context.retrained);
  if (differs !== '') bus.emit({ type: 'note', text: `networks are retrained and priced with ${differs}` });
}
