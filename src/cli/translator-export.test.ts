/** `export` of translators, and a translation made with the files alone. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readSafetensors } from '../core/safetensors.ts';
import { BOS, EOS, PAD, UNK } from '../data/text/special.ts';
import { findRuntime, INSTALL, loadModel } from '../deploy/onnx/runtime.ts';
import { openSubwords } from '../runs/translation/subwords-file.ts';
import { readOnnx } from '../zoo/index.ts';
import { json, refused, shiftaddnas } from './testing/in-process.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const GENOTYPE = '8-8:AD2f16.C2f16|AS2x2s2f16.AD2x2s1f16';
const SENTENCES = ['It is half past three.', 'twenty-one', 'one'];
const runtime = await findRuntime();
if (runtime === undefined) console.log(`skipped: onnxruntime-node is not installed (${INSTALL})`);

let folder: string;
let run: string;

/** Nothing else is said. */
async function refusedAlone(...args: string[]): Promise<string> {
  const stderr = await refused(...args);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr;
}

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'translator-export-'));
  run = join(folder, 'run');
  const settings = ['--data', 'numbers', '--preset', 'smoke', '--out', run, '--quiet'];
  const { code, stderr } = await shiftaddnas('train', '--network', GENOTYPE, ...settings);
  expect(code, stderr).toBe(0);
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('to ONNX: two files and the subwords, proved where onnxruntime is', async () => {
  const found = await json('export', run, '--to', 'onnx');
  const names = ['subwords.json', 'encoder.onnx', 'decoder.onnx'];
  const files = names.map((name) => join(run, 'export', 'onnx', name));
  expect(found).toMatchObject({ to: 'onnx', network: GENOTYPE, files, longest: 128 });
  for (const file of files) expect(found.sizes[file]).toBe(fs.statSync(file).size);
  expect(fs.readFileSync(files[0])).toEqual(fs.readFileSync(join(run, 'winner', 'subwords.json')));
  expect([...readOnnx(fs.readFileSync(files[2])).inputs.keys()]).toEqual([
    ...['encoded0', 'encoded1', 'lengths', 'target'],
  ]);
  if (runtime === undefined) {
    expect(found).toMatchObject({ pairs: 0, maxDifference: null, alone: null });
    expect(found.note).toMatch(/npm install/);
  } else {
    expect(found.pairs).toBe(100);
    for (const difference of [found.maxDifference, found.alone]) {
      expect(difference).toBeLessThan(1e-4 * Math.max(1, found.largest));
    }
  }
});

/** What a reader of the files does: encode once, then the most probable next subword again and again. */
async function greedy(at: string, sentence: string): Promise<string> {
  if (runtime === undefined) throw new Error('onnxruntime-node is not installed');
  const subwords = openSubwords(join(at, 'subwords.json'));
  const load = (name: string) => loadModel(runtime, fs.readFileSync(join(at, `${name}.onnx`)), 1);
  const [encoder, decoder] = [await load('encoder'), await load('decoder')];
  const row = (ids: ArrayLike<number>) => ({
    data: BigInt64Array.from(Array.from(ids, BigInt)),
    shape: [1, ids.length],
  });
  const source = [...subwords.encode(sentence, 'en'), EOS];
  const lengths = { data: BigInt64Array.of(BigInt(source.length)), shape: [1] };
  const encoded = Object.entries(await encoder.run({ source: row(source), lengths }));
  const memory = Object.fromEntries(encoded.map(([name, { data, dims }]) => [name, { data, shape: dims }]));
  const target: number[] = [BOS];
  while (target.length <= Math.min(128, 2 * source.length + 10)) {
    const { logits } = await decoder.run({ ...memory, lengths, target: row(target) });
    const last = logits.data.slice(-subwords.size);
    for (const id of [BOS, PAD, UNK]) last[id] = Number.NEGATIVE_INFINITY;
    const next = last.indexOf(Math.max(...last));
    if (next === EOS) break;
    target.push(next);
  }
  await encoder.close();
  await decoder.close();
  return subwords.decode(target, 'de');
}

test.skipIf(runtime === undefined)(
  'translations made with the two files are those of translate',
  async () => {
    await json('export', run, '--to', 'onnx', '--opset', '22', '--out', join(folder, 'onnx'));
    const ours = await json('translate', '--run', run, '--beam', '1', ...SENTENCES);
    for (const { source, translation } of ours.translations) {
      expect(translation).not.toBe('');
      expect(await greedy(join(folder, 'onnx'), source)).toBe(translation);
    }
  },
);

test('to safetensors: read back to the same logits, and enough to make the network again', async () => {
  const file = join(folder, 'own.safetensors');
  const found = await json('export', run, '--to', 'safetensors', '--out', file);
  expect(found).toMatchObject({ files: [file], pairs: 100, network: GENOTYPE });
  expect(found.maxDifference).toBeLessThan(1e-5);
  const { tensors, metadata } = readSafetensors(file);
  expect(tensors.size).toBe(found.tensors);
  const { network } = JSON.parse(fs.readFileSync(join(run, 'winner', 'architecture.json'), 'utf8'));
  expect(JSON.parse(metadata.network)).toEqual(network);
});

test.each(['c', 'integer', 'verilog', 'web'])('--to %s says what there is instead', async (to) => {
  expect(await refusedAlone('export', run, '--to', to)).toMatch(
    /holds a translator, and the integer programs that --to \w+ is made of are of networks of images; export it --to onnx or safetensors/,
  );
});

test('a translator is called one by those who need a network of images, and damage is named', async () => {
  for (const args of [
    ['predict', '--run', run, 'picture.png'],
    ['cost', '--run', run],
  ]) {
    expect(await refusedAlone(...args)).toMatch(
      /describes a translator, and a network of images is needed here/,
    );
  }
  const copy = join(folder, 'copy');
  fs.cpSync(join(run, 'winner'), copy, { recursive: true });
  fs.truncateSync(join(copy, 'weights.safetensors'), 3000);
  expect(await refusedAlone('export', copy, '--to', 'onnx')).toMatch(/not a sound safetensors file/);
  fs.writeFileSync(join(copy, 'subwords.json'), '{}');
  expect(await refusedAlone('export', copy, '--to', 'onnx')).toMatch(/subwords/);
  expect(fs.existsSync(join(copy, 'export'))).toBe(false);
});
