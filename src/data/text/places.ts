/** The files of a folder and of the folders an archive unpacks into it, found by their last name. */
import { join } from 'node:path';
import { isFolder, listFolder } from '../bytes.ts';

export interface Places {
  readonly folder: string;
  /** The first of `names`, plain or with .gz, as a path; undefined when none is there. */
  find(names: readonly string[]): string | undefined;
  /** All names, with the folders they are in. */
  readonly names: readonly string[];
}

/** Throws `data` unless `folder` is one. */
export async function listPlaces(
  folder: string,
  below: readonly string[],
  expectation: string,
): Promise<Places> {
  const paths = new Map<string, string>();
  const list = async (directory: string) => {
    for (const name of await listFolder(directory, expectation)) {
      const bare = name.replace(/\.gz$/u, '');
      if (!paths.has(bare)) paths.set(bare, join(directory, name));
    }
  };
  await list(folder);
  for (const name of below) if (await isFolder(join(folder, name))) await list(join(folder, name));
  return {
    folder,
    names: [...paths.keys()],
    find(names) {
      const found = names.find((name) => paths.has(name));
      return found === undefined ? undefined : paths.get(found);
    },
  };
}
