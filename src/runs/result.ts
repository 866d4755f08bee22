/**
 * result.json: what a run found, for programs. Equal inputs give equal bytes, except for `times`, which stands last:
 * keys follow the schema below, and free-form records are sorted. Where the run folder lies is not in it.
 *
 * Units: accuracies as fractions of 1, losses in nats, energies in mJ, latencies in ms.
 */
import fs from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../core/atomic.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import { OBJECTIVE_NAMES } from '../search/objectives.ts';

const count = z.int().min(0);
const fraction = z.number().min(0).max(1);
const cost = z.number().min(0);
const score = z.number().min(0).max(100);

/** The same with the keys of all objects in their order, and without those that hold nothing. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sortKeys(v)]));
}

/** A record whose keys nobody fixed: sorted, so its order says nothing. */
function sorted<T extends z.ZodType>(schema: T) {
  return schema.transform((value) => sortKeys(value) as z.output<T>);
}

const limits = z.strictObject({
  energyMj: cost.optional(),
  latencyMs: cost.optional(),
  // A share of a count need not be whole.
  params: cost.optional(),
  macs: cost.optional(),
  areaMm2: cost.optional(),
  multiplications: cost.optional(),
  additions: cost.optional(),
  shifts: cost.optional(),
});

/** A box of the network's picture: the stem, a searched layer, the head. In the order data flows. */
const block = z.strictObject({
  name: z.string(),
  /** `stem`, an operator family, `head`. */
  operator: z.string(),
  /** Stage from 0; null for stem and head. */
  stage: count.nullable(),
  /** Of its output. */
  height: count,
  width: count,
  channels: count,
  energyMj: cost,
  /** Absent where a predictor says it of whole networks. */
  latencyMs: cost.optional(),
});

/** Smallest and largest scale of the adders' weights at the end of training, over layers and channels. */
const adderScale = z.strictObject({ low: z.number(), high: z.number() });

const network = z.strictObject({
  name: z.string(),
  genotype: z.string(),
  /** One line for people. */
  description: z.string(),
  /** On the test set: of images, or of the next subword. */
  accuracy: fraction,
  validationAccuracy: fraction,
  /** How many of the test images were measured, where some could not be read. */
  testImages: count.optional(),
  /** Of translations of the test set, 0 to 100; of translators only. */
  bleu: score.optional(),
  chrf: score.optional(),
  validationBleu: score.optional(),
  /** What BLEU and chrF depend on besides the texts; absent in what earlier versions wrote. */
  signatures: z.strictObject({ bleu: z.string(), chrf: z.string() }).optional(),
  /** What translations were measured with. */
  lengthPenalty: z.number().optional(),
  energyMj: cost,
  latencyMs: cost,
  params: count,
  macs: count,
  /** mm2 of its arithmetic, where the accelerator states areas. */
  areaMm2: cost.optional(),
  operations: z.strictObject({ multiplications: count, additions: count, shifts: count }),
  byFamily: sorted(z.record(z.string(), z.strictObject({ energyMj: cost, latencyMs: cost.optional() }))),
  /** mJ by level: computation, DRAM, GB, NoC, RF. */
  byLevel: sorted(z.record(z.string(), cost)),
  blocks: z.array(block),
  /** Absent without adders, and where their weights have no scale. */
  adderScale: adderScale.optional(),
});

/** A rank correlation and the bounds of its interval; null where one of the scores is the same for all paths. */
const estimate = z.strictObject({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** A network after a short training, which the supernet never scored. */
const tried = z.strictObject({ genotype: z.string(), round: count, loss: z.number(), accuracy: fraction });

/** A path in the supernet and trained alone, both on held-out data. */
const pathAlone = z.strictObject({
  genotype: z.string(),
  supernetLoss: z.number(),
  supernetAccuracy: fraction,
  loss: z.number(),
  accuracy: fraction,
});

/** How the supernet orders paths, against how training alone does: by loss on held-out images. */
const rank = z.strictObject({
  kendallTau: estimate,
  spearmanRho: estimate,
  /** Of the intervals, which a bootstrap over paths gives (percentiles of that many resamples). */
  confidence: fraction,
  resamples: count,
  paths: z.array(pathAlone),
});

export const resultSchema = z.strictObject({
  schema: z.literal(1),
  command: z.string(),
  config: sorted(z.record(z.string(), z.json())),
  dataset: z.strictObject({
    source: z.string(),
    /** Of labelled images. */
    classes: z.array(z.string()).optional(),
    /** Of sentence pairs: languages, and subwords of both together. */
    pair: z.string().optional(),
    vocabulary: count.optional(),
    train: count,
    validation: count,
    test: count,
  }),
  /** The accelerator, whole. */
  accelerator: sorted(z.looseObject({ name: z.string() })),
  bits: z.int().min(1),
  /** What predicts latency in place of the accelerator: networks of a space that were timed, and how far it is off. */
  latency: z
    .strictObject({
      space: z.string(),
      machine: z.string(),
      tokens: count,
      vocabulary: count,
      beam: count,
      /** Timed, those not learned from included. */
      networks: count,
      /** Relative, on networks not learned from. */
      heldOutError: z.strictObject({ median: z.number(), p95: z.number() }),
    })
    .optional(),
  supernet: z.strictObject({
    params: count,
    paramsUnshared: count,
    adderScale: adderScale.optional(),
    curve: z.array(
      z.strictObject({
        epoch: count,
        trainLoss: z.number(),
        validationLoss: z.number().optional(),
        validationAccuracy: fraction.optional(),
      }),
    ),
  }),
  search: z.strictObject({
    ...{ evaluated: count, generations: count, limits },
    /** What was made small; absent in what earlier versions wrote: loss and energy. */
    objectives: z.array(z.enum(OBJECTIVE_NAMES)).optional(),
    /** Candidates that were trained alone for a short time, to choose those that were retrained. */
    trials: z.array(pathAlone).optional(),
    /** Baselines that were tried in the first of several rounds. */
    triedBaselines: z.array(tried).optional(),
    /** What was tried in the rounds after the first: offspring of the best, which the supernet never scored. */
    offspring: z.array(tried).optional(),
  }),
  winner: network,
  /** The other searched networks that were retrained. */
  candidates: z.array(network),
  baselines: z.array(network),
  /** Non-dominated in the objectives, by supernet scores: every score and cost that is known of each. */
  front: z.array(
    z.strictObject({
      genotype: z.string(),
      loss: z.number(),
      accuracy: fraction,
      bleu: score.optional(),
      energyMj: cost,
      latencyMs: cost,
      // Earlier versions wrote no more.
      params: count.optional(),
      macs: count.optional(),
      areaMm2: cost.optional(),
      multiplications: count.optional(),
      additions: count.optional(),
      shifts: count.optional(),
    }),
  ),
  /** Paths trained alone beside their supernet scores, where asked for (`rank`). */
  rank: rank.optional(),
  /** All that the clock decides. */
  times: sorted(z.record(z.string(), z.json())),
});

export type Result = z.output<typeof resultSchema>;
export type ResultInput = z.input<typeof resultSchema>;
export type NetworkResult = Result['winner'];
export type BlockResult = NetworkResult['blocks'][number];

/** The bytes of result.json. Throws 'internal' when `result` does not fit the schema. */
export function encodeResult(result: ResultInput): string {
  const parsed = resultSchema.safeParse(result);
  if (!parsed.success) internal(`a result that does not fit its schema: ${sentenceOf(parsed.error)}`);
  // From the schema's own key list, because a parser is free to return keys in the order it found them.
  const ordered = Object.keys(resultSchema.shape).map((key) => [key, parsed.data[key as keyof Result]]);
  return `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`;
}

/** @throws ShiftAddError 'disk' */
export function writeResult(path: string, result: ResultInput): void {
  writeFileAtomic(path, encodeResult(result));
}

/** Reads result.json; undefined when there is none. @throws ShiftAddError 'run' when it is damaged */
export function readResult(path: string): Result | undefined {
  if (!fs.existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ShiftAddError('run', `${path} is damaged: it is not JSON; ${REMEDY}`, { path }, error);
  }
  const parsed = resultSchema.safeParse(value);
  if (!parsed.success) {
    throw new ShiftAddError('run', `${path} is not a result: ${sentenceOf(parsed.error)}; ${REMEDY}`, {
      path,
    });
  }
  return parsed.data;
}

const REMEDY = 'take it from a copy, or delete it and resume the run';

function sentenceOf(error: z.ZodError): string {
  const { path, message } = error.issues[0];
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}
