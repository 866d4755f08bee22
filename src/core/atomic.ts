/**
 * A file is either the earlier one or the new one, whole, whatever happens in between: the bytes are written
 * beside it, flushed, renamed over it, and the folder is flushed too, so the rename itself survives a power cut.
 *
 *   path.PID.tmp  -- write, fsync -->  rename to path  -- fsync of the folder
 */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { internal, ShiftAddError } from './errors.ts';

/** The calls of node:fs that writing needs; tests pass failing ones. */
export type FileSystem = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync' | 'rmSync'
>;

export interface AtomicOptions {
  /** The earlier file, if there is one, is renamed to this path just before the new one takes its place. */
  readonly keepPrevious?: string;
  readonly fileSystem?: FileSystem;
}

/** Endings of files that a killed process may leave behind. */
export const LEFTOVER = /\.\d+\.tmp$/;

/** Bytes of one system call, at most: none moves 2 GiB. */
export const PIECE = 2 ** 30;

/**
 * A file that is written part by part. `place` makes it the file at its path; `close`, which belongs into a `finally`, takes
 * away what was not placed. Every call throws ShiftAddError 'disk' where it fails; the earlier file is then as it was.
 */
export class AtomicFile {
  private readonly path: string;
  private readonly temporary: string;
  private readonly keepPrevious: string | undefined;
  private readonly system: FileSystem;
  private file: number | undefined;
  private placed = false;

  constructor(path: string, { keepPrevious, fileSystem = fs }: AtomicOptions = {}) {
    this.path = path;
    this.temporary = join(dirname(path), `${basename(path)}.${process.pid}.tmp`);
    this.keepPrevious = keepPrevious;
    this.system = fileSystem;
    this.file = this.attempt(() => fileSystem.openSync(this.temporary, 'w'));
  }

  /** After what was written before, or over it from byte `position` on. */
  write(data: Uint8Array, position?: number): void {
    const file = this.opened();
    this.attempt(() => writeAll(this.system, file, data, position));
  }

  place(): void {
    const file = this.opened();
    this.attempt(() => {
      this.system.fsyncSync(file);
      this.release();
      if (this.keepPrevious !== undefined) renameIfThere(this.system, this.path, this.keepPrevious);
      this.system.renameSync(this.temporary, this.path);
    });
    this.placed = true;
    flushFolder(this.system, dirname(this.path));
  }

  close(): void {
    if (this.placed) return;
    try {
      this.release();
    } catch {
      // What led here is what is told; nobody wants this file any more.
    } finally {
      this.system.rmSync(this.temporary, { force: true });
    }
  }

  private opened(): number {
    return this.file ?? internal(`${this.path} was written to after it had been closed`);
  }

  private release(): void {
    const { file } = this;
    this.file = undefined;
    if (file !== undefined) this.system.closeSync(file);
  }

  private attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskError(error, this.path);
    }
  }
}

/**
 * Writes `data` to `path` as one step.
 * @throws ShiftAddError 'disk': nothing is left beside it and the earlier file is as it was.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: AtomicOptions = {}): void {
  const file = new AtomicFile(path, options);
  try {
    file.write(typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
    file.place();
  } finally {
    file.close();
  }
}

/** Writes every byte, from `position` on or where the file stands: the system may take only a part at a time. */
export function writeAll(
  system: Pick<FileSystem, 'writeSync'>,
  file: number,
  data: Uint8Array,
  position?: number,
): void {
  let written = 0;
  while (written < data.length) {
    const length = Math.min(PIECE, data.length - written);
    const at = position === undefined ? null : position + written;
    written += system.writeSync(file, data, written, length, at);
  }
}

function renameIfThere(system: FileSystem, from: string, to: string): void {
  try {
    system.renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Makes a rename durable. Some file systems refuse to flush a folder; their renames need no flush. */
export function flushFolder(system: FileSystem, folder: string): void {
  let file: number | undefined;
  try {
    file = system.openSync(folder, 'r');
    system.fsyncSync(file);
  } catch {
    // The new file is in place already: only its survival of a power cut in the next seconds is in question.
  } finally {
    if (file !== undefined) system.closeSync(file);
  }
}

/** What to do about a failure to write, by the code of the operating system. */
const REMEDIES: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOSPC: ['no space is left on the disk', 'free some space and try again'],
  EDQUOT: ['the disk quota is used up', 'free some space or raise the quota and try again'],
  EACCES: ['permission is denied', 'change its permissions or choose another folder'],
  EPERM: ['the operation is not permitted', 'change its permissions or choose another folder'],
  EROFS: ['the file system is read-only', 'choose a folder on another disk'],
  ENOENT: ['its folder does not exist', 'create the folder or choose another'],
  ENOTDIR: ['a part of its path is a file, not a folder', 'choose another folder'],
  EISDIR: ['it is a folder', 'choose another name'],
  EMFILE: ['too many files are open', 'close some programs and try again'],
  EIO: ['the disk reports an input/output error', 'check the disk and try again'],
};

/** Turns a failed write to `path` into one sentence; leaves a ShiftAddError as it is. */
export function diskError(error: unknown, path: string): ShiftAddError {
  if (error instanceof ShiftAddError) return error;
  const code = codeOf(error);
  const [reason, remedy] = REMEDIES[code] ?? [
    error instanceof Error ? error.message : String(error),
    'check the disk and try again',
  ];
  const sentence = `cannot write ${path}: ${reason}${code === '' ? '' : ` (${code})`}; ${remedy}`;
  return new ShiftAddError('disk', sentence, { path, system: code }, error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
