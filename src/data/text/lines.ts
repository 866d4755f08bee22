/**
 * The lines of a text file, plain or gzip, checked as they are read: UTF-8 throughout, whatever system wrote the
 * ends of its lines. The file is streamed, for a training corpus is larger than one string may be.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ShiftAddError } from '../../core/errors.ts';
import { decodeUtf8 } from './utf8.ts';

export interface TextFile {
  readonly file: string;
  /** Without line ends and without white space at either side; empty lines stay, so that numbers hold. */
  readonly lines: readonly string[];
  /** How many there are in the file, those beyond a limit as well. */
  readonly total: number;
  /** What a number counts: lines of the file, or the sentences that were taken out of it. */
  readonly counts: 'line' | 'sentence';
  /** What was undone: a byte order mark, Windows line ends. One sentence each. */
  readonly notes: readonly string[];
}

const NEWLINE = 0x0a;

/** As codes are read, whose symbols may be any white space but U+0020 (subword-nmt: `line.strip('\r\n ')`). */
export const stripSpaces = (line: string): string => line.replace(/^[\r ]+|[\r ]+$/gu, '');

/**
 * Reads `file`, .gz or not; at most the first `limit` lines, those behind them are only counted. `strip`: what is done
 * to the sides of a line. Throws `data`, with file and line, for a file that cannot be read, is empty, is cut off or
 * is not UTF-8.
 */
export async function readLines(
  file: string,
  limit = Number.POSITIVE_INFINITY,
  strip: (line: string) => string = (line) => line.trim(),
): Promise<TextFile> {
  const reader = new LineReader(file, limit, strip);
  try {
    const raw = createReadStream(file, { highWaterMark: 1 << 20 });
    if (file.endsWith('.gz')) await pipeline(raw, createGunzip(), (chunks) => reader.read(chunks));
    else await pipeline(raw, (chunks) => reader.read(chunks));
  } catch (cause) {
    // What the reader itself refuses, a pipeline of three calls an abortion.
    throw reader.refused ?? readFailure(file, cause);
  }
  return reader.finish();
}

function readFailure(file: string, cause: unknown): ShiftAddError {
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  const gzip = String(reason).startsWith('Z_');
  const what = gzip
    ? `${file} is damaged or cut off: expected a complete gzip stream, but unpacking gave ${reason}; download it again`
    : `${file} could not be read (${reason}); check that it exists and that you may read it`;
  return new ShiftAddError('data', what, { file, reason }, cause);
}

class LineReader {
  private readonly lines: string[] = [];
  private rest: Buffer = Buffer.alloc(0);
  private mark = false;
  private windows = 0;
  /** Lines behind the limit. */
  private beyond = 0;
  /** What a chunk was refused for. */
  refused: ShiftAddError | undefined;
  private readonly file: string;
  private readonly limit: number;
  private readonly strip: (line: string) => string;

  constructor(file: string, limit: number, strip: (line: string) => string) {
    this.file = file;
    this.limit = limit;
    this.strip = strip;
  }

  private get full(): boolean {
    return this.lines.length >= this.limit;
  }

  async read(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) {
      if (this.full) {
        this.pass(chunk);
        continue;
      }
      const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      this.add(bytes.subarray(0, end));
      this.rest = bytes.subarray(end);
    }
  }

  /** Counts the lines that end in `chunk`. */
  private pass(chunk: Buffer): void {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) this.beyond++;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0 || this.rest.length === 0) this.rest = chunk.subarray(end);
  }

  /** `bytes`: whole lines. */
  private add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    let text = this.decode(bytes);
    if (this.lines.length === 0 && text.startsWith('\ufeff')) {
      this.mark = true;
      text = text.slice(1);
    }
    if (text.endsWith('\n')) text = text.slice(0, -1);
    for (const line of text.split('\n')) {
      if (line.endsWith('\r')) this.windows++;
      this.lines.push(this.strip(line));
    }
  }

  private decode(bytes: Buffer): string {
    try {
      return decodeUtf8(bytes, this.file, { first: this.lines.length + 1 });
    } catch (error) {
      this.refused = error as ShiftAddError;
      throw error;
    }
  }

  finish(): TextFile {
    if (!this.full) this.add(this.rest);
    else if (this.rest.length > 0) this.beyond++;
    const total = this.lines.length + this.beyond;
    const lines = this.lines.slice(0, Math.min(this.limit, this.lines.length));
    if (lines.every((line) => line === '')) {
      throw new ShiftAddError(
        'data',
        `${this.file} must hold one sentence a line, but is empty; put the text there`,
        { file: this.file },
      );
    }
    const notes: string[] = [];
    if (this.mark) notes.push(`${this.file}: the byte order mark was taken off.`);
    if (this.windows > 0) notes.push(`${this.file}: Windows line ends were taken off.`);
    return { file: this.file, lines, total, counts: 'line', notes };
  }
}

/** `line 5`, `lines 5, 9, 12 and 4 more`: the first places of many. */
export function firstOf(places: readonly number[], what: string): string {
  const shown = places.slice(0, 5).join(', ');
  const more = places.length - 5;
  return `${what}${places.length === 1 ? '' : 's'} ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}
