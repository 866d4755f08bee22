import { z } from 'zod';
import { readSchema } from '../read-schema.ts';
import { checkTranslationSpace } from './check.ts';
import { PUBLISHED_WINDOWS, SEQUENCE_BLOCKS } from './network.ts';
import type { TranslationSpace } from './space.ts';

/**
 * A translation space as a person writes it in a JSON file: `TranslationSpace`, where the windows are the published ones
 * and nothing is gated or standardised unless it says so, and the reference takes the widest and deepest of every choice that it leaves
 * out, and as sources the last layer alone. What comes out is checked and complete.
 */
const size = z.number().int().min(1).max(65_536);
const sizes = z.array(size);
const source = z.union([z.literal(1), z.literal(2), z.literal(3)], '1, 2 or 3: the last so many layers');

const encoder = z.strictObject({
  width: sizes,
  layers: sizes,
  block: z.array(z.enum(SEQUENCE_BLOCKS)),
  heads: sizes,
  feedForward: sizes,
});
const decoder = z.strictObject({ ...encoder.shape, crossHeads: sizes, sources: z.array(source) });
const shape = { width: size, layers: size, heads: size, feedForward: size };
const reference = z.strictObject({
  encoder: z.strictObject(shape).partial().optional(),
  decoder: z
    .strictObject({ ...shape, crossHeads: size, sources: source })
    .partial()
    .optional(),
});
const root = z.strictObject({
  kind: z.literal('translation'),
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, 'letters, digits, dot, dash and underscore'),
  attention: size,
  windows: z.array(size).optional(),
  gated: z.boolean().optional(),
  standardised: z.boolean().optional(),
  encoder,
  decoder,
  reference: reference.optional(),
});

/**
 * Checks what a space file held and returns the space. Throws `usage` naming the place, the rule, the value found and,
 * for an unknown key or word, the nearest known one. `source` is where it came from, for the message.
 */
export function parseTranslationSpace(value: unknown, source = 'space'): TranslationSpace {
  const read = readSchema(root, value, source);
  return checkTranslationSpace({
    ...read,
    windows: read.windows ?? PUBLISHED_WINDOWS,
    gated: read.gated ?? false,
    standardised: read.standardised ?? false,
    reference: {
      encoder: { ...largest(read.encoder), ...given(read.reference?.encoder) },
      decoder: {
        ...{ ...largest(read.decoder), crossHeads: Math.max(...read.decoder.crossHeads), sources: 1 },
        ...given(read.reference?.decoder),
      },
    },
  });
}

function largest({ width, layers, heads, feedForward }: z.infer<typeof encoder>) {
  return {
    width: Math.max(...width),
    layers: Math.max(...layers),
    heads: Math.max(...heads),
    feedForward: Math.max(...feedForward),
  };
}

/** Without the keys that are not given. */
function given<T extends object>(shape: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(shape ?? {}).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Whether a value from a file is meant as a translation space, so that faults in it are told as such. */
export function looksLikeTranslation(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ('encoder' in value || 'decoder' in value || 'kind' in value)
  );
}
