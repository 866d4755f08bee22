import { readFileSync } from 'node:fs';
import { ShiftAddError } from '../core/errors.ts';
import { spacePreset, spacePresetNames } from './presets.ts';
import { parseSpace } from './schema.ts';
import type { Space } from './space.ts';

/**
 * The space behind `--space`: the name of a preset, or the path of a JSON file (anything with a slash or ending in
 * `.json`). Throws `usage` when the name is unknown or the file is unreadable, no JSON, or no valid space.
 */
export function loadSpace(nameOrFile: string): Space {
  if (spacePresetNames().includes(nameOrFile)) return spacePreset(nameOrFile);
  if (!/[\\/]|\.json$/i.test(nameOrFile)) return spacePreset(nameOrFile);
  return parseSpace(readJson(nameOrFile), nameOrFile);
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ShiftAddError(
      'usage',
      `the space file '${file}' cannot be read (${reason}); check the path`,
      { file },
      cause,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ShiftAddError(
      'usage',
      `the space file '${file}' is not JSON: ${(cause as Error).message}; correct it`,
      { file },
      cause,
    );
  }
}
