/**
 * Fetches the original of a data set into the cache. A file appears under its name only when it is whole: it is
 * written beside, its checksum compared, then renamed. What is in the cache under its name is therefore trusted,
 * and nothing half done is ever continued.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ShiftAddError } from '../core/errors.ts';
import type { RemoteFile, RemoteSet } from './remote.ts';
import { tarEntries } from './tar.ts';

/** Told what is being read, and how much of it is done where that is known, 0 to 1. */
export type Progress = (text: string, fraction?: number) => void;

/** SHIFTADDNAS_CACHE, or ~/.cache/shiftaddnas. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.SHIFTADDNAS_CACHE || join(homedir(), '.cache', 'shiftaddnas');
}

/**
 * The folder of `set` in the cache, complete. Throws `data` when no address delivers or a checksum differs, and
 * `disk` when the cache cannot be written.
 */
export async function fetchSet(set: RemoteSet, cache = cacheFolder(), progress?: Progress): Promise<string> {
  const folder = join(cache, set.name);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const present = await readdir(folder);
  for (const file of set.files) {
    if ((file.members ?? [file.name]).every((name) => present.includes(name))) continue;
    const path = await fetchFile(file, folder, progress);
    if (file.members !== undefined) {
      progress?.(`${file.name}: unpacking`);
      await unpack(path, file.members, folder);
      await rm(path, { force: true });
    }
  }
  return folder;
}

/** Downloads one file into `folder` and returns its path. */
export async function fetchFile(file: RemoteFile, folder: string, progress?: Progress): Promise<string> {
  const failures: string[] = [];
  for (const url of file.urls) {
    const failure = await tryAddress(url, file, folder, progress);
    if (failure === undefined) return join(folder, file.name);
    failures.push(`${url}: ${failure}`);
  }
  throw new ShiftAddError(
    'data',
    `${file.name} could not be downloaded (${failures.join('; ')}); check the network, or download it yourself and ` +
      `give its folder after the colon`,
    { file: file.name, failures },
  );
}

/** Undefined when the file is in place, otherwise why this address did not deliver. */
async function tryAddress(
  url: string,
  file: RemoteFile,
  folder: string,
  progress: Progress | undefined,
): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    return `no answer (${cause?.code ?? (error as Error).message})`;
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    return `HTTP status ${response.status}`;
  }
  const partial = join(folder, `.${file.name}.${process.pid}.part`);
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash(file.digest.algorithm);
  const reader = response.body.getReader();
  try {
    const handle = await onDisk(partial, () => open(partial, 'w'));
    try {
      let received = 0;
      let told = 0;
      for (;;) {
        let chunk: Awaited<ReturnType<typeof reader.read>>;
        try {
          chunk = await reader.read();
        } catch {
          return `the connection broke after ${received} bytes`;
        }
        if (chunk.done) break;
        const bytes = chunk.value;
        hash.update(bytes);
        await onDisk(partial, () => handle.writeFile(bytes));
        received += bytes.length;
        if (received - told >= 4 * 2 ** 20 || received === total) {
          told = received;
          const all = total > 0 ? ` of ${mebibytes(total)}` : '';
          progress?.(
            `${file.name}: ${mebibytes(received)}${all} MiB`,
            total > 0 ? received / total : undefined,
          );
        }
      }
      await onDisk(partial, () => handle.sync());
    } finally {
      await handle.close();
    }
    const found = hash.digest('hex');
    if (found !== file.digest.hex) {
      return `expected ${file.digest.algorithm} ${file.digest.hex}, but got ${found}`;
    }
    await onDisk(partial, () => rename(partial, join(folder, file.name)));
    return undefined;
  } finally {
    await reader.cancel().catch(() => undefined);
    await rm(partial, { force: true });
  }
}

/** Writes the entries of a .tar or .tgz whose last name is in `members` into `folder`, as they stream by. */
async function unpack(archive: string, members: readonly string[], folder: string): Promise<void> {
  const missing = new Set(members);
  const take = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const { name, contents } of tarEntries(chunks, archive)) {
      const last = basename(name);
      if (missing.delete(last)) await writeWhole(join(folder, last), contents);
      if (missing.size === 0) return;
    }
  };
  try {
    const packed = createReadStream(archive, { highWaterMark: 2 ** 20 });
    if (archive.endsWith('.tar')) await pipeline(packed, take);
    else await pipeline(packed, createGunzip({ chunkSize: 2 ** 18 }), take);
  } catch (cause) {
    if (cause instanceof ShiftAddError) throw cause;
    throw new ShiftAddError(
      'data',
      `${archive} is damaged: expected a gzip stream, but unpacking gave ${(cause as Error).message}; download it again`,
      { file: archive },
      cause,
    );
  }
  if (missing.size > 0) {
    throw new ShiftAddError(
      'data',
      `${archive} must hold ${members.join(', ')}, but lacks ${[...missing].join(', ')}; take the archive of this set`,
      { file: archive, missing: [...missing] },
    );
  }
}

/** Writes beside `path`, then renames. */
async function writeWhole(path: string, contents: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    const handle = await onDisk(partial, () => open(partial, 'w'));
    try {
      for await (const bytes of contents) await onDisk(partial, () => handle.writeFile(bytes));
      await onDisk(partial, () => handle.sync());
    } finally {
      await handle.close();
    }
    await onDisk(partial, () => rename(partial, path));
  } finally {
    await rm(partial, { force: true });
  }
}

async function onDisk<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ShiftAddError(
      'disk',
      `${path} could not be written (${code}); free some space, or set SHIFTADDNAS_CACHE to a folder you may write`,
      { file: path, reason: code },
      cause,
    );
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
