/**
 * Latency by a trained predictor (spec 7.4): networks of a space are drawn and measured, wherever that is done. Time is
 * nearly a sum of counts, which least squares finds; a perceptron over the published features learns what is left, as a
 * factor. Its relative error on networks it has not seen is told.
 *
 *   collectLatencies(space, 300, random, measure) -> trainLatencyPredictor(backend, space, samples) -> predict(genotype)
 */
import type { Backend } from '../../backends/backend.ts';
import { require_ } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { type RelativeError, relativeErrors, relativeFit } from '../../hardware/index.ts';
import { kendallTau } from '../../metrics/rank.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import type { TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { sampleTranslation } from '../../spaces/seq2seq/sample.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';
import { NetworkSums, shapeFeatures } from './features.ts';
import {
  type Examples,
  type Perceptron,
  type PerceptronTraining,
  perceive,
  trainPerceptron,
} from './perceptron.ts';
import type { LatencySample } from './samples.ts';

/** A trained predictor as plain data. */
export interface LatencyModel {
  /** Name of the space it was trained for. */
  readonly space: string;
  /** ms of one, by place of `NetworkSums`; the first alone where time is predicted from the published features only. */
  readonly coefficients: readonly number[];
  /** Factor on what the perceptron says before it is the logarithm of a factor. */
  readonly deviation: number;
  readonly layers: Perceptron;
}

export class LatencyPredictor {
  readonly space: TranslationSpace;
  readonly model: LatencyModel;
  private readonly sums: NetworkSums;

  /** Throws 'usage' when the model is of another space. */
  constructor(space: TranslationSpace, model: LatencyModel) {
    this.space = space;
    this.model = model;
    this.sums = new NetworkSums(space);
    const inputs = shapeFeatures(space, sampleTranslation(space, Random.fromSeed(0))).length;
    const found = model.layers[0]?.inputs ?? 0;
    require_(
      model.space === space.name && found === inputs,
      'usage',
      () =>
        `this latency predictor was trained for space '${model.space}' with ${found} features, ` +
        `but space '${space.name}' with ${inputs} is in use; train one for it`,
      { expected: space.name, found: model.space },
    );
  }

  /** ms; microseconds to say. */
  predict(genotype: TranslationGenotype): number {
    const { coefficients, deviation, layers } = this.model;
    const factor = deviation * perceive(layers, shapeFeatures(this.space, genotype));
    return sumOf(coefficients, this.sums.of(genotype)) * Math.exp(factor);
  }
}

function sumOf(coefficients: readonly number[], sums: readonly number[]): number {
  return coefficients.reduce((total, coefficient, i) => total + coefficient * sums[i], 0);
}

export interface PredictorOptions extends Partial<PerceptronTraining> {
  /** What the perceptron's factor is on: the fitted sum, or as published the mean alone. */
  readonly base?: 'sums' | 'mean' | undefined;
  readonly seed?: number | string | undefined;
  /** Share of the networks that nothing here learns from. */
  readonly heldOut?: number | undefined;
  /** The first so many are learned from in any case. */
  readonly always?: number | undefined;
}

/** As spec 7.4, but narrower than 400, so that it predicts in microseconds, and with a rate that needs fewer steps. */
export const PREDICTOR_TRAINING: PerceptronTraining = {
  ...{ hidden: [64, 64, 64], steps: 1500, batch: 128, rate: 3e-3, decay: 0.01, every: 50 },
};

export interface TrainedPredictor {
  readonly model: LatencyModel;
  /** On networks that training has not seen. */
  readonly heldOutError: RelativeError;
  /** How well it orders them (Kendall). */
  readonly heldOutTau: number;
  readonly trainError: RelativeError;
  readonly heldOut: readonly {
    readonly genotype: string;
    readonly latencyMs: number;
    readonly predictedMs: number;
  }[];
}

/** Part of the training networks that says when the perceptron is to stop. */
const VALIDATION = 0.2;

/** Called while no scope is open. Throws 'usage' for fewer than 16 networks or a time that is not above 0. */
export async function trainLatencyPredictor(
  backend: Backend,
  space: TranslationSpace,
  samples: readonly LatencySample[],
  { base = 'sums', seed = 0, heldOut = 0.2, always = 0, ...training }: PredictorOptions = {},
): Promise<TrainedPredictor> {
  checkSamples(samples);
  const random = Random.fromSeed(seed);
  const order = random.split('held out').shuffle(samples.slice(always));
  const held = Math.max(1, Math.round(order.length * heldOut));
  // The first of those left say when to stop.
  const [test, train] = [order.slice(0, held), [...order.slice(held), ...samples.slice(0, always)]];
  const coefficients = base === 'sums' ? fitSums(space, train) : [geometricMean(train)];
  const sums = new NetworkSums(space);
  const left = train.map(({ genotype, latencyMs }) =>
    Math.log(latencyMs / sumOf(coefficients, sums.of(genotype))),
  );
  const deviation = Math.sqrt(left.reduce((sum, value) => sum + value ** 2, 0) / left.length) || 1;
  const examples = (from: number, to: number): Examples => ({
    inputs: train.slice(from, to).map(({ genotype }) => shapeFeatures(space, genotype)),
    targets: left.slice(from, to).map((value) => value / deviation),
  });
  const stop = Math.max(1, Math.round(train.length * VALIDATION));
  const layers = await trainPerceptron(
    backend,
    examples(stop, train.length),
    examples(0, stop),
    { ...PREDICTOR_TRAINING, ...training },
    random,
  );
  const model: LatencyModel = { space: space.name, coefficients, deviation, layers };
  return { model, ...judged(new LatencyPredictor(space, model), train, test) };
}

/** Least squares of relative errors, no coefficient below 0. */
function fitSums(space: TranslationSpace, samples: readonly LatencySample[]): number[] {
  const sums = new NetworkSums(space);
  return relativeFit(
    samples.map(({ genotype, latencyMs }) => sums.of(genotype).map((sum) => sum / latencyMs)),
  );
}

function geometricMean(samples: readonly LatencySample[]): number {
  return Math.exp(samples.reduce((sum, { latencyMs }) => sum + Math.log(latencyMs), 0) / samples.length);
}

function judged(
  predictor: LatencyPredictor,
  train: readonly LatencySample[],
  test: readonly LatencySample[],
): Omit<TrainedPredictor, 'model'> {
  const errors = (of: readonly LatencySample[]) =>
    relativeErrors(
      of.map(({ genotype, latencyMs }) => Math.abs(predictor.predict(genotype) / latencyMs - 1)),
    );
  const heldOut = test.map(({ genotype, latencyMs }) => ({
    genotype: encodeTranslation(genotype),
    latencyMs,
    predictedMs: predictor.predict(genotype),
  }));
  const heldOutTau = kendallTau(
    heldOut.map(({ latencyMs }) => latencyMs),
    heldOut.map(({ predictedMs }) => predictedMs),
  );
  return { heldOutError: errors(test), heldOutTau, trainError: errors(train), heldOut };
}

function checkSamples(samples: readonly LatencySample[]): void {
  require_(
    samples.length >= 16,
    'usage',
    `a latency predictor needs at least 16 measured networks, got ${samples.length}; measure more`,
  );
  for (const { genotype, latencyMs } of samples) {
    require_(
      latencyMs > 0 && Number.isFinite(latencyMs),
      'usage',
      () =>
        `a measured time must be above 0 ms, but ${encodeTranslation(genotype)} has ${latencyMs}; measure it again`,
    );
  }
}
