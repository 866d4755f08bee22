/**
 * Text as commands read it: one sentence a line, UTF-8, .gz unpacked, `-` for standard input. A byte order mark at the
 * start is no part of the text. What cannot be read is refused with file and line.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { readBytes } from '../data/bytes.ts';

const NEWLINE = 0x0a;

/** What messages call `file`. */
export function titleOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** The lines of `file`, none for an empty one. Throws `data` for a file that is missing, cut off or not UTF-8. */
export async function readSentences(file: string): Promise<string[]> {
  const bytes = file === '-' ? await standardInput() : await readFile(file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = firstBadLine(bytes);
    throw new ShiftAddError(
      'data',
      `line ${line} of ${titleOf(file)} must be UTF-8, but is not; convert the text, for instance with iconv -t UTF-8`,
      { file, line },
      cause,
    );
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

async function readFile(file: string): Promise<Uint8Array> {
  if (!existsSync(file)) {
    const folder = dirname(file);
    const near = existsSync(folder) ? nearest(basename(file), readdirSync(folder)) : undefined;
    throw new ShiftAddError(
      'data',
      `there is no file ${file}${near === undefined ? '; check the path' : `; the nearest name there is ${near}`}`,
      { file, nearest: near ?? null },
    );
  }
  return readBytes(file);
}

async function standardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** From 1. No character of UTF-8 but the line end itself holds the byte of a line end. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let line = 1, start = 0; ; line++) {
    const next = bytes.indexOf(NEWLINE, start);
    const end = next < 0 ? bytes.length : next;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
}
