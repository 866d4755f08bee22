/** Where the files of a trained network lie, of images or a translator, and what is said where there is none. */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ShiftAddError } from '../core/errors.ts';
import { isProgramFolder, PROGRAM_FILE, WEIGHTS_FILE } from '../deploy/index.ts';

export const ARCHITECTURE_FILE = 'architecture.json';

/** Folder of a comparison with a folder for each network in it. */
export const NETWORKS = 'networks';

/** The folder itself, or the `winner/` of a run. */
export function filesOf(dir: string): string {
  return fs.existsSync(join(dir, ARCHITECTURE_FILE)) ? dir : join(dir, 'winner');
}

/**
 * What the architecture.json of a folder holds, whatever it is of, and its path.
 * @param what 'network' or 'translator', for the sentence
 * @throws ShiftAddError 'run' where there is none, or it is no JSON
 */
export function readArchitecture(
  dir: string,
  what: 'network' | 'translator',
): { readonly value: Record<string, unknown>; readonly path: string } {
  const path = join(filesOf(dir), ARCHITECTURE_FILE);
  try {
    return { value: JSON.parse(fs.readFileSync(path, 'utf8')), path };
  } catch (cause) {
    const why = fs.existsSync(path) ? `${path} is damaged` : whyNone(dir);
    throw new ShiftAddError('run', `${dir} holds no trained ${what}: ${why}`, { dir }, cause);
  }
}

const RUN = 'give the folder of a finished run';

/** What is there in place of a folder with an architecture.json, and what to give. */
function whyNone(dir: string): string {
  const holds = (name: string) => fs.existsSync(join(dir, name));
  if (!fs.existsSync(dir)) return `there is no such folder; ${RUN}`;
  if (!fs.statSync(dir).isDirectory()) {
    const own = [ARCHITECTURE_FILE, PROGRAM_FILE].includes(basename(dir));
    return `it is a file; ${own ? `give the folder it lies in, ${dirname(dir)}` : RUN}`;
  }
  if (isProgramFolder(dir)) {
    return 'it holds an integer program, which the network cannot be had from; give the folder of the run that it was made of';
  }
  if (holds(WEIGHTS_FILE)) {
    return `it holds the ${WEIGHTS_FILE} of an integer program without its ${PROGRAM_FILE}; export the network again`;
  }
  if (holds(NETWORKS)) return `it is a comparison; name one of the folders in ${join(dir, NETWORKS)}`;
  if (holds('config.json')) return 'its run has not finished; go on with it by --resume';
  return `it holds no ${ARCHITECTURE_FILE}; ${RUN}`;
}
