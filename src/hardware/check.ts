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
    // A misspelt entry is also a missing one: the first says more.
    const { issues } = parsed.error;
    throw fault(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0], data, where);
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
  checkLevelNames(accelerator, where);
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

/** Energies are reported by level, so no two levels may have one name. */
function checkLevelNames({ memory }: Accelerator, where: string): void {
  const taken = new Set(['computation', 'GB', 'NoC', 'RF']);
  memory.outer.forEach(({ name }, i) => {
    if (taken.has(name)) {
      const entry = `memory.outer.${i}.name`;
      throw new ShiftAddError(
        'usage',
        `${where}: "${entry}" must differ from the names of all other levels, but "${name}" is taken; ` +
          `call it "${name} ${i + 1}", for example.`,
        { entry },
      );
    }
    taken.add(name);
  });
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
  const found = valueAt(data, path);
  if (found === undefined) {
    return new ShiftAddError(
      'usage',
      `${where}: the entry "${entry}" is missing; ${remedy(data, path, issue)}.`,
      {
        entry,
      },
    );
  }
  if (path.length === 0) {
    const what = found === null ? 'null' : Array.isArray(found) ? 'a list' : `a ${typeof found}`;
    return new ShiftAddError(
      'usage',
      `${where}: an accelerator is a JSON object, but this is ${what}; start from a copy of a built-in one.`,
      { entry },
    );
  }
  const value = JSON.stringify(found);
  const advice = adviceOn(issue, found);
  return new ShiftAddError('usage', `${where}: "${entry}" must be valid, but is ${value}; ${advice}.`, {
    entry,
  });
}

/** What to write in place of a value that is not valid. */
function adviceOn(issue: z.core.$ZodIssue, found: unknown): string {
  switch (issue.code) {
    case 'invalid_value': {
      const options = issue.values.map(String);
      return `use ${nearest(String(found), options) ?? options[0]} (one of ${options.join(', ')})`;
    }
    case 'too_small': {
      if (issue.origin === 'array') return `it needs at least ${issue.minimum} entry`;
      if (issue.origin === 'string') return 'give it a name';
      const least = issue.inclusive ? `is ${issue.minimum}` : `lies above ${issue.minimum}`;
      return `energies, sizes and areas are not negative: the nearest valid value ${least}`;
    }
    case 'too_big':
      return `the nearest valid value is ${issue.maximum}`;
    case 'invalid_key':
      return 'a table by bit width has whole numbers for its keys, such as "32"';
    case 'invalid_type': {
      const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
      if (issue.expected === 'int' && typeof number === 'number') {
        return `the nearest valid value is ${Math.max(1, Math.round(number))}`;
      }
      if (issue.expected === 'number' && typeof found === 'string' && Number.isFinite(number)) {
        return `the nearest valid value is the number ${number}`;
      }
      return `correct it (${issue.message})`;
    }
    default:
      return `correct it (${issue.message})`;
  }
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  let found = data;
  for (const step of path) found = (found as Record<string, unknown> | undefined)?.[step];
  return found;
}

/** What to write where nothing stands: a choice, or what the table has at another bit width. */
function remedy(data: unknown, path: readonly string[], issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `add it as one of ${issue.values.map(String).join(', ')}`;
  const [table, bits, ...rest] = path;
  const others = rest.length > 0 ? Object.keys((valueAt(data, [table]) ?? {}) as object) : [];
  const near = others
    .filter((width) => width !== bits && typeof valueAt(data, [table, width, ...rest]) === 'number')
    .sort((a, b) => gap(Number(a), Number(bits)) - gap(Number(b), Number(bits)))[0];
  if (near === undefined || !/^\d+$/.test(bits)) return `add it (${issue.message})`;
  const value = valueAt(data, [table, near, ...rest]);
  return `add it; the nearest one there is "${[table, near, ...rest].join('.')}" with ${value}`;
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
