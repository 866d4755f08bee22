/** program.json as it is written: everything of a program but the numbers of its tensors, which lie in weights.bin. */
import { z } from 'zod';
import { MOST_TERMS, TENSOR_TYPES } from './program.ts';

export const FORMAT = 'shiftaddnas-integer';
/** Grows when an older reader would compute something else. */
export const SCHEMA = 1;

const whole = (low: number, high: number) => z.number().int().min(low).max(high);
const int32 = whole(-(2 ** 31) + 1, 2 ** 31 - 1);
const extent = whole(1, 65_536);
const index = whole(0, 100_000);
const name = z.string();

const value = z.strictObject({
  shape: z.tuple([extent, extent, extent]),
  bits: z.union([z.literal(8), z.literal(16)]),
  zero: int32,
  low: int32,
  high: int32,
  step: z.number().positive(),
});

const poolWindow = z.strictObject({ r: extent, s: extent, stride: extent, pad: whole(0, 1024) });
const window = z.strictObject({ ...poolWindow.shape, groups: extent });

const multiply = z.strictObject({
  kind: z.literal('multiply'),
  multipliers: name,
  addends: name,
  shifts: name,
});
const terms = z.strictObject({
  kind: z.literal('terms'),
  signs: name,
  places: name,
  addends: name,
  shift: whole(0, 30),
});
const requantise = z.discriminatedUnion('kind', [multiply, terms]);

const windowBase = { kind: z.literal('window'), name, x: index, window, weight: name, requantise };
const share = z.strictObject({
  count: whole(1, 2 ** 24),
  signs: z.array(whole(-1, 1)).min(1).max(MOST_TERMS),
  places: z.array(whole(-31, 30)).min(1).max(MOST_TERMS),
  addend: int32,
});

const operation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rescale'), name, x: index, requantise }),
  z.discriminatedUnion('arithmetic', [
    z.strictObject({ ...windowBase, arithmetic: z.literal('conv') }),
    z.strictObject({ ...windowBase, arithmetic: z.literal('shift'), codeBits: whole(2, 5) }),
    z.strictObject({ ...windowBase, arithmetic: z.literal('add'), weightShift: whole(0, 8) }),
  ]),
  z.strictObject({
    kind: z.literal('sum'),
    name,
    a: index,
    b: index,
    aShift: whole(0, 15),
    bShift: whole(0, 15),
    addend: int32,
    shift: whole(0, 30),
  }),
  z.strictObject({ kind: z.literal('max-pool'), name, x: index, window: poolWindow }),
  z.strictObject({
    kind: z.literal('average-pool'),
    name,
    x: index,
    window: poolWindow,
    shares: z.array(share).min(1),
    shift: whole(0, 30),
  }),
  z.strictObject({
    kind: z.literal('attention'),
    name,
    q: index,
    k: index,
    v: index,
    heads: extent,
    multiplier: whole(0, 32_767),
    shift: whole(1, 46),
    requantise: multiply,
  }),
  z.strictObject({ kind: z.literal('lookup'), name, x: index, table: name, shift: whole(0, 8) }),
  z.strictObject({ kind: z.literal('gate'), name, x: index, gate: index, requantise }),
]);

export const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  schema: z.literal(SCHEMA),
  network: z.string(),
  classes: z.array(z.string()).min(1),
  values: z.array(value).min(2),
  operations: z.array(operation).min(1),
  tensors: z.record(
    name,
    z.strictObject({
      type: z.enum(TENSOR_TYPES),
      shape: z.array(extent.or(whole(1, 2 ** 31))).min(1),
      offset: whole(0, 2 ** 40),
    }),
  ),
  weights: z.strictObject({ file: z.string(), bytes: whole(0, 2 ** 40), sha256: z.string() }),
  checksum: z.string(),
});

export type ProgramFile = z.infer<typeof fileSchema>;
