/** What every run has around its work: journal and list of candidates that listen, its start, its end, its failure. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { type EventBus, SHOWN_ONLY } from '../../core/events.ts';
import type { Random } from '../../core/random.ts';
import { version } from '../../version.ts';
import { ArchitectureLog } from '../architectures.ts';
import type { OpenRun } from '../folder.ts';
import { Journal, readJournal } from '../journal.ts';
import { machine } from '../machine.ts';
import type { RunConfig } from '../options.ts';
import { type Frame, rewind, type Told } from './context.ts';

export interface FrameOptions {
  readonly run: OpenRun;
  readonly config: RunConfig;
  readonly backend: Backend;
  readonly bus: EventBus;
  readonly signal: AbortSignal;
  readonly resumed: boolean;
  /** Seconds between checkpoints. */
  readonly saveEvery?: number;
}

/** Opens journal and list of candidates, which hear from now on. */
export function openFrame(
  { run, config, bus, signal, saveEvery = 30 }: FrameOptions,
  random: Random,
): Frame & { close(): void } {
  const journal = new Journal(run.journal);
  const architectures = new ArchitectureLog(run.architectures);
  const told: Told = { phases: new Set(), started: new Set(), again: false };
  // What threads still tell of a training that was stopped comes after the end of the run, and is told again on resuming.
  let ended = false;
  bus.subscribe((event) => {
    if (ended || told.again || SHOWN_ONLY.includes(event.type)) return;
    ended = event.type === 'run-ended';
    journal.record(event);
    architectures.record(event);
  });
  return {
    ...{ config, random, run, bus, journal, architectures, signal, told, saveEvery },
    checkpoints: run.checkpoints,
    close: () => {
      journal.close();
      architectures.close();
    },
  };
}

export interface FrameWork {
  /** When the session began, milliseconds. */
  readonly started: number;
  /** What is said at the start of a run, not when it is resumed. */
  readonly notes: readonly string[];
  /** SHA-256 of the data (src/data/fingerprint.ts). */
  readonly data: string;
  /** SHA-256 of the subword model, of runs on sentences. */
  readonly subwords?: string | undefined;
  /** Files that could not be decoded. */
  readonly unreadable?: ReadonlySet<string>;
}

/** Tells the start of the run, does its work, and tells how it ended. */
export async function inFrame<T>(
  frame: Frame,
  options: Pick<FrameOptions, 'resumed' | 'backend'>,
  { started, unreadable = new Set(), ...begins }: FrameWork,
  work: () => Promise<T>,
): Promise<T> {
  const { bus } = frame;
  const measured = () => ({
    seconds: (Date.now() - started) / 1000,
    ...(unreadable.size > 0 ? { unreadable: [...unreadable].sort() } : {}),
  });
  try {
    start(frame, options, begins);
    const result = await work();
    bus.emit({ type: 'run-ended', outcome: 'finished', ...measured() });
    return result;
  } catch (error) {
    const stopped = error instanceof ShiftAddError && error.code === 'interrupted';
    const text = error instanceof Error ? error.message : String(error);
    const outcome = stopped ? 'interrupted' : 'failed';
    endQuietly(() => bus.emit({ type: 'run-ended', outcome, text, ...measured() }));
    throw error;
  }
}

/** What fails while a run is ending must not hide why it ends. */
export function endQuietly(work: () => void): void {
  try {
    work();
  } catch {
    // the first error is the one that is reported
  }
}

function start(
  frame: Frame,
  { resumed, backend }: Pick<FrameOptions, 'resumed' | 'backend'>,
  { notes, data, subwords }: Pick<FrameWork, 'notes' | 'data' | 'subwords'>,
): void {
  const { bus, run, config } = frame;
  if (resumed) checkBegun(frame, data, subwords);
  if (resumed && rewind(frame)) {
    bus.emit({ type: 'run-resumed', text: `going on from the checkpoints in ${run.dir}` });
    return;
  }
  bus.emit({
    type: 'run-started',
    command: run.description.command,
    version,
    seed: config.seed,
    data,
    ...(subwords === undefined ? {} : { subwords }),
    machine: machine(backend),
  });
  for (const text of notes) bus.emit({ type: 'note', text });
}

/** Throws 'run' where data or subwords are not those that the run began with. */
function checkBegun({ run, config }: Frame, data: string, subwords: string | undefined): void {
  const begun = readJournal(run.journal).find(({ event }) => event.type === 'run-started')?.event;
  if (begun?.type !== 'run-started') return;
  if (begun.data !== undefined && begun.data !== data) {
    throw new ShiftAddError(
      'run',
      `${run.dir} goes on with the data that it began with, but ${config.data} has changed since; put the data back that it began with, or start a new run`,
      { dir: run.dir, data: config.data, expected: begun.data, found: data },
    );
  }
  if (begun.subwords !== undefined && begun.subwords !== subwords) {
    throw new ShiftAddError(
      'run',
      `${run.dir} goes on with the subwords that it began with, but ${run.subwords} is another model; put the file back that it began with, or start a new run`,
      { dir: run.dir, file: run.subwords, expected: begun.subwords, found: subwords ?? null },
    );
  }
}
