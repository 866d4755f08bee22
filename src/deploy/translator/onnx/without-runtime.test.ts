/** What is left of the proof where onnxruntime is not installed. */
import { afterAll, expect, test, vi } from 'vitest';
import { createReference } from '../../../backends/reference/reference.ts';
import { agedTranslator, everyBlock } from '../../testing/translators.ts';
import { translatorWeights } from '../weights.ts';
import { proveTranslatorOnnx } from './prove.ts';
import { writeTranslatorOnnx } from './write.ts';

vi.mock(import('../../onnx/runtime.ts'), async (original) => ({
  ...(await original()),
  findRuntime: async () => undefined,
}));

const backend = createReference();
afterAll(() => backend.dispose());

test('sizes are carried through both files and that is said; files that do not fit together are refused', async () => {
  const made = await agedTranslator(backend, everyBlock());
  const { translator, network } = made;
  const { vocabulary, norm, longest } = translator.config;
  const weights = await translatorWeights(translator, network);
  const write = (changed: typeof weights) =>
    writeTranslatorOnnx(
      { network, weights: changed, vocabulary, norm, longest },
      { name: 'test', version: '0' },
    );
  const files = write(weights);
  const proof = await proveTranslatorOnnx(files, { ...made, threads: 1 });
  expect(proof).toMatchObject({ pairs: 0, maxDifference: null, alone: null, largest: null });
  expect(proof.note).toMatch(/onnxruntime-node is not installed.*only structurally/);
  const name = 'decoder.layer0.cross.key.weight';
  const wrong = new Map(weights).set(name, { shape: [7, 8], data: new Float32Array(56) });
  await expect(proveTranslatorOnnx(write(wrong), { ...made, threads: 1 })).rejects.toThrow(
    /rows of 8 do not meet 7 rows of weights/,
  );
  const cut = { ...files, encoder: files.encoder.subarray(0, 100) };
  await expect(proveTranslatorOnnx(cut, { ...made, threads: 1 })).rejects.toThrow();
  translator.dispose();
});
