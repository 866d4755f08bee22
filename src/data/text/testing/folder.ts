/** Folders of small text files for the tests of readers: made when asked for, gone when the tests end. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** Makes a folder that holds `files`: a list of lines, or bytes as they are. Returns its path. */
export type MakeFolder = (files: Readonly<Record<string, readonly string[] | Uint8Array>>) => Promise<string>;

export function folderMaker(): MakeFolder {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))));
  return async (files) => {
    const root = await mkdtemp(join(tmpdir(), 'text-'));
    made.push(root);
    for (const [name, contents] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      const bytes = contents instanceof Uint8Array ? contents : `${contents.join('\n')}\n`;
      await writeFile(join(root, name), bytes);
    }
    return root;
  };
}

/** `count` different lines that begin with `word`. */
export const many = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${word} ${i}.`);
