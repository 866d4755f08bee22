/**
 * Exceptions of bit widths as settings write them: `stem=32,*.peg=16/8`, layers = bits of weights and activations, or
 * of both where one number stands. A JSON file holds the same as a list, `[{"layers": "stem", "weightBits": 32}]`.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ShiftAddError } from '../core/errors.ts';
import type { WidthException } from '../supernet/quantisation.ts';

const NONE = 'none';

const listSchema = z.array(
  z.strictObject({
    layers: z.string().regex(/^[^=,\s]+$/),
    weightBits: z.int().optional(),
    activationBits: z.int().optional(),
  }),
);

/** @throws ShiftAddError 'usage' for what is not written like that */
export function parseExceptions(text: string): WidthException[] {
  if (text === NONE) return [];
  return text.split(',').map((part) => {
    const found = /^\s*([^=\s]+)=(\d*)(?:\/(\d*))?\s*$/.exec(part);
    const [, layers, first, second = first] = found ?? [];
    if (found === null || (first === '' && second === '')) {
      throw new ShiftAddError(
        'usage',
        `--bit-exceptions lists layers with their bits, as in stem=32,*.peg=16/8, but got "${part.trim()}"`,
        { part },
      );
    }
    return {
      layers,
      ...(first === '' ? {} : { weightBits: Number(first) }),
      ...(second === '' ? {} : { activationBits: Number(second) }),
    };
  });
}

/** The same exceptions as one line. */
export function showExceptions(exceptions: readonly WidthException[]): string {
  if (exceptions.length === 0) return NONE;
  return exceptions
    .map(({ layers, weightBits = '', activationBits = '' }) => `${layers}=${weightBits}/${activationBits}`)
    .join(',');
}

/** As a run keeps them: a file's contents in its place, so that the run no longer depends on the file. */
export function settledExceptions(text: string): string {
  if (!/\.json$/i.test(text)) return text;
  const fail = (what: string, cause?: unknown): never => {
    throw new ShiftAddError(
      'usage',
      `the file of bit exceptions '${text}' ${what}; it should hold a list like [{"layers": "stem", "weightBits": 32}]`,
      { file: text },
      cause,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(text, 'utf8'));
  } catch (cause) {
    return fail('cannot be read', cause);
  }
  const parsed = listSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(`is wrong at ${issue.path.join('.') || 'its top'}: ${issue.message}`);
  }
  const bare = parsed.data.findIndex(
    (one) => one.weightBits === undefined && one.activationBits === undefined,
  );
  return bare < 0 ? showExceptions(parsed.data as WidthException[]) : fail(`gives no bits at ${bare}`);
}
