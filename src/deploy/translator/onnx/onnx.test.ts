import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../../backends/open.ts';
import { SEQUENCE_BLOCKS } from '../../../spaces/seq2seq/network.ts';
import { translationWorkloads } from '../../../spaces/seq2seq/workloads.ts';
import { TOY_SHARING, toyNetwork } from '../../../supernet/translator/toy.ts';
import { modelWorkloads, readOnnx } from '../../../zoo/index.ts';
import { IR_VERSIONS, type Opset } from '../../onnx/model.ts';
import { findRuntime, INSTALL } from '../../onnx/runtime.ts';
import { agedTranslator, everyBlock, type TestTranslator } from '../../testing/translators.ts';
import { translatorWeights } from '../weights.ts';
import { proveTranslatorOnnx } from './prove.ts';
import { type TranslatorFiles, writeTranslatorOnnx } from './write.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());
const runtime = await findRuntime();
if (runtime === undefined) console.log(`skipped: onnxruntime-node is not installed (${INSTALL})`);

const PAIRS = 12;

async function written({ translator, network }: TestTranslator, opset?: Opset): Promise<TranslatorFiles> {
  const { vocabulary, norm, longest } = translator.config;
  const weights = await translatorWeights(translator, network);
  return writeTranslatorOnnx(
    { network, weights, vocabulary, norm, longest },
    { name: 'test', version: '0', opset },
  );
}

async function proved(made: TestTranslator, opset?: Opset) {
  const proof = await proveTranslatorOnnx(await written(made, opset), { ...made, threads: 1, pairs: PAIRS });
  made.translator.dispose();
  expect(proof.pairs).toBe(PAIRS);
  expect(proof.largest).toBeGreaterThan(0.1);
  expect(proof.maxDifference).toBeLessThan(1e-4);
  expect(proof.alone).toBeLessThan(1e-4);
}

describe.skipIf(runtime === undefined)('through onnxruntime', () => {
  describe.each([
    ['pre', false, false],
    ['post', true, true],
  ] as const)('norm %s, gated %s, sums of distances standardised %s', (norm, gated, standardised) => {
    test.each(SEQUENCE_BLOCKS)('%s: logits within 1e-4, padded and alone', async (block) => {
      const network = toyNetwork(['A', 'A', block], [block, 'A', block], { gated, standardised });
      await proved(await agedTranslator(backend, network, { norm }));
    });
  });

  test.each([
    ['one tensor for all filters', TOY_SHARING],
    ['softmax for additions too', { ...TOY_SHARING, transformation: 'none', families: [] }],
    ['exponent and sign apart', { ...TOY_SHARING, shift: 'PS' }],
    ['monotone shapes', { ...TOY_SHARING, transformation: 'monotone' }],
    ['as released', { ...TOY_SHARING, transformation: 'released', shift: 'PS-released' }],
  ] as const)('weights through every sharing: %s', async (_, sharing) => {
    await proved(await agedTranslator(backend, everyBlock(), { sharing }));
  });

  test.each(Object.keys(IR_VERSIONS))('operator set %s', async (opset) => {
    const network = everyBlock({ gated: true, standardised: true });
    await proved(await agedTranslator(backend, network), Number(opset) as Opset);
  });

  test('a filter longer than every sentence, and one of a single subword', async () => {
    const network = toyNetwork(['C', 'D'], ['D', 'C'], { windows: [31, 1] });
    await proved(await agedTranslator(backend, network));
  });

  test('files that say something else, or are cut off, are refused', async () => {
    const made = await agedTranslator(backend, toyNetwork(['A'], ['C']));
    const claim = { ...made, threads: 1, pairs: 2 };
    const files = await written(made);
    const other = await written(await agedTranslator(backend, toyNetwork(['A'], ['C'], { windows: [5] })));
    await expect(proveTranslatorOnnx({ ...files, decoder: other.decoder }, claim)).rejects.toThrow(
      /the artefact does not compute what the network computes/,
    );
    const half = files.encoder.subarray(0, files.encoder.length / 2);
    await expect(proveTranslatorOnnx({ ...files, encoder: half }, claim)).rejects.toThrow(
      /onnxruntime refuses/,
    );
    made.translator.dispose();
  });
});

test('sizes go through every node, and matrices and filters are those that the network is priced by', async () => {
  const tokens = 7;
  const made = await agedTranslator(backend, everyBlock({ gated: true, standardised: true }));
  const { encoder, decoder } = await written(made);
  made.translator.dispose();
  const read = [encoder, decoder].map((bytes) => modelWorkloads(readOnnx(bytes), { tokens }));
  expect(read.flatMap(({ notes }) => notes)).toEqual([]);
  const products = (kinds: readonly string[]) => (loads: (typeof read)[number]['loads']) =>
    loads
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ n, c, m, e, f, r, s, groups = 1 }) => [n * e * f, (c / groups) * r * s, m])
      .map(String)
      .sort();
  const theirs = read.flatMap(({ loads }) => loads);
  const ours = translationWorkloads(made.network, tokens, made.translator.config.vocabulary);
  expect(products(['linear', 'shift', 'conv', 'matmul'])(theirs)).toEqual(
    products(['linear', 'shift', 'conv', 'matmul'])(ours),
  );
});

test('the graphs hold operators of the standard set alone, open in sentences and lengths', async () => {
  const made = await agedTranslator(backend, everyBlock({ gated: true, standardised: true }));
  const files = await written(made);
  made.translator.dispose();
  const [encoder, decoder] = [files.encoder, files.decoder].map(readOnnx);
  const operators = new Set([...encoder.nodes, ...decoder.nodes].map(({ operator }) => operator));
  expect([...operators].sort()).toEqual(
    `Abs Add Cast Concat Conv Gather Identity LayerNormalization Less LessOrEqual MatMul Mul Neg Pad ReduceMean Relu
     Reshape Shape Sigmoid Slice Softmax Sub Sum Transpose Unsqueeze Where`.split(/\s+/),
  );
  const open = undefined;
  expect(encoder.inputs).toEqual(
    new Map([
      ['source', [open, open]],
      ['lengths', [open]],
    ]),
  );
  expect(decoder.inputs).toEqual(
    new Map<string, (number | undefined)[]>([
      ['encoded4', [open, open, 8]],
      ['encoded5', [open, open, 8]],
      ['encoded6', [open, open, 8]],
      ['lengths', [open]],
      ['target', [open, open]],
    ]),
  );
  expect(decoder.known.get('logits')).toEqual([open, open, made.translator.config.vocabulary]);
});
