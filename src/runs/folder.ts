/**
 * A run is a folder. Who writes it has its lock; who only reads it (report, evaluate, export) needs none.
 *
 *   config.json           what was asked for, with defaults, and the sums of files it names; what marks the folder as a run
 *   journal.jsonl         events              architectures.jsonl   every candidate
 *   checkpoints/          to go on from       winner/               to evaluate and export
 *   histograms.json       weights             subwords.json         of sentences
 *   result.json, report.html
 *   cluster.jsonl         who did which job, with --cluster
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { diskError, LEFTOVER, writeFileAtomic } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { acquireLock, type Lock } from '../core/lock.ts';
import { checkSources, type SourceFile, sourceFiles, sourceFilesSchema } from './source-files.ts';

const FORMAT = 'shiftaddnas-run';
const SCHEMA = 1;

export interface RunPaths {
  readonly dir: string;
  readonly config: string;
  readonly journal: string;
  readonly architectures: string;
  readonly checkpoints: string;
  readonly winner: string;
  readonly histograms: string;
  /** How sentences become subwords; of runs on sentence pairs. */
  readonly subwords: string;
  readonly result: string;
  readonly report: string;
  readonly lock: string;
}

/** What config.json says: which command, and its complete settings. */
export interface RunDescription {
  readonly command: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A run that is being written by this process. */
export interface OpenRun extends RunPaths {
  readonly description: RunDescription;
  /** Gives the lock back. */
  close(): void;
}

export function runPaths(dir: string): RunPaths {
  return {
    dir,
    config: join(dir, 'config.json'),
    journal: join(dir, 'journal.jsonl'),
    architectures: join(dir, 'architectures.jsonl'),
    checkpoints: join(dir, 'checkpoints'),
    winner: join(dir, 'winner'),
    histograms: join(dir, 'histograms.json'),
    subwords: join(dir, 'subwords.json'),
    result: join(dir, 'result.json'),
    report: join(dir, 'report.html'),
    lock: join(dir, 'run.lock'),
  };
}

/**
 * Starts a run in a new or empty folder.
 * @throws ShiftAddError 'run' when the folder has a run already or belongs to something else; 'disk'
 */
export function createRun(dir: string, description: RunDescription): OpenRun {
  const paths = runPaths(dir);
  makeFolder(dir);
  refuseUnlessEmpty(dir);
  const lock = acquireLock(paths.lock);
  try {
    // Again, now that nobody else can start here.
    refuseUnlessEmpty(dir);
    makeFolder(paths.checkpoints);
    makeFolder(paths.winner);
    const { command, config } = description;
    const written = { format: FORMAT, schema: SCHEMA, command, config, files: sourceFiles(config) };
    writeFileAtomic(paths.config, `${JSON.stringify(written, null, 2)}\n`);
    return open(paths, { command, config }, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Opens an existing run to go on with it.
 * @throws ShiftAddError 'run' when it is none, damaged or in use, or when files that it began with have changed; 'disk'
 */
export function resumeRun(dir: string): OpenRun {
  const paths = runPaths(dir);
  const { files, ...description } = readConfig(dir);
  checkSources(dir, files);
  const lock = acquireLock(paths.lock);
  try {
    for (const folder of [paths.checkpoints, paths.winner]) makeFolder(folder);
    for (const folder of [dir, paths.checkpoints, paths.winner]) removeLeftovers(folder);
    return open(paths, description, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Reads config.json. @throws ShiftAddError 'run' when `dir` is not a run of this program */
export function readDescription(dir: string): RunDescription {
  const { files: _, ...description } = readConfig(dir);
  return description;
}

function readConfig(dir: string): RunDescription & { readonly files: readonly SourceFile[] } {
  const path = runPaths(dir).config;
  let text: string;
  try {
    text = fs.readFileSync(path, 'utf8');
  } catch (error) {
    const reason = fs.existsSync(dir) ? 'it has no config.json that can be read' : 'there is no such folder';
    throw new ShiftAddError('run', `${dir} is not a run: ${reason}; check the path`, { dir }, error);
  }
  const fail = (what: string): never => {
    throw new ShiftAddError('run', `${path} ${what}; take it from a copy or start a new run`, { path });
  };
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('is damaged: it is not JSON');
  }
  if (value?.format !== FORMAT) return fail('does not belong to a run of this program');
  if (value.schema !== SCHEMA)
    return fail(`has schema ${JSON.stringify(value.schema)}, and ${SCHEMA} is read`);
  const { command, config } = value;
  if (typeof command !== 'string' || typeof config !== 'object' || config === null) {
    return fail('is damaged: it lacks its command or its config');
  }
  const files = sourceFilesSchema.safeParse(value.files);
  if (!files.success) return fail('is damaged: it does not say which files the run began with');
  return { command, config: config as Record<string, unknown>, files: files.data };
}

function open(paths: RunPaths, description: RunDescription, lock: Lock): OpenRun {
  return { ...paths, description, close: () => lock.release() };
}

function refuseUnlessEmpty(dir: string): void {
  // Folders, a lock and leftovers are what a run killed in its first moments leaves: nothing is lost with them.
  const names = fs.readdirSync(dir).filter((name) => !LEFTOVER.test(name) && name !== 'run.lock');
  const strangers = names.filter(
    (name) => !(['checkpoints', 'winner'].includes(name) && fs.readdirSync(join(dir, name)).length === 0),
  );
  if (strangers.length === 0) return;
  let command: string;
  try {
    command = readDescription(dir).command;
  } catch {
    throw new ShiftAddError(
      'run',
      `${dir} holds other files (${strangers[0]}${strangers.length > 1 ? ', ...' : ''}); choose a new or empty folder with --out`,
      { dir, found: strangers[0] },
    );
  }
  throw new ShiftAddError(
    'run',
    `${dir} already holds a ${command} run; go on with it by --resume ${dir}, or choose another folder with --out`,
    { dir, command },
  );
}

function makeFolder(dir: string): void {
  try {
    fs.mkdirSync(dir, { recursive: true });
  } catch (error) {
    if (fs.existsSync(dir)) {
      throw new ShiftAddError('run', `${dir} is a file; choose a folder with --out`, { dir }, error);
    }
    throw diskError(error, dir);
  }
}

function removeLeftovers(dir: string): void {
  for (const name of fs.readdirSync(dir)) {
    if (LEFTOVER.test(name)) fs.rmSync(join(dir, name), { force: true });
  }
}
