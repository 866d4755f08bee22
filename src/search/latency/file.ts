import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { writeFileAtomic } from '../../core/atomic.ts';
import { require_, ShiftAddError } from '../../core/errors.ts';
import type { RelativeError } from '../../hardware/index.ts';
import { referenceGenotype, type TranslationSpace } from '../../spaces/seq2seq/space.ts';
import { type LatencyModel, LatencyPredictor } from './predictor.ts';
import type { TranslationTiming } from './translation-latency.ts';

/**
 * A trained latency predictor in a file: the model, the space it knows, what was timed where, and how far it was off on
 * networks it had not seen. JSON.
 */
const numbers = z.array(z.number());
const layer = z.strictObject({
  inputs: z.number().int().min(1),
  outputs: z.number().int().min(1),
  weight: numbers,
  bias: numbers,
});
const count = z.number().int().min(1);
const schema = z.strictObject({
  kind: z.literal('latency-predictor'),
  space: z.record(z.string(), z.unknown()),
  machine: z.string(),
  timing: z.strictObject({ tokens: count, vocabulary: count, beam: count }),
  networks: count,
  heldOutError: z.strictObject({ median: z.number(), p95: z.number() }),
  model: z.strictObject({
    space: z.string(),
    coefficients: numbers,
    deviation: z.number(),
    layers: z.array(layer).min(1),
  }),
});

export interface LatencyFile {
  readonly kind: 'latency-predictor';
  readonly space: TranslationSpace;
  readonly machine: string;
  readonly timing: Omit<TranslationTiming, 'repeats'>;
  /** Networks measured, those not trained on included. */
  readonly networks: number;
  readonly heldOutError: RelativeError;
  readonly model: LatencyModel;
}

export function writeLatencyFile(path: string, file: LatencyFile): void {
  writeFileAtomic(path, `${JSON.stringify(file)}\n`);
}

export interface OpenedPredictor {
  readonly predictor: LatencyPredictor;
  readonly file: LatencyFile;
}

/** Throws 'data' for a file that is missing or damaged, 'usage' for one of another space. */
export function readLatencyFile(path: string, space: TranslationSpace): OpenedPredictor {
  const file = parse(path);
  require_(
    isDeepStrictEqual(file.space, JSON.parse(JSON.stringify(space))),
    'usage',
    `${path} predicts latencies of space '${file.model.space}', but space '${space.name}' is in use or its choices have ` +
      'changed; train one for it with calibrate --networks',
    { path, found: file.model.space, expected: space.name },
  );
  const predictor = new LatencyPredictor(space, file.model);
  const probe = predictor.predict(referenceGenotype(space, 'A'));
  require_(Number.isFinite(probe) && probe > 0, 'data', damaged(path, `predicts ${probe} ms`), { path });
  return { predictor, file };
}

function parse(path: string): LatencyFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ShiftAddError('data', damaged(path, (cause as Error).message), { path }, cause);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [{ path: place, message }] = result.error.issues;
    throw new ShiftAddError('data', damaged(path, `${place.join('.')}: ${message}`), { path });
  }
  const sized = result.data.model.layers.every(
    ({ inputs, outputs, weight, bias }) => weight.length === inputs * outputs && bias.length === outputs,
  );
  require_(sized, 'data', damaged(path, 'a layer has not as many weights as its sizes say'), { path });
  return result.data as unknown as LatencyFile;
}

const damaged = (path: string, why: string) =>
  `the latency predictor ${path} cannot be read (${why}); write one with calibrate --networks`;
