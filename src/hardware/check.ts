import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { type Accelerator, acceleratorSchema, type Format, type Units } from './accelerator.ts';

/**
 * Reading accelerators somebody else wrote: every fault is one sentence that names the entry, what was found in it
 * and the nearest thing that would have been valid.
 */

/** Checks plain data against the schema. `where` (a file name, say) opens the message. Throws 'usage'. */
export function parseAccelerator(data: unknown, where = 'accelerator'): Accelerator {
  const parsed = acceleratorSchema.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw fault(issue, data, where);
  }
  const accelerator = parsed.data;
  const inner = accelerator.memory.outer.findIndex((level, i) => i > 0 && level.words === undefined);
  if (inner > 0) {
    throw new ShiftAddError(
      'usage',
      `${where}: memory.outer.${inner}.words must be given for every outer level but the first, but ` +
        `"${accelerator.memory.outer[inner].name}" has none; add its size in words.`,
      { entry: `memory.outer.${inner}.words` },
    );
  }
  for (const bits of Object.keys(accelerator.units)) formatFor(accelerator, Number(bits));
  if (accelerator.switches.bandwidthStalls === 'charged' && accelerator.bandwidth === undefined) {
    throw new ShiftAddError(
      'usage',
      `${where}: bandwidth must be given when switches.bandwidthStalls is "charged"; add bandwidth.outer and ` +
        'bandwidth.globalBuffer in bits per cycle, or set the switch to "ignored".',
      { entry: 'bandwidth' },
    );
  }
  return accelerator;
}

/** Reads an accelerator from a JSON file. Throws 'data' when it cannot be read, 'usage' when an entry is wrong. */
export function loadAccelerator(path: string): Accelerator {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ShiftAddError(
      'data',
      `The accelerator file ${path} cannot be read (${(error as Error).message}); give the path of a JSON file.`,
      { path },
      error,
    );
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new ShiftAddError(
      'data',
      `The accelerator file ${path} is not JSON (${(error as Error).message}); correct it at that place.`,
      { path },
      error,
    );
  }
  return parseAccelerator(data, path);
}

/** Unit energies at a bit width. Throws 'usage' with the widths there are. */
export function unitsFor(accelerator: Accelerator, bits: number): Units {
  return entryFor(accelerator, 'units', accelerator.units, bits);
}

/** Tensor widths at a bit width. Throws 'usage' with the widths there are. */
export function formatFor(accelerator: Accelerator, bits: number): Format {
  return entryFor(accelerator, 'formats', accelerator.formats, bits);
}

/** An entry of a table by bit width. Throws 'usage' with the widths there are. */
export function entryFor<T>(
  accelerator: Accelerator,
  table: string,
  entries: Record<string, T>,
  bits: number,
): T {
  const entry = entries[String(bits)];
  if (entry !== undefined) return entry;
  const widths = Object.keys(entries).map(Number);
  const near =
    widths.length === 0 ? undefined : widths.reduce((a, b) => (gap(b, bits) < gap(a, bits) ? b : a));
  throw new ShiftAddError(
    'usage',
    `Accelerator "${accelerator.name}" has no entry ${table}.${bits}: it is described at ` +
      `${widths.join(', ') || 'no'} bits; ${near === undefined ? 'add' : `use ${near} bits or add`} the entry.`,
    { accelerator: accelerator.name, entry: `${table}.${bits}`, bits },
  );
}

const gap = (a: number, b: number) => Math.abs(Math.log2(a / b));

function fault(issue: z.core.$ZodIssue, data: unknown, where: string): ShiftAddError {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0];
    const known = keysAt(path);
    const near = nearest(key, known);
    const entry = [...path, key].join('.');
    return new ShiftAddError(
      'usage',
      `${where}: unknown entry "${entry}"; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean "${near}"?`}`,
      { entry, nearest: near ?? null },
    );
  }
  const entry = path.join('.');
  let found: unknown = data;
  for (const step of path) found = (found as Record<string, unknown> | undefined)?.[step];
  if (found === undefined && issue.code === 'invalid_type') {
    return new ShiftAddError(
      'usage',
      `${where}: the entry "${entry}" is missing; add it (${issue.message}).`,
      {
        entry,
      },
    );
  }
  const value = JSON.stringify(found) ?? 'nothing';
  let advice = `correct it (${issue.message})`;
  if (issue.code === 'invalid_value') {
    const options = issue.values.map(String);
    advice = `use ${nearest(String(found), options) ?? options[0]} (one of ${options.join(', ')})`;
  } else if (issue.code === 'too_small') {
    advice = `energies, sizes and areas are not negative (${issue.message})`;
  }
  return new ShiftAddError('usage', `${where}: "${entry}" must be valid, but is ${value}; ${advice}.`, {
    entry,
  });
}

/** Names the schema knows at a path, for "did you mean". */
function keysAt(path: readonly string[]): string[] {
  let schema: unknown = acceleratorSchema;
  for (const step of path) {
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<string, unknown>)[step];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
  }
  if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
