/**
 * Latency by a trained predictor (spec 7.4): networks of a space are drawn and measured, wherever that is done, a
 * perceptron learns the logarithm of their times, and its relative error on networks it has not seen is told.
 *
 *   collectLatencies(space, 300, random, measure) -> trainLatencyPredictor(backend, space, samples) -> predict(genotype)
 */
import type { Backend } from '../../backends/backend.ts';
import { require_, ShiftAddError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { type RelativeError, relativeErrors } from '../../hardware/index.ts';
import { kendallTau } from '../../metrics/rank.ts';
import type { SampleMode } from '../../spaces/sample.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import type { TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { sampleTranslation } from '../../spaces/seq2seq/sample.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import { type FeatureSet, networkFeatures } from './features.ts';
import { type Perceptron, type PerceptronTraining, perceive, trainPerceptron } from './perceptron.ts';

export interface LatencySample {
  readonly genotype: TranslationGenotype;
  /** Measured, ms. */
  readonly latencyMs: number;
}

export interface CollectOptions {
  /** Over pairs of depths unless said otherwise, so that shallow networks are seen too. */
  readonly sampling?: SampleMode | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSample?: ((done: number, count: number) => void) | undefined;
}

/** `count` different networks of the space, each measured once. Throws 'interrupted' when the signal is given. */
export async function collectLatencies(
  space: TranslationSpace,
  count: number,
  random: Random,
  measure: (genotype: TranslationGenotype) => number | Promise<number>,
  { sampling = 'tuples', signal, onSample }: CollectOptions = {},
): Promise<LatencySample[]> {
  const samples: LatencySample[] = [];
  const seen = new Set<string>();
  // A space may hold fewer than are asked for.
  for (let attempt = 0; samples.length < count && attempt < 20 * count; attempt++) {
    if (signal?.aborted === true)
      throw new ShiftAddError('interrupted', 'measuring was stopped; nothing is kept');
    const genotype = sampleTranslation(space, random, sampling);
    const word = encodeTranslation(genotype);
    if (seen.has(word)) continue;
    seen.add(word);
    samples.push({ genotype, latencyMs: await measure(genotype) });
    onSample?.(samples.length, count);
  }
  return samples;
}

/** A trained predictor as plain data. */
export interface LatencyModel {
  /** Name of the space it was trained for. */
  readonly space: string;
  readonly features: FeatureSet;
  /** Of the logarithms of the times in ms that it was trained on. */
  readonly mean: number;
  readonly deviation: number;
  readonly layers: Perceptron;
}

export class LatencyPredictor {
  readonly space: TranslationSpace;
  readonly model: LatencyModel;

  /** Throws 'usage' when the model is of another space. */
  constructor(space: TranslationSpace, model: LatencyModel) {
    this.space = space;
    this.model = model;
    const inputs = featureCount(space, model.features);
    const { length } = model.layers;
    require_(
      model.space === space.name && length > 0 && model.layers[0].inputs === inputs,
      'usage',
      () =>
        `this latency predictor was trained for space '${model.space}' with ${length > 0 ? model.layers[0].inputs : 0} features, ` +
        `but space '${space.name}' with ${inputs} is in use; train one for it`,
      { expected: space.name, found: model.space },
    );
  }

  /** ms */
  predict(genotype: TranslationGenotype): number {
    const { features, mean, deviation, layers } = this.model;
    return Math.exp(mean + deviation * perceive(layers, networkFeatures(this.space, genotype, features)));
  }
}

function featureCount(space: TranslationSpace, features: FeatureSet): number {
  return networkFeatures(space, sampleTranslation(space, Random.fromSeed(0)), features).length;
}

export interface PredictorOptions extends Partial<PerceptronTraining> {
  readonly features?: FeatureSet | undefined;
  readonly seed?: number | string | undefined;
  /** Share of the networks that training does not see. */
  readonly heldOut?: number | undefined;
}

/**
 * Settings of spec 7.4 but for a rate at which 5000 steps are enough, and a width that predicts in microseconds; 400
 * wide as published it is slower and no better (see docs/translation.md).
 */
export const PREDICTOR_TRAINING: PerceptronTraining = {
  ...{ hidden: [64, 64, 64], steps: 3000, batch: 128, rate: 3e-3, decay: 0.01 },
};

export interface TrainedPredictor {
  readonly model: LatencyModel;
  /** On networks that training has not seen. */
  readonly heldOutError: RelativeError;
  /** How well it orders them. */
  readonly heldOutTau: number;
  readonly trainError: RelativeError;
  readonly heldOut: readonly {
    readonly genotype: string;
    readonly latencyMs: number;
    readonly predictedMs: number;
  }[];
}

/** Called while no scope is open. Throws 'usage' for fewer than 8 networks or a time that is not above 0. */
export async function trainLatencyPredictor(
  backend: Backend,
  space: TranslationSpace,
  samples: readonly LatencySample[],
  { features = 'layers', seed = 0, heldOut = 0.2, ...training }: PredictorOptions = {},
): Promise<TrainedPredictor> {
  checkSamples(samples);
  const random = Random.fromSeed(seed);
  const order = random.split('held out').shuffle(samples);
  const held = Math.max(1, Math.round(samples.length * heldOut));
  const [test, train] = [order.slice(0, held), order.slice(held)];
  const logs = train.map(({ latencyMs }) => Math.log(latencyMs));
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logs.length;
  const deviation = Math.sqrt(variance) || 1;
  const layers = await trainPerceptron(
    backend,
    train.map(({ genotype }) => networkFeatures(space, genotype, features)),
    logs.map((value) => (value - mean) / deviation),
    { ...PREDICTOR_TRAINING, ...training },
    random,
  );
  const model: LatencyModel = { space: space.name, features, mean, deviation, layers };
  const predictor = new LatencyPredictor(space, model);
  const errors = (of: readonly LatencySample[]) =>
    relativeErrors(
      of.map(({ genotype, latencyMs }) => Math.abs(predictor.predict(genotype) / latencyMs - 1)),
    );
  const seen = test.map(({ genotype, latencyMs }) => ({
    genotype: encodeTranslation(genotype),
    latencyMs,
    predictedMs: predictor.predict(genotype),
  }));
  return {
    model,
    heldOutError: errors(test),
    heldOutTau: kendallTau(
      seen.map(({ latencyMs }) => latencyMs),
      seen.map(({ predictedMs }) => predictedMs),
    ),
    trainError: errors(train),
    heldOut: seen,
  };
}

function checkSamples(samples: readonly LatencySample[]): void {
  require_(
    samples.length >= 8,
    'usage',
    `a latency predictor needs at least 8 measured networks, got ${samples.length}; measure more`,
  );
  const wrong = samples.find(({ latencyMs }) => !(latencyMs > 0 && Number.isFinite(latencyMs)));
  require_(
    wrong === undefined,
    'usage',
    () =>
      `a measured time must be above 0 ms, but ${encodeTranslation(wrong!.genotype)} has ${wrong?.latencyMs}`,
  );
}
