/**
 * Finding and reading data files, plain or gzip. Every failure becomes one sentence that names the file, what
 * was expected, what was found and what to do.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { nearest, ShiftAddError } from '../core/errors.ts';

const unzip = promisify(gunzip);

/** Throws `data` unless `directory` is a readable folder; returns the sorted names in it. */
export async function listFolder(directory: string, expectation: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const found =
      code === 'ENOENT'
        ? 'it does not exist'
        : code === 'ENOTDIR'
          ? 'it is a file'
          : `reading it gave ${code}`;
    throw new ShiftAddError(
      'data',
      `expected the folder ${directory} with ${expectation}, but ${found}; check the path after the colon`,
      { file: directory, reason: code ?? 'unknown' },
      cause,
    );
  }
}

/** The first of `names`, plain or with .gz, that `listing` (the names in `directory`) holds. */
export function locate(
  directory: string,
  listing: readonly string[],
  names: readonly string[],
): string | undefined {
  for (const name of names) {
    for (const candidate of [name, `${name}.gz`]) {
      if (listing.includes(candidate)) return join(directory, candidate);
    }
  }
  return undefined;
}

/** As `locate`, but throws `data` when none is there, with the nearest name that is. */
export function locateOrThrow(
  directory: string,
  listing: readonly string[],
  names: readonly string[],
): string {
  const found = locate(directory, listing, names);
  if (found !== undefined) return found;
  const near = nearest(names[0], listing);
  throw new ShiftAddError(
    'data',
    `${join(directory, names[0])} (or ${names[0]}.gz) is missing` +
      `${near === undefined ? `, and nothing in the folder has a similar name` : `; the nearest name there is ${near}`}` +
      `; put the file there or give another folder`,
    { file: join(directory, names[0]), nearest: near ?? null },
  );
}

/** The contents of a file, unpacked when its name ends in .gz. Throws `data` when it is missing or cut off. */
export async function readBytes(file: string): Promise<Uint8Array> {
  let raw: Buffer;
  try {
    raw = await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ShiftAddError(
      'data',
      `${file} could not be read (${code}); check that it exists and that you may read it`,
      { file, reason: code },
      cause,
    );
  }
  if (!file.endsWith('.gz')) return raw;
  try {
    return await unzip(raw);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    const what =
      code === 'Z_BUF_ERROR'
        ? `is cut off: expected a complete gzip stream, but it ends after ${raw.length} bytes`
        : `is damaged: expected a gzip stream, but unpacking its ${raw.length} bytes gave ${(cause as Error).message}`;
    throw new ShiftAddError(
      'data',
      `${file} ${what}; download it again`,
      { file, bytes: raw.length, reason: code },
      cause,
    );
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
