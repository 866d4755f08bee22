import { z } from 'zod';
import { SCALE_KINDS } from '../layers/adder-scale.ts';
import { OPERATOR_NAMES } from '../operators/names.ts';
import { BLOCK_FORMS } from '../operators/operator.ts';
import { checkSpace } from './check.ts';
import { countTuple } from './count.ts';
import { readSchema } from './read-schema.ts';
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
  const space = readSchema(root, expanded, source);
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
  const tuples = stageTuples(readSchema(rule, lengths, `${source}, stageLengths`));
  return { ...(value as object), stageLengths: tuples };
}
