/** What `architecture.json` describes: trained networks of images, and trained translators, each with its own format. */
import { ShiftAddError } from '../core/errors.ts';

export const SCHEMA = 1;

/** In words, by the format that a file names, and the run that makes one. */
const KINDS = {
  'shiftaddnas-network': { what: 'a network of images', run: 'a run on images' },
  'shiftaddnas-translator': { what: 'a translator', run: 'a run on sentence pairs' },
} as const;

export type ArchitectureFormat = keyof typeof KINDS;

/** Throws 'run' unless `value`, which was read from `path`, is of the wanted kind and of the schema of this version. */
export function checkFormat(value: unknown, path: string, wanted: ArchitectureFormat): void {
  const { format, schema } = (value ?? {}) as { readonly format?: unknown; readonly schema?: unknown };
  const { what, run } = KINDS[wanted];
  const refuse = (why: string): never => {
    throw new ShiftAddError('run', `${path} ${why}`, { path });
  };
  if (format === wanted) {
    if (schema === SCHEMA) return;
    refuse(
      `describes ${what} by schema ${String(schema)}, and this version of the program reads schema ${SCHEMA}; use the version that wrote it`,
    );
  }
  if (typeof format === 'string' && Object.hasOwn(KINDS, format)) {
    const found = KINDS[format as ArchitectureFormat];
    refuse(`describes ${found.what}, and ${what} is needed here; give the folder of ${run}`);
  }
  refuse(
    `describes nothing that this program knows (its format is ${JSON.stringify(format) ?? 'not said'}); give the folder of ${run}`,
  );
}
