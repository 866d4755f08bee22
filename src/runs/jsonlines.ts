/**
 * An append-only file of JSON lines. A line counts when it is whole and ends in a newline, so a kill in the middle
 * of a write costs that line only: reading drops a torn last line, opening for writing cuts it off.
 */
import fs from 'node:fs';
import { diskError, writeAll } from '../core/atomic.ts';
import { internal, ShiftAddError } from '../core/errors.ts';

const NEWLINE = 0x0a;

export type AppendFileSystem = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'ftruncateSync' | 'closeSync'
>;

export class JsonLines {
  readonly path: string;
  private readonly system: AppendFileSystem;
  private readonly file: number;
  /** Where each line ends, in bytes. */
  private readonly ends: number[];

  /**
   * Opens for appending, creates the file if there is none.
   * @throws ShiftAddError 'disk'; 'run' when a line other than the last is damaged
   */
  constructor(path: string, system: AppendFileSystem = fs) {
    this.path = path;
    this.system = system;
    this.ends = scan(path).map((line) => line.end);
    try {
      this.file = system.openSync(path, 'a');
      system.ftruncateSync(this.file, this.size());
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** Whole lines so far: what a checkpoint saves to be able to come back. */
  get lines(): number {
    return this.ends.length;
  }

  private size(): number {
    return this.ends.at(-1) ?? 0;
  }

  /** Adds one line. After a failure the file ends with the line before. @throws ShiftAddError 'disk' */
  append(record: object): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`, 'utf8');
    try {
      writeAll(this.system, this.file, bytes);
    } catch (error) {
      try {
        this.system.ftruncateSync(this.file, this.size());
      } catch {
        // The torn line stays; the next one who opens the file cuts it off.
      }
      throw diskError(error, this.path);
    }
    this.ends.push(this.size() + bytes.length);
  }

  /**
   * Keeps the first `lines` lines: what came after a checkpoint will happen again. Returns how many of them are
   * missing, 0 unless the file was damaged. @throws ShiftAddError 'disk'
   */
  truncateTo(lines: number): number {
    if (!(Number.isSafeInteger(lines) && lines >= 0)) internal(`cannot keep ${lines} lines of ${this.path}`);
    const missing = Math.max(0, lines - this.ends.length);
    this.ends.length = Math.min(this.ends.length, lines);
    try {
      this.system.ftruncateSync(this.file, this.size());
      this.system.fsyncSync(this.file);
    } catch (error) {
      throw diskError(error, this.path);
    }
    return missing;
  }

  /** Makes all lines survive a power cut: before a checkpoint that counts them. @throws ShiftAddError 'disk' */
  flush(): void {
    try {
      this.system.fsyncSync(this.file);
    } catch (error) {
      throw diskError(error, this.path);
    }
  }

  close(): void {
    this.system.closeSync(this.file);
  }
}

/**
 * All whole lines of a file, [] if there is none; also while another process appends to it.
 * @throws ShiftAddError 'run' when a line other than the last is damaged
 */
export function readJsonLines(path: string): object[] {
  return scan(path).map((line) => line.record);
}

function scan(path: string): { record: object; end: number }[] {
  const bytes = readIfThere(path);
  const lines: { record: object; end: number }[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const record = parseRecord(bytes.toString('utf8', start, end));
    if (record === undefined) {
      // A power cut can leave garbage as the last line; garbage in the middle means that somebody edited the file.
      if (bytes.indexOf(NEWLINE, end + 1) < 0) break;
      throw new ShiftAddError(
        'run',
        `${path} is damaged: line ${lines.length + 1} is not a JSON object; remove the line or take the file from a copy`,
        { path, line: lines.length + 1 },
      );
    }
    start = end + 1;
    lines.push({ record, end: start });
  }
  return lines;
}

function parseRecord(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw new ShiftAddError('run', `cannot read ${path}: ${(error as Error).message}`, { path }, error);
  }
}
