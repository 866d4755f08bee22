/** Latency predictors: features, the perceptron, and what they say of networks they have not seen. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../backends/backend.ts';
import { openBackend } from '../../backends/open.ts';
import { Random } from '../../core/random.ts';
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import {
  encodeTranslation,
  microSeq2seq,
  multi30k,
  networkOf,
  parseTranslationSpace,
  referenceGenotype,
  sampleTranslation,
  seq2seq,
  type TranslationGenotype,
  TranslationPricer,
} from '../../spaces/seq2seq/index.ts';
import { NetworkSums, shapeFeatures } from './features.ts';
import { perceive, trainPerceptron } from './perceptron.ts';
import { LatencyPredictor, PREDICTOR_TRAINING, trainLatencyPredictor } from './predictor.ts';
import { collectLatencies } from './samples.ts';
import { translationLatency } from './translation-latency.ts';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend('reference');
});
afterAll(() => backend.dispose());

const space = multi30k();
const pricer = new TranslationPricer(
  space,
  { tokens: 14 },
  new Pricer(findAccelerator('rowstationary-45nm')),
);
const rowStationary = (genotype: TranslationGenotype) => pricer.price(genotype).latencyMs;
const small = { hidden: [12, 12], steps: 150, batch: 24 };

describe('features', () => {
  test('spec 7.4: 94 in the published space, shape and blocks', () => {
    const genotype = referenceGenotype(seq2seq(), 'AD', 'A');
    const features = shapeFeatures(seq2seq(), {
      ...genotype,
      decoderLayers: genotype.decoderLayers.slice(0, 2),
    });
    expect(features).toHaveLength(94);
    expect(features.slice(0, 10)).toEqual([0.5, 1, 0.5, 0.5, 0.5, 2 / 6, 0.5, 0.5, 0.5, 1 / 3]);
    // Six encoder layers of the sixth type, two decoder layers of the first, four that are not there.
    expect(features.slice(10).flatMap((value, i) => (value === 1 ? [i] : []))).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((layer) => 7 * layer + 5),
      ...[0, 1].map((layer) => 42 + 7 * layer),
    ]);
  });

  test('sums of both sides are those of the network', () => {
    const sums = new NetworkSums(space);
    const genotype = sampleTranslation(space, Random.fromSeed(1));
    const [, , encoderParams, encoderMacs] = sums.of(genotype);
    const [decoderParams, decoderMacs] = sums.of(genotype).slice(7);
    const { params, macs } = new TranslationPricer(space, {}, pricer.pricer).price(genotype);
    expect([encoderParams + decoderParams, encoderMacs + decoderMacs]).toEqual([params, macs]);
  });
});

describe('the perceptron', () => {
  const random = Random.fromSeed('points');
  const inputs = Array.from({ length: 200 }, () => [random.uniform(-1, 1), random.uniform(-1, 1)]);
  const targets = inputs.map(([a, b]) => Math.abs(a) - b);
  const examples = (from: number, to: number) => ({
    inputs: inputs.slice(from, to),
    targets: targets.slice(from, to),
  });
  const settings = { ...PREDICTOR_TRAINING, hidden: [16, 16], batch: 32, steps: 300, rate: 0.01 };
  const train = (more = {}) =>
    trainPerceptron(
      backend,
      examples(0, 120),
      examples(120, 160),
      { ...settings, ...more },
      Random.fromSeed(1),
    );

  test('answers 0 before it is trained, and learns what no line is afterwards', async () => {
    const untrained = await train({ steps: 0 });
    expect(inputs.map((x) => perceive(untrained, x))).toEqual(inputs.map(() => 0));
    const trained = await train();
    const error =
      inputs.slice(160).reduce((sum, x, i) => sum + Math.abs(perceive(trained, x) - targets[160 + i]), 0) /
      40;
    expect(error).toBeLessThan(0.1);
  });

  test('is the same for the same seed, and stops when asked', async () => {
    expect(await train({ steps: 20 })).toEqual(await train({ steps: 20 }));
    await expect(train({ signal: AbortSignal.abort() })).rejects.toThrow(/stopped; nothing is kept/);
  });

  test('keeps the state that is best for examples it does not learn from', async () => {
    const wild = { rate: 3, every: 1, steps: 30 };
    const error = (layers: Awaited<ReturnType<typeof train>>) =>
      inputs.slice(120, 160).reduce((sum, x, i) => sum + Math.abs(perceive(layers, x) - targets[120 + i]), 0);
    expect(error(await train(wild))).toBeLessThanOrEqual(error(await train({ steps: 0 })));
  });
});

describe('samples', () => {
  test('each network once, the least of its times', async () => {
    let calls = 0;
    const samples = await collectLatencies(space, 10, Random.fromSeed(1), () => 100 - calls++, { rounds: 3 });
    expect(new Set(samples.map(({ genotype }) => encodeTranslation(genotype))).size).toBe(10);
    expect(samples.map(({ latencyMs }) => latencyMs)).toEqual(samples.map((_, i) => 100 - 20 - i));
  });

  test('no more than a space holds', async () => {
    const micro = microSeq2seq();
    const tiny = parseTranslationSpace({
      ...micro,
      encoder: { ...micro.encoder, block: ['A', 'D'], heads: [1] },
      decoder: { ...micro.decoder, width: [8], layers: [1], block: ['A'], sources: [1] },
      reference: { encoder: { heads: 1 }, decoder: { layers: 1, width: 8 } },
    });
    expect(await collectLatencies(tiny, 50, Random.fromSeed(1), () => 1)).toHaveLength(4 * 2);
  });
});

describe('a predictor of row-stationary latencies', () => {
  test('knows networks it has not seen to 2 %, and says so; the published features alone do not', async () => {
    const samples = await collectLatencies(space, 100, Random.fromSeed(2), rowStationary);
    const trained = await trainLatencyPredictor(backend, space, samples, small);
    expect(trained.heldOut).toHaveLength(20);
    expect(trained.heldOutError.median).toBeLessThan(0.02);
    expect(trained.heldOutTau).toBeGreaterThan(0.9);
    const plain = await trainLatencyPredictor(backend, space, samples, { ...small, base: 'mean' });
    expect(plain.heldOutError.median).toBeGreaterThan(trained.heldOutError.median);
    // The error that is told is that of networks which were drawn anew.
    const predictor = new LatencyPredictor(space, JSON.parse(JSON.stringify(trained.model)));
    const fresh = await collectLatencies(space, 100, Random.fromSeed(3), rowStationary);
    const errors = fresh.map(({ genotype, latencyMs }) =>
      Math.abs(predictor.predict(genotype) / latencyMs - 1),
    );
    expect(errors.sort((a, b) => a - b)[50]).toBeLessThan(0.03);
  });

  test('the perceptron learns a factor that no sum has', async () => {
    const odd = (genotype: TranslationGenotype) =>
      rowStationary(genotype) * (genotype.encoderLayers[0].block.startsWith('A') ? 2 : 1);
    const samples = await collectLatencies(space, 200, Random.fromSeed(4), odd);
    const without = await trainLatencyPredictor(backend, space, samples, { ...small, steps: 0 });
    const trained = await trainLatencyPredictor(backend, space, samples, { ...small, steps: 250 });
    expect(trained.heldOutError.median).toBeLessThan(0.6 * without.heldOutError.median);
  });

  test('refuses too few networks, impossible times and another space', async () => {
    const samples = await collectLatencies(space, 16, Random.fromSeed(5), rowStationary);
    const train = (of: typeof samples) => trainLatencyPredictor(backend, space, of, { ...small, steps: 0 });
    await expect(train(samples.slice(1))).rejects.toThrow(/at least 16 measured networks, got 15/);
    await expect(train(samples.with(3, { ...samples[3], latencyMs: 0 }))).rejects.toThrow(
      /above 0 ms, but \S+ has 0/,
    );
    const { model } = await train(samples);
    expect(() => new LatencyPredictor(microSeq2seq(), model)).toThrow(
      /trained for space 'multi30k' with 66 features, but space 'micro-seq2seq'/,
    );
  });
});

test('a network is timed as it translates: its time is a number above 0, and nothing stays behind', async () => {
  const micro = microSeq2seq();
  const timing = { tokens: 5, vocabulary: 20, beam: 2, repeats: 1 };
  for (const block of ['A', 'AS'] as const) {
    const network = networkOf(micro, referenceGenotype(micro, 'D', block));
    expect(await translationLatency(backend, network, timing)).toBeGreaterThan(0);
  }
});
