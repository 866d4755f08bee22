/**
 * Text as commands read it: one sentence a line, UTF-8, .gz unpacked, `-` for standard input. A byte order mark at the
 * start is no part of the text. What cannot be read is refused with file and line.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { readBytes } from '../data/bytes.ts';
import { decodeUtf8 } from '../data/text/utf8.ts';

/** What messages call `file`. */
export function titleOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** The lines of `file`, none for an empty one. Throws `data` for a file that is missing, cut off or not UTF-8. */
export async function readSentences(file: string): Promise<string[]> {
  const bytes = file === '-' ? await standardInput() : await readFile(file);
  const text = decodeUtf8(bytes, file, { title: titleOf(file) }).replace(/^\ufeff/, '');
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
