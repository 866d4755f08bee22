/**
 * The frame of commands that write a run: backend, folder and terminal opened, the work done, everything closed.
 * What a run leaves behind when it fails depends on whether resuming it can ever help.
 */
import fs from 'node:fs';
import { clusterAddress } from '../cluster/address.ts';
import { openCluster } from '../cluster/cluster-evaluator.ts';
import { rankCount } from '../cluster/mpi.ts';
import { ShiftAddError } from '../core/errors.ts';
import { EventBus, type RunEvent } from '../core/events.ts';
import { isTranslationSource } from '../data/text/open.ts';
import type { OpenRun } from '../runs/folder.ts';
import { readJournal } from '../runs/journal.ts';
import type { SessionOptions } from '../runs/pipeline/session.ts';
import { progressListener, progressTo } from '../runs/progress.ts';
import { type CommandContext, given } from './command.ts';
import { type OpenedRun, openBackendOf, openRun, storeOf } from './run-options.ts';

/** Environment variable with the seconds between checkpoints; tests save often to kill runs in the middle of it. */
export const SAVE_EVERY = 'SHIFTADDNAS_SAVE_EVERY';

export async function withRun<T>(
  context: CommandContext,
  command: string,
  extra: Readonly<Record<string, unknown>>,
  work: (options: SessionOptions, opened: OpenedRun) => Promise<T>,
): Promise<T> {
  if (rankCount() > 1 && command !== 'search') {
    throw new ShiftAddError(
      'usage',
      `only search trains over several ranks, but mpirun started ${rankCount()} of ${command}; start it without mpirun`,
    );
  }
  const saveEvery = saveEverySeconds();
  // Threads and ranks compute over memory that they share; a GPU's is one thread's.
  const shared = (given<number>(context, 'workers') ?? 0) > 1 || rankCount() > 1;
  const backend = await openBackendOf(context, shared ? { shared } : {});
  try {
    const out = given<string>(context, 'out');
    const mine = out === undefined || !fs.existsSync(out);
    const opened = openRun(context, command, extra);
    const { run, config, resumed } = opened;
    try {
      const bus = busFor(context, opened);
      const { signal } = context;
      const workers = given<number>(context, 'workers') ?? 0;
      const evaluator = clusterOf(context);
      return await work(
        {
          run,
          config,
          backend,
          bus,
          signal,
          resumed,
          workers,
          store: storeOf(context),
          ...evaluator,
          ...saveEvery,
        },
        opened,
      );
    } catch (error) {
      if (!resumed && neverWorks(error)) discard(run, mine);
      throw error;
    } finally {
      run.close();
    }
  } finally {
    backend.dispose();
  }
}

/** With --cluster, who does the jobs: workers that meet this machine in a database. */
function clusterOf(context: CommandContext): Pick<SessionOptions, 'evaluator'> {
  const url = given<string>(context, 'cluster');
  const only = given<boolean>(context, 'clusterOnly') ?? false;
  if (url === undefined) {
    if (!only) return {};
    throw new ShiftAddError(
      'usage',
      '--cluster-only leaves all jobs to the workers of a cluster; give its --cluster too',
    );
  }
  const workers = given<number>(context, 'workers') ?? 0;
  const address = clusterAddress(url);
  return { evaluator: (workplace, frame) => openCluster(workplace, frame, { address, workers, only }) };
}

/** Settings at fault: the same run would fail in the same way again. */
function neverWorks(error: unknown): boolean {
  return error instanceof ShiftAddError && ['usage', 'data', 'limit', 'missing'].includes(error.code);
}

/** Removes a run that has done nothing, so that the corrected command can use its folder. */
function discard(run: OpenRun, withFolder: boolean): void {
  if (fs.readdirSync(run.checkpoints).length > 0) return;
  for (const file of [run.journal, run.architectures, run.subwords, run.config])
    fs.rmSync(file, { force: true });
  for (const folder of [run.checkpoints, run.winner]) fs.rmSync(folder, { recursive: true, force: true });
  run.close();
  if (withFolder && fs.readdirSync(run.dir).length === 0) fs.rmdirSync(run.dir);
}

/** A bus with the terminal listening on stderr, unless --quiet or --json asks for none. */
function busFor(context: CommandContext, { run, config, resumed }: OpenedRun): EventBus {
  const bus = new EventBus();
  if (context.json || given<boolean>(context, 'quiet') === true) return bus;
  const earlier = resumed ? readJournal(run.journal) : [];
  const examples = isTranslationSource(config.data) ? 'sentences' : 'images';
  const listen = progressListener({
    ...progressTo(process.stderr),
    signal: context.signal,
    earlier,
    examples,
  });
  bus.subscribe((event) => listen(withoutSentence(event)));
  process.stderr.write(`run folder ${run.dir}\n`);
  return bus;
}

/** The sentence that ends a run is printed once, by the program and not by its progress. */
export function withoutSentence(event: RunEvent): RunEvent {
  if (event.type !== 'run-ended') return event;
  const { text: _, ...rest } = event;
  return rest;
}

export function saveEverySeconds(): { saveEvery?: number } {
  const text = process.env[SAVE_EVERY];
  if (text === undefined || text === '') return {};
  const saveEvery = Number(text);
  if (Number.isFinite(saveEvery) && saveEvery >= 0) return { saveEvery };
  throw new ShiftAddError(
    'usage',
    `${SAVE_EVERY} must be a number of seconds of at least 0, but got "${text}"`,
  );
}
