/**
 * Files outside a run that its results follow from, and that are read again whenever it goes on. config.json keeps the
 * SHA-256 of each, and a run whose files have changed does not go on: it would end as a mixture of both.
 *
 * Other files are not asked for again: the run has what they said. Exceptions of bits and files of settings stand in
 * config.json, subwords in subwords.json.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShiftAddError } from '../core/errors.ts';
import { flagOf } from './options.ts';

export interface SourceFile {
  /** The setting that names it, or its folder. */
  readonly setting: string;
  /** As the program was given it. */
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** None in what an earlier version wrote. */
export const sourceFilesSchema: z.ZodType<readonly SourceFile[]> = z
  .array(z.strictObject({ setting: z.string(), path: z.string(), sha256: z.string() }))
  .default([]);

/** A name that is one of the program's own has no file. */
const looksLikeFile = (word: string) => /[\\/]|\.json$/i.test(word);

const ARCHITECTURE = 'architecture.json';

export const isFolder = (path: string): boolean =>
  fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** A network's folder, or the run that it won. */
function inFolder(dir: string, names: readonly string[]): string[] {
  const folder = fs.existsSync(join(dir, ARCHITECTURE)) ? dir : join(dir, 'winner');
  return names.map((name) => join(folder, name));
}

/** Where each setting's files are. */
const FILES: Readonly<Record<string, (word: string) => readonly string[]>> = {
  space: (word) => (looksLikeFile(word) ? [word] : []),
  accelerator: (word) => (looksLikeFile(word) ? [word] : []),
  latency: (word) => (word === 'model' ? [] : [word]),
  distill: (word) => (word === 'none' ? [] : inFolder(word, [ARCHITECTURE, 'weights.safetensors'])),
  weights: (word) => (isFolder(word) ? inFolder(word, [ARCHITECTURE, 'weights.safetensors']) : [word]),
  network: (word) => (word.endsWith(ARCHITECTURE) ? [word] : inFolder(word, [ARCHITECTURE])),
  networks: (word) => (word.endsWith(ARCHITECTURE) ? [word] : inFolder(word, [ARCHITECTURE])),
};

/** The files that settings name; what is not there is left to whoever reads it to complain of. */
export function sourceFiles(config: Readonly<Record<string, unknown>>): SourceFile[] {
  return Object.entries(FILES).flatMap(([setting, filesOf]) =>
    [config[setting]]
      .flat()
      .filter((word) => typeof word === 'string')
      .flatMap(filesOf)
      .flatMap((path) => {
        const sha256 = digest(path);
        return sha256 === undefined ? [] : [{ setting, path, sha256 }];
      }),
  );
}

/** Throws 'run' where one of the files of the run in `dir` is not what it was. */
export function checkSources(dir: string, files: readonly SourceFile[]): void {
  for (const { setting, path, sha256 } of files) {
    const found = digest(path);
    if (found === sha256) continue;
    const what = found === undefined ? 'cannot be read from here' : 'has changed since';
    throw new ShiftAddError(
      'run',
      `${dir} goes on with the files that it began with, but ${path} (${flagOf(setting)}) ${what}; put the file back that it began with, or start a new run`,
      { dir, setting, path, expected: sha256, found: found ?? null },
    );
  }
}

/** Undefined for what is no file, or cannot be read. */
function digest(path: string): string | undefined {
  try {
    return createHash('sha256').update(fs.readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}
