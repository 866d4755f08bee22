import { z } from 'zod';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { SCALE_KINDS } from '../layers/adder-scale.ts';
import { OPERATOR_NAMES } from '../operators/names.ts';
import { BLOCK_FORMS } from '../operators/operator.ts';
import { checkSpace } from './check.ts';
import { countTuple } from './count.ts';
import { hasRules } from './rules.ts';
import type { Space } from './space.ts';
import { stageTuples } from './stage-lengths.ts';

/**
 * A space as a person writes it in a JSON file. It is `Space` with one convenience: `stageLengths` may be a rule
 * (`low`, `high`, `total`, `nonDecreasing`) instead of the list of tuples; of its tuples those stay that ties and
 * exclusions leave a network. What comes out is checked and complete.
 */
const positive = z.number().int().min(1).max(65_536);
const tuple = z.array(z.number().int().min(0).max(1000));

const stem = z.strictObject({
  channels: positive,
  kernel: positive,
  stride: positive,
  pool: z.enum(['none', 'max2', 'max3']),
});
const stage = z.strictObject({
  channels: positive,
  scale: positive,
  operators: z.array(z.enum(OPERATOR_NAMES)),
  kernel: positive.optional(),
});
const rule = z.strictObject({
  low: z.array(z.number().int().min(1).max(1000)),
  high: z.array(z.number().int().min(1).max(1000)),
  total: z.tuple([z.number().int().min(1), z.number().int().min(1)]).optional(),
  nonDecreasing: z.boolean().optional(),
});
const place = z.strictObject({ stage: z.number().int().min(0), layer: z.number().int().optional() });
const choice = z.strictObject({
  ...place.shape,
  operators: z.array(z.enum(OPERATOR_NAMES)).optional(),
  lengths: z.array(z.number().int().min(1)).optional(),
});
const exclusion = z.strictObject({
  together: z.array(choice).optional(),
  inARow: z.array(z.enum(OPERATOR_NAMES)).optional(),
});
const positiveNumber = z.number().min(1e-3).max(1e6);
const adder = z.strictObject({
  kind: z.enum(SCALE_KINDS).optional(),
  initial: positiveNumber.optional(),
  low: positiveNumber.optional(),
  high: positiveNumber.optional(),
  offset: z.number().min(-1e6).max(1e6).optional(),
  per: z.enum(['layer', 'channel']).optional(),
});
const root = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'letters, digits, dot, dash and underscore'),
  stem,
  stages: z.array(stage),
  stageLengths: z.array(tuple),
  reference: tuple,
  headWidth: positive,
  shortcut: z.enum(['average-down', 'conv3x3']),
  blocks: z.enum(BLOCK_FORMS).optional(),
  lastStride: z.union([z.literal(1), z.literal(2)]).optional(),
  heads: z.union([z.literal(1), z.literal(2)]).optional(),
  ties: z.array(z.array(place)).optional(),
  exclusions: z.array(exclusion).optional(),
  adder: adder.optional(),
});

/**
 * Checks what a config file held and returns the space. Throws `usage` naming the place, the rule, the value found
 * and, for an unknown key or word, the nearest known one. `source` is where it came from, for the message.
 */
export function parseSpace(value: unknown, source = 'space'): Space {
  const expanded = expandRule(value, source);
  const space = read(root, expanded, source);
  return checkSpace(expanded === value ? space : withoutEmptyTuples(space));
}

/** Which tuples a rule means is not worth listing by hand: those that other rules empty are left out. */
function withoutEmptyTuples(space: Space): Space {
  if (!hasRules(space)) return space;
  // A space that is wrong in another way, or empty as a whole, is for checkSpace to explain.
  checkSpace({ ...space, ties: [], exclusions: [] });
  const kept = space.stageLengths.filter((lengths) => countTuple(space, lengths) > 0n);
  return kept.length === 0 ? space : { ...space, stageLengths: kept };
}

function expandRule(value: unknown, source: string): unknown {
  const lengths = (value as { stageLengths?: unknown } | null)?.stageLengths;
  if (typeof lengths !== 'object' || lengths === null || Array.isArray(lengths)) return value;
  const tuples = stageTuples(read(rule, lengths, `${source}, stageLengths`));
  return { ...(value as object), stageLengths: tuples };
}

function read<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
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
      return `must be at least ${issue.minimum}, got ${show(found)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}, got ${show(found)}`;
    case 'invalid_format':
      return `may hold only ${issue.message}, got ${show(found)}`;
    default:
      return `${issue.message}, got ${show(found)}`;
  }
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  if (schema === (rule as z.ZodType)) return Object.keys(rule.shape);
  if (path[0] === 'stem') return Object.keys(stem.shape);
  if (path[0] === 'stages') return Object.keys(stage.shape);
  if (path[0] === 'adder') return Object.keys(adder.shape);
  if (path[0] === 'ties') return Object.keys(place.shape);
  if (path[0] === 'exclusions') return Object.keys((path.length > 2 ? choice : exclusion).shape);
  return Object.keys(root.shape);
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
