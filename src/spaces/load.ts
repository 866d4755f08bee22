import { readFileSync } from 'node:fs';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { spacePreset, spacePresetNames } from './presets.ts';
import { parseSpace } from './schema.ts';
import { TRANSLATION_PRESETS } from './seq2seq/presets.ts';
import { looksLikeTranslation, parseTranslationSpace } from './seq2seq/schema.ts';
import { isTranslationSpace, type TranslationSpace } from './seq2seq/space.ts';
import type { Space } from './space.ts';

/** A space for images, or one for translation; `isTranslationSpace` tells them apart. */
export type AnySpace = Space | TranslationSpace;

/** Names of all presets, those for images first. */
export function anySpaceNames(): string[] {
  return [...spacePresetNames(), ...Object.keys(TRANSLATION_PRESETS)];
}

/**
 * The space behind `--space`: the name of a preset, the path of a JSON file (anything with a slash or ending in `.json`),
 * or the space itself as JSON (anything that begins with a brace). Throws `usage` when the name is unknown, the file is
 * unreadable, or what is there is no JSON or no valid space.
 */
export function loadAnySpace(nameOrFile: string): AnySpace {
  if (Object.hasOwn(TRANSLATION_PRESETS, nameOrFile)) return TRANSLATION_PRESETS[nameOrFile]();
  if (spacePresetNames().includes(nameOrFile)) return spacePreset(nameOrFile);
  if (nameOrFile.startsWith('{'))
    return parseAnySpace(parseJson(nameOrFile, 'the space of the settings'), 'space');
  if (/[\\/]|\.json$/i.test(nameOrFile)) return parseAnySpace(readJson(nameOrFile), nameOrFile);
  const near = nearest(nameOrFile, anySpaceNames());
  const remedy = near ? `did you mean '${near}'?` : `known are ${anySpaceNames().join(', ')}`;
  throw new ShiftAddError('usage', `there is no space named '${nameOrFile}'; ${remedy}`, {
    name: nameOrFile,
  });
}

/** Checks a value read from JSON and returns the space. Throws `usage`; `source` is where it came from. */
export function parseAnySpace(value: unknown, source = 'space'): AnySpace {
  return looksLikeTranslation(value) ? parseTranslationSpace(value, source) : parseSpace(value, source);
}

/** The same where a space for images is needed. Throws `usage` for one for translation, too. */
export function loadSpace(nameOrFile: string): Space {
  const space = loadAnySpace(nameOrFile);
  if (!isTranslationSpace(space)) return space;
  throw new ShiftAddError(
    'usage',
    `space '${space.name}' holds translation networks, but a space for images is needed here; choose one, such as ` +
      spacePresetNames().slice(-3).join(', '),
    { name: space.name },
  );
}

/** The same where a space for translation is needed. Throws `usage` for one for images, too. */
export function loadTranslationSpace(nameOrFile: string): TranslationSpace {
  const space = loadAnySpace(nameOrFile);
  if (isTranslationSpace(space)) return space;
  throw new ShiftAddError(
    'usage',
    `space '${space.name}' holds networks for images, but a space for translation is needed here; choose one, such as ` +
      Object.keys(TRANSLATION_PRESETS).slice(-3, -1).join(', '),
    { name: space.name },
  );
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
  return parseJson(text, `the space file '${file}'`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ShiftAddError(
      'usage',
      `${what} is not JSON: ${(cause as Error).message}; correct it`,
      { what },
      cause,
    );
  }
}
