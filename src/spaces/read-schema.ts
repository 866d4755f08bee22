import { z } from 'zod';
import { nearest, ShiftAddError } from '../core/errors.ts';

/**
 * What a person wrote, held against a schema. The first fault is one sentence: the place, the rule, the value found
 * and, for an unknown key or word, the nearest known one.
 */

/** The value as the schema has it. Throws `usage`; `source` is where it came from, for the message. */
export function readSchema<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  // A misspelt key also makes its right name missing: the misspelling is the better message.
  const issues = result.error.issues;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const where = showPath(issue.path);
  throw new ShiftAddError('usage', `${source}${where && `, ${where}`}: ${sentence(schema, issue, value)}`, {
    source,
    where,
  });
}

function sentence(schema: z.ZodType, issue: z.core.$ZodIssue, value: unknown): string {
  const found = valueAt(value, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const keys = knownKeys(schema, issue.path);
      const near = nearest(issue.keys[0], keys);
      return `unknown key '${issue.keys[0]}'; ${near ? `did you mean '${near}'?` : `known are ${keys.join(', ')}`}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      const near = typeof found === 'string' ? nearest(found, values) : undefined;
      return `must be one of ${values.join(', ')}, got ${show(found)}${near ? `; did you mean '${near}'?` : ''}`;
    }
    case 'invalid_type':
      return found === undefined
        ? 'this key is missing and has no default; add it'
        : `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}, got ${show(found)}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}, got ${show(found)}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}, got ${show(found)}`;
    case 'invalid_format':
      return `may hold only ${issue.message}, got ${show(found)}`;
    default:
      return `${issue.message}, got ${show(found)}`;
  }
}

/** The keys of the object that the schema has at a place. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    at = bare(at);
    at = at instanceof z.ZodArray ? at.element : at instanceof z.ZodObject ? at.shape[key as string] : at;
  }
  at = bare(at);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** Without what makes it optional. */
function bare(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? bare(schema.unwrap()) : schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function showPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? String(key) : `.${String(key)}`))
    .join('');
}
