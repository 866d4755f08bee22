import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { Random } from '../../core/random.ts';
import { type TensorData, writeSafetensors } from '../../core/safetensors.ts';
import { TOY_SHARING, toyNetwork } from '../../supernet/translator/toy.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import { compareLogits } from '../compare.ts';
import { agedTranslator, everyBlock, type TestTranslator } from '../testing/translators.ts';
import { proofBatches, translatorLogits } from './pairs.ts';
import { loadTranslatorState, translatorState } from './state-dict.ts';
import { plainConfig, translatorWeights } from './weights.ts';

const backend = await openBackend('auto', { threads: 1 });
const folder = fs.mkdtempSync(join(tmpdir(), 'translator-state-'));
afterAll(() => {
  backend.dispose();
  fs.rmSync(folder, { recursive: true, force: true });
});

const stateOf = async ({ translator, network }: TestTranslator) =>
  translatorState(await translatorWeights(translator, network));

function twinOf({ translator, network }: TestTranslator, tensors: ReadonlyMap<string, TensorData>) {
  const twin = new Translator(backend, plainConfig(translator.config, network), Random.fromSeed(0));
  loadTranslatorState(twin, { path: 'file', tensors });
  return twin;
}

const [, { batch }] = proofBatches(13, 16, 4);

describe('what is exported comes back', () => {
  test.each([
    ['pre', true, TOY_SHARING],
    ['post', false, { ...TOY_SHARING, families: [] }],
    ['pre', true, { ...TOY_SHARING, transformation: 'none', families: [] }],
    ['post', true, { ...TOY_SHARING, shift: 'PS' }],
    ['pre', false, { ...TOY_SHARING, transformation: 'released', shift: 'PS-released' }],
  ] as const)('norm %s, gated %s, sharing %j', async (norm, gated, sharing) => {
    const made = await agedTranslator(backend, everyBlock({ gated }), { norm, sharing });
    const twin = twinOf(made, await stateOf(made));
    const ours = await translatorLogits(made.translator, made.network, batch);
    const found = compareLogits(ours, await translatorLogits(twin, made.network, batch));
    expect(found.largest).toBeGreaterThan(0.1);
    expect(found.maxDifference).toBeLessThan(2e-5);
    twin.dispose();
    made.translator.dispose();
  });
});

test('linear layers have their outputs first, shifts are powers of two, filters of convolutions are shares', async () => {
  const made = await agedTranslator(backend, toyNetwork(['S', 'C'], ['A'], { gated: true }));
  const tensors = await stateOf(made);
  made.translator.dispose();
  const shapeOf = (name: string) => tensors.get(name)?.shape;
  expect(shapeOf('encoder.layers.0.feed.in.weight')).toEqual([10, 8]);
  expect(shapeOf('encoder.layers.0.lightweight.in.weight')).toEqual([16, 8]);
  expect(shapeOf('encoder.layers.1.lightweight.filter.weight')).toEqual([2, 5]);
  expect(shapeOf('decoder.layers.0.cross.key.weight')).toEqual([8, 8]);
  expect(shapeOf('embedding.weight')).toEqual([13, 12]);
  for (const value of tensors.get('encoder.layers.0.lightweight.shift.weight')?.data ?? [0.3]) {
    expect(Number.isInteger(Math.log2(Math.abs(value)))).toBe(true);
  }
  const filters = Array.from(tensors.get('encoder.layers.1.lightweight.filter.weight')?.data ?? []);
  expect(filters.slice(0, 5).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
});

test('a file that lacks a tensor, has one too many or one of another shape is refused', async () => {
  const made = await agedTranslator(backend, toyNetwork(['A'], ['D']));
  const tensors = await stateOf(made);
  const load = (change: (tensors: Map<string, TensorData>) => void) => () => {
    const changed = new Map(tensors);
    change(changed);
    twinOf(made, changed).dispose();
  };
  const [name, near] = ['encoder.norm.weight', 'encoder.norm.weights'];
  const one = { shape: [1], data: new Float32Array(1) };
  expect(load((all) => void all.set(near, one))).toThrow(/the network has no encoder\.norm\.weights/);
  expect(
    load((all) => {
      all.delete(name);
      all.set(near, one);
    }),
  ).toThrow(/it has no encoder\.norm\.weight; the nearest name is encoder\.norm\.weights/);
  expect(load((all) => void all.set(name, one))).toThrow(/has shape \[1\] where the network has \[8\]/);
  made.translator.dispose();
});

const python = process.env.SHIFTADDNAS_PYTHON ?? '/usr/bin/python3';
const present = spawnSync(python, ['-c', 'import torch']).status === 0;
if (!present) console.log(`skipped: ${python} has no torch (apt-get install python3-torch)`);

test.skipIf(!present).each([
  ['pre', true, false],
  ['post', false, true],
] as const)(
  'PyTorch reads every block: norm %s, gated %s, sums of distances standardised %s',
  async (norm, gated, standardised) => {
    const made = await agedTranslator(backend, everyBlock({ gated, standardised }), { norm });
    const [weights, pairs, logits] = ['weights', 'pairs', 'logits'].map((name) => join(folder, name));
    writeSafetensors(weights, await stateOf(made), { network: JSON.stringify(made.network), norm });
    const { count, source, sourceLength, sourceLengths, input, targetLength } = batch;
    const rows = (ids: Int32Array, t: number) =>
      Array.from({ length: count }, (_, i) => Array.from(ids.subarray(i * t, (i + 1) * t)));
    const fed = {
      source: rows(source, sourceLength),
      lengths: Array.from(sourceLengths),
      target: rows(input, targetLength),
    };
    fs.writeFileSync(pairs, JSON.stringify(fed));
    const script = fileURLToPath(new URL('../testing/torch_translator.py', import.meta.url));
    const done = spawnSync(python, [script, weights, pairs, logits]);
    expect(done.status, String(done.stderr)).toBe(0);
    const theirs = new Float32Array(new Uint8Array(fs.readFileSync(logits)).buffer);
    const ours = await translatorLogits(made.translator, made.network, batch);
    made.translator.dispose();
    expect(compareLogits(ours, theirs).maxDifference).toBeLessThan(1e-4);
  },
);
