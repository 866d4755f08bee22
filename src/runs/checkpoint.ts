/**
 * A checkpoint is one safetensors file: arrays as tensors, everything else as JSON in its metadata, and a SHA-256
 * over both, so damage is noticed before it is trained on. The one before stays beside it as `NAME.prev`.
 *
 *   save    write and flush beside  ->  NAME becomes NAME.prev  ->  the new file becomes NAME
 *   load    NAME, or NAME.prev with a note if NAME is damaged or a kill fell between the two renames
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { AtomicOptions } from '../core/atomic.ts';
import { ShiftAddError } from '../core/errors.ts';
import { readSafetensors, type TensorData, writeSafetensors } from '../core/safetensors.ts';
import { encodeState } from './state.ts';

export interface Checkpoint<State> {
  /** Plain data: what src/runs/state.ts accepts. */
  readonly state: State;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

export interface LoadedCheckpoint<State> extends Checkpoint<State> {
  /** Set when the newest file could not be used: one sentence for the person in front of it. */
  readonly note?: string;
}

const FORMAT = 'shiftaddnas-checkpoint-1';

/**
 * Writes a checkpoint as one step and keeps the earlier one. Equal contents give equal bytes.
 * @throws ShiftAddError 'disk' (the earlier checkpoint is as it was)
 */
export function saveCheckpoint<State>(
  path: string,
  checkpoint: Checkpoint<State>,
  fileSystem?: AtomicOptions['fileSystem'],
): void {
  const state = encodeState(checkpoint.state);
  const sha256 = digest(state, checkpoint.tensors);
  writeSafetensors(
    path,
    checkpoint.tensors,
    { format: FORMAT, sha256, state },
    { keepPrevious: previousOf(path), ...(fileSystem === undefined ? {} : { fileSystem }) },
  );
}

/**
 * Reads the newest sound checkpoint; undefined when none was ever written.
 * @throws ShiftAddError 'run' when there are files and none is sound
 */
export function loadCheckpoint<State>(path: string): LoadedCheckpoint<State> | undefined {
  const problems: string[] = [];
  for (const candidate of [path, previousOf(path)]) {
    if (!fs.existsSync(candidate)) continue;
    try {
      const found = readCheckpoint<State>(candidate);
      if (candidate === path) return found;
      const why = problems[0] ?? `${path} is missing`;
      return { ...found, note: `${why}; going on from the checkpoint before it, ${candidate}` };
    } catch (error) {
      if (!(error instanceof ShiftAddError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length === 0) return undefined;
  throw new ShiftAddError(
    'run',
    `no checkpoint can be read: ${problems.join('; ')}; take a file from a copy, or delete them and resume: their phase is done again`,
    { path },
  );
}

/** The file that the checkpoint before `path` is kept in. */
export function previousOf(path: string): string {
  return `${path}.prev`;
}

function readCheckpoint<State>(path: string): Checkpoint<State> {
  const { tensors, metadata } = readSafetensors(path);
  const { format, sha256, state } = metadata;
  if (format !== FORMAT || state === undefined) {
    throw new ShiftAddError('run', `${path} is not a checkpoint of this program`, { path });
  }
  if (digest(state, tensors) !== sha256) {
    throw new ShiftAddError('run', `${path} is damaged: its contents do not match its checksum`, { path });
  }
  return { state: JSON.parse(state) as State, tensors };
}

/** SHA-256 over the state and every tensor with its name, type and shape, in the order of names. */
function digest(state: string, tensors: ReadonlyMap<string, TensorData>): string {
  const hash = createHash('sha256').update(JSON.stringify(state));
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(JSON.stringify([name, data.constructor.name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
