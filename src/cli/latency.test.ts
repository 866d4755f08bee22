/** Latency by a predictor, through the program: used by a search, by train and by cost, and refused where it does not fit. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { findAccelerator, Pricer } from '../hardware/index.ts';
import { translationBaselines } from '../runs/translation/baselines.ts';
import { readLatencyFile, writeLatencyFile } from '../search/latency/file.ts';
import { trainLatencyPredictor } from '../search/latency/predictor.ts';
import { collectLatencies } from '../search/latency/samples.ts';
import {
  decodeTranslation,
  microSeq2seq,
  networkOf,
  type TranslationGenotype,
  TranslationPricer,
  translationWorkloads,
} from '../spaces/seq2seq/index.ts';
import { shiftaddnas } from './testing/in-process.ts';
import { writeTinyPairs } from './testing/tiny-pairs.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let file: string;
let settings: string[];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'latency-'));
  file = join(folder, 'latency.json');
  const data = await writeTinyPairs(join(folder, 'pairs'));
  settings = ['--data', data, '--pair', 'en-de', '--preset', 'smoke', '--sentence-tokens', '5'];
  // As `calibrate --networks` writes it, of latencies that a model gives.
  const space = microSeq2seq();
  const pricer = new TranslationPricer(
    space,
    { tokens: 5 },
    new Pricer(findAccelerator('rowstationary-45nm')),
  );
  const also = translationBaselines(space).map(({ genotype }) => genotype);
  const timed = (genotype: TranslationGenotype) => pricer.price(genotype).latencyMs;
  const samples = await collectLatencies(space, 24, Random.fromSeed(1), timed, { also });
  const training = { steps: 0, always: also.length };
  const { model, heldOutError } = await trainLatencyPredictor(createReference(), space, samples, training);
  const timing = { tokens: 5, vocabulary: 60, beam: 4 };
  const known = { kind: 'latency-predictor', machine: 'a model', networks: samples.length } as const;
  writeLatencyFile(file, { ...known, space, timing, heldOutError, model });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const predicted = (word: string) => {
  const { predictor } = readLatencyFile(file, microSeq2seq());
  return predictor.predict(decodeTranslation(microSeq2seq(), word));
};

test('a search prices latency by it: limits, candidates, front, winner, and the fixed networks', async () => {
  const out = join(folder, 'run');
  const limited = ['--latency', file, '--limit-latency', '95%', '--limit-energy', 'none'];
  const { code, stdout, stderr } = await shiftaddnas('search', ...settings, ...limited, '--out', out);
  expect(code, stderr).toBe(0);
  const { file: known } = readLatencyFile(file, microSeq2seq());
  const error = `relative error on networks not learned from, median ${(100 * known.heldOutError.median).toFixed(2)} %`;
  expect(stderr.indexOf(error)).toBeGreaterThan(-1);
  expect(stderr.indexOf(error)).toBeLessThan(stderr.indexOf('training the supernet'));
  expect(stdout).toContain(error);
  expect(stderr).not.toMatch(/\bimages?\b/);
  expect(fs.readFileSync(join(out, 'report.html'), 'utf8')).toContain(error);
  expect(JSON.parse(fs.readFileSync(join(out, 'config.json'), 'utf8')).config.latency).toBe(file);

  const result = JSON.parse(fs.readFileSync(join(out, 'result.json'), 'utf8'));
  expect(result.latency).toMatchObject({ networks: 28, tokens: 5, heldOutError: known.heldOutError });
  const { latencyMs: limit } = result.search.limits;
  expect(limit).toBeCloseTo(0.95 * predicted('8-8:A2f16.A2f16|A2x2s1f16.A2x2s1f16'), 12);
  expect(result.front.length).toBeGreaterThan(0);
  for (const { genotype, latencyMs } of [result.winner, ...result.candidates, ...result.front]) {
    expect(latencyMs).toBeCloseTo(predicted(genotype), 12);
    expect(latencyMs).toBeLessThanOrEqual(limit);
  }
  // What parts of a network take is not known.
  expect(Object.keys(result.winner.blocks[0])).not.toContain('latencyMs');
  expect(result.baselines.map(({ name }: { name: string }) => name)).toContain('all-lightweight-add');
  for (const { latencyMs } of result.baselines) expect(latencyMs).toBeGreaterThan(0);
});

test('cost takes it for a genotype, and leaves energy to the accelerator', async () => {
  const genotype = '8-12:C1f16.S2f16|AD2x2s2f16';
  const asked = ['cost', '--space', 'micro-seq2seq', '--genotype', genotype, '--tokens', '5'];
  const { stdout } = await shiftaddnas(...asked, '--latency', file, '--json');
  const price = JSON.parse(stdout);
  const loads = translationWorkloads(
    networkOf(microSeq2seq(), decodeTranslation(microSeq2seq(), genotype)),
    5,
  );
  const model = new Pricer(findAccelerator('shiftaddnas-released')).priceNetwork(loads);
  expect(price.energyMj).toBe(model.energyMj);
  expect(price.latencyMs).toBeCloseTo(predicted(genotype), 12);
  expect(Object.keys(price.layers[0])).not.toContain('latencyMs');
});

describe('is refused', () => {
  const train = ['train', '--network', 'all-attention'];
  const cost = ['cost', '--space', 'micro-seq2seq', '--genotype', '8-8:A1f16.A1f16|A2x2s1f16'];
  test.each([
    ['for other sentences', [...train, '--sentence-tokens', '6'], /sentences of 5 subwords, .* 6 are priced/],
    ['for another bit width', [...train, '--bits', '8'], /timed at 32 bits, but --bits is 8/],
    ['for another space', [...train, '--space', 'numbers'], /of space 'micro-seq2seq', but space 'numbers'/],
    [
      'for a network of no space',
      ['train', '--network', 'transformer-base-ende'],
      /networks of space 'micro-seq2seq', and transformer-base-ende was not taken/,
    ],
    ['for images', ['search', '--data', 'glyphs'], /holds images, and --latency is about sentences/],
    ['by cost for other sentences', cost, /of 5 subwords, but those of 30 are priced; give --tokens 5/],
    [
      'by cost without a genotype',
      ['cost', '--network', 'resnet-18'],
      /--latency does not apply to --network/,
    ],
    ['where models are compared', [...cost, '--tokens', '5', '--explain'], /leave one of them out/],
  ])('%s', async (_, command, message) => {
    const out = command[0] === 'cost' ? [] : ['--out', join(folder, 'refused')];
    // The later of two flags counts.
    const [name, ...rest] = command;
    const more = name === 'train' ? settings : [];
    const { code, stderr } = await shiftaddnas(name, ...more, ...rest, '--latency', file, ...out);
    expect([code, stderr.trim().split('\n').at(-1)]).toEqual([
      expect.any(Number),
      expect.stringMatching(message),
    ]);
    expect(code).not.toBe(0);
    fs.rmSync(join(folder, 'refused'), { recursive: true, force: true });
  });

  test('when it is damaged or an accelerator', async () => {
    const broken = join(folder, 'broken.json');
    for (const text of [fs.readFileSync(file, 'utf8').slice(0, -9), JSON.stringify({ name: 'mine' })]) {
      fs.writeFileSync(broken, text);
      const { code, stderr } = await shiftaddnas(...cost, '--tokens', '5', '--latency', broken);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(
        /latency predictor .*broken.json cannot be read .*; write one with calibrate --networks/,
      );
    }
  });
});
