import { z } from 'zod';
import { FEATURE_NAMES } from './calibration/features.ts';

/**
 * An accelerator is plain data: an array of processing elements, what its memories hold and what an access to them
 * costs, unit energies of arithmetic per bit width, and the named switches in which published cost models differ.
 * Everything that prices a network reads this record; nothing about a particular accelerator is written in code.
 *
 *   DRAM (outer levels) -> global buffer -> network on chip -> register files of a processing element
 *
 * Units: energies in pJ (memories: per access of a 16-bit word), areas in square micrometres, clock in MHz, buffer
 * sizes in words of the widest format, bandwidths in bits per clock cycle.
 */
/** At most a millijoule: what is larger is in the wrong unit. */
const energy = z.number().nonnegative().max(1e9);
const size = z.number().int().positive();
const width = z.number().positive();

const unitSchema = z.strictObject({
  multiply: energy.describe('pJ of one multiplication'),
  add: energy.describe('pJ of one addition'),
  shift: energy.describe('pJ of one bit shift'),
});

const areaSchema = z.strictObject({
  multiply: z.number().nonnegative().describe('um2 of one multiplier'),
  add: z.number().nonnegative().describe('um2 of one adder'),
  shift: z.number().nonnegative().describe('um2 of one shifter'),
  accumulate: z
    .number()
    .nonnegative()
    .optional()
    .describe('um2 of what adds to the partial sum of an element, where that is not one more "add"'),
});

const formatSchema = z.strictObject({
  activations: width.describe('bits of an activation'),
  weights: width.describe('bits of a weight of a multiplying or adding layer'),
  shiftWeights: width.describe('bits of a shift weight: sign and exponent'),
  partialSums: width.describe('bits of a partial sum between two accumulations'),
  packedLanes: size.describe('operations of this width one processing element does at once when packed'),
  packedStorage: z.number().positive().describe('how many times more words the buffers hold when packed'),
});

const byBits = <T extends z.ZodType>(value: T) =>
  z.record(z.string().regex(/^\d+$/, 'a bit width such as "32"'), value);

const calibrationSchema = z.strictObject({
  base: z.string().min(1).describe('accelerator whose energies these are'),
  machine: z.string().describe('what was measured, and how'),
  families: z
    .record(z.string(), z.partialRecord(z.enum(FEATURE_NAMES), z.number().nonnegative()))
    .describe(
      'operator family (conv, depthwise, add, shift, linear, matmul, norm, activation ...) -> feature -> nanoseconds of one',
    ),
  heldOutError: z
    .strictObject({ median: z.number().nonnegative(), p95: z.number().nonnegative() })
    .optional()
    .describe('relative error on shapes the fit had not seen'),
});

/** The named assumptions in which the released cost model and the honest one differ. */
export const switchesSchema = z.strictObject({
  depthwisePricing: z
    .enum(['dense', 'depthwise'])
    .describe('a grouped convolution is priced as dense, or as is'),
  addMemory: z.enum(['free', 'charged']).describe('DRAM, buffer and network traffic of adder layers'),
  shiftBits: z
    .enum(['ten-for-all', 'weights-only', 'format'])
    .describe('(16+5)//2 = 10 bits for every tensor of a shift layer, or true, or as wide as the format'),
  shiftLatencyDivisor: z
    .number()
    .positive()
    .describe('shift layers run so much faster: released 3.2, honest 1'),
  lightweightLatencyDivisor: z
    .number()
    .positive()
    .describe('translation: the same for the linears around a lightweight filter: released 2, honest 1'),
  operationsPerAccumulate: z
    .enum(['one', 'both'])
    .describe('charge one unit per accumulate, or each operation'),
  tensorWidths: z.enum(['one', 'true']).describe('every tensor as wide as the format, or partial sums apart'),
  narrowArray: z
    .enum(['packed', 'fixed'])
    .describe('narrow formats multiply the array, or leave it as it is'),
  vectorWork: z
    .enum(['ignored', 'counted'])
    .describe('normalisation, activation, softmax, residual additions'),
  arrayBound: z
    .enum(['strict', 'whole'])
    .describe('a mapping must use fewer elements than there are, or may use all'),
  bufferBound: z.enum(['strict', 'whole']).describe('the same for buffers'),
  singleRowTiles: z.enum(['excluded', 'allowed']).describe('tiles of one output row of a larger map'),
  bandwidthStalls: z
    .enum(['ignored', 'charged'])
    .describe('wait for memory when traffic outlasts arithmetic'),
  lightweightFilter: z
    .enum(['square-dense-free', 'square-dense', 'depthwise'])
    .describe(
      'translation: 1-d filter as a dense square window over heads, memory free or charged, or as is',
    ),
  lightweightLinear: z
    .enum(['as-shift', 'shift-operations', 'linear'])
    .describe(
      'translation: linears around a filter get memory and latency of a shift layer and, around a shift-add, its ' +
        'operations too, in place of the shift layer between them; or only these operations; or all are priced as they are',
    ),
});

const memorySchema = z.strictObject({
  outer: z
    .array(z.strictObject({ name: z.string().min(1), energy, words: size.optional() }))
    .min(1)
    .describe('levels outside the global buffer, outermost first; each but the first has a size in words'),
  globalBuffer: energy,
  network: z.strictObject({ input: energy, weight: energy, partialSum: energy }),
  registerFile: z.strictObject({ input: energy, weight: energy, partialSum: energy }),
});

export const acceleratorSchema = z.strictObject({
  $schema: z.string().optional().describe('where editors find this schema; means nothing here'),
  name: z.string().min(1),
  description: z.string(),
  model: z
    .enum(['row-stationary', 'operations'])
    .describe('search tilings of a row-stationary array, or charge arithmetic only'),
  processingElements: size,
  clockMHz: z.number().positive(),
  buffers: z.strictObject({
    registerOutputs: size.describe('partial sums one register file holds'),
    registerInputs: size,
    registerWeights: size,
    global: size,
  }),
  memory: memorySchema.describe('pJ per access of a 16-bit word'),
  units: byBits(unitSchema).describe('pJ per operation, by bit width'),
  formats: byBits(formatSchema).describe('widths of the tensors, by bit width'),
  areas: byBits(areaSchema).optional().describe('um2 per arithmetic unit, by bit width'),
  bandwidth: z
    .strictObject({ outer: z.number().positive(), globalBuffer: z.number().positive() })
    .optional()
    .describe('bits per clock cycle'),
  calibration: calibrationSchema
    .optional()
    .describe('latency from measurements in place of the model; energies are still those of the model'),
  switches: switchesSchema,
  sources: z.record(z.string(), z.string()).describe('where the numbers come from'),
});

export type Accelerator = z.infer<typeof acceleratorSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Switches = z.infer<typeof switchesSchema>;
export type SwitchName = keyof Switches;
export type Units = z.infer<typeof unitSchema>;
export type Format = z.infer<typeof formatSchema>;

/** JSON schema of an accelerator file, for editors and other programs. */
export function acceleratorJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(acceleratorSchema, { target: 'draft-2020-12' }) as Record<string, unknown>;
}
