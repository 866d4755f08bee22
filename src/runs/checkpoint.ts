/**
 * A checkpoint is one safetensors file: arrays as tensors, everything else as JSON in its metadata, and a SHA-256
 * over both, so damage is noticed before it is trained on. The one before stays beside it as `NAME.prev`.
 *
 *   save    tensor by tensor: read, hash, write beside  ->  flush  ->  NAME becomes NAME.prev  ->  the new file becomes NAME
 *   load    NAME, or NAME.prev with a note if NAME is damaged or a kill fell between the two renames
 */
import fs from 'node:fs';
import type { AtomicOptions } from '../core/atomic.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import { readSafetensors, type TensorData } from '../core/safetensors.ts';
import { Checksum } from '../core/safetensors-checksum.ts';
import { SafetensorsWriter, type TensorSource } from '../core/safetensors-writer.ts';
import { encodeState } from './state.ts';

export interface Checkpoint<State, Tensor = TensorData> {
  /** Plain data: what src/runs/state.ts accepts. */
  readonly state: State;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export interface LoadedCheckpoint<State> extends Checkpoint<State> {
  /** Set when the newest file could not be used: one sentence for the person in front of it. */
  readonly note?: string;
}

const FORMAT = 'shiftaddnas-checkpoint-1';

/**
 * Writes a checkpoint as one step and keeps the earlier one. Equal contents give equal bytes. Of the tensors one is held at
 * a time; until this is done, nothing may change what the others are read from.
 * @throws ShiftAddError 'disk', or what a source throws (the earlier checkpoint is as it was)
 */
export async function saveCheckpoint<State>(
  path: string,
  checkpoint: Checkpoint<State, TensorSource>,
  fileSystem?: AtomicOptions['fileSystem'],
): Promise<void> {
  const { tensors } = checkpoint;
  const state = encodeState(checkpoint.state);
  const checksum = new Checksum(state);
  // The header stands first, and what it says of the tensors is known last: a checksum is as long before as after.
  const metadata = () => ({ format: FORMAT, sha256: checksum.hex(), state });
  const options = { keepPrevious: previousOf(path), ...(fileSystem === undefined ? {} : { fileSystem }) };
  const file = new SafetensorsWriter(path, tensors, metadata(), options);
  try {
    for (const name of file.names) {
      const source = tensors.get(name) ?? internal(`no tensor ${name}`);
      const data = await source.read();
      checksum.add(name, { shape: source.shape, data });
      file.write(data);
    }
    file.finish(metadata());
  } finally {
    file.close();
  }
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
  const checksum = new Checksum(state);
  for (const name of [...tensors.keys()].sort()) checksum.add(name, tensors.get(name)!);
  if (checksum.hex() !== sha256) {
    throw new ShiftAddError('run', `${path} is damaged: its contents do not match its checksum`, { path });
  }
  return { state: JSON.parse(state) as State, tensors };
}
