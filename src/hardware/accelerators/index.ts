import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Accelerator } from '../accelerator.ts';
import { loadAccelerator } from '../check.ts';
import { asic45, zynq7 } from './arithmetic.ts';
import { rowstationary45gates } from './gates.ts';
import { rowstationary45 } from './honest.ts';
import { released, released168, releasedTranslation, releasedTranslationJuly } from './released.ts';

/** The accelerators that come with the package, by name. */
export const ACCELERATORS: readonly Accelerator[] = [
  released,
  released168,
  releasedTranslation,
  releasedTranslationJuly,
  rowstationary45,
  rowstationary45gates,
  asic45,
  zynq7,
];

export function acceleratorNames(): string[] {
  return ACCELERATORS.map((accelerator) => accelerator.name);
}

/** An accelerator by name, or read from a JSON file when the argument looks like a path. Throws 'usage' or 'data'. */
export function findAccelerator(nameOrPath: string): Accelerator {
  const found = ACCELERATORS.find((accelerator) => accelerator.name === nameOrPath);
  if (found !== undefined) return found;
  if (/[/\\]|\.json$/i.test(nameOrPath)) return loadAccelerator(nameOrPath);
  const names = acceleratorNames();
  const near = nearest(nameOrPath, names);
  throw new ShiftAddError(
    'usage',
    `There is no accelerator "${nameOrPath}"; ${near === undefined ? '' : `did you mean "${near}"? `}known are ` +
      `${names.join(', ')}, or give the path of a JSON file.`,
    { accelerator: nameOrPath, nearest: near ?? null },
  );
}

export {
  asic45,
  released,
  released168,
  releasedTranslation,
  releasedTranslationJuly,
  rowstationary45,
  rowstationary45gates,
  zynq7,
};
