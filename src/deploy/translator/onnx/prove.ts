/**
 * Whether the two files of a translator say what it says: both are given the same drawn pairs with the subwords before each
 * position, in batches that pad them and each pair alone. Without onnxruntime the files are read back and their sizes are
 * carried through every node.
 */
import type { TokenBatch } from '../../../data/text/batches.ts';
import type { TranslationNetwork } from '../../../spaces/seq2seq/network.ts';
import type { Translator } from '../../../supernet/translator/translator.ts';
import { modelWorkloads, readOnnx } from '../../../zoo/index.ts';
import { compareLogits } from '../../compare.ts';
import { findRuntime, type LoadedModel, loadModel, NOT_INSTALLED } from '../../onnx/runtime.ts';
import { proofBatches, translatorLogits } from '../pairs.ts';
import { encodedNames, LENGTHS, LOGITS, SOURCE, TARGET, type TranslatorFiles } from './write.ts';

export interface TranslatorProof {
  /** How many pairs were compared; 0 where the files were checked only structurally. */
  readonly pairs: number;
  /** Largest difference of a logit, in batches that pad; null without pairs. */
  readonly maxDifference: number | null;
  /** The same of pairs that are read alone. */
  readonly alone: number | null;
  /** Largest magnitude of our own logits. */
  readonly largest: number | null;
  /** What a reader must know, in a sentence. */
  readonly note?: string;
}

export interface TranslatorClaim {
  readonly translator: Translator;
  readonly network: TranslationNetwork;
  readonly threads: number;
  /** Pairs to draw; 100 unless given. */
  readonly pairs?: number;
}

/** @throws ShiftAddError 'run' when logits differ too much (compare.ts), 'internal' when onnxruntime refuses a file */
export async function proveTranslatorOnnx(
  files: TranslatorFiles,
  { translator, network, threads, pairs }: TranslatorClaim,
): Promise<TranslatorProof> {
  const runtime = await findRuntime();
  if (runtime === undefined) {
    for (const bytes of [files.encoder, files.decoder]) modelWorkloads(readOnnx(bytes), { tokens: 7 });
    return { pairs: 0, maxDifference: null, alone: null, largest: null, note: NOT_INSTALLED };
  }
  const encoder = await loadModel(runtime, files.encoder, threads);
  try {
    const decoder = await loadModel(runtime, files.decoder, threads);
    try {
      return await compared({ encoder, decoder, names: encodedNames(network) }, translator, network, pairs);
    } finally {
      await decoder.close();
    }
  } finally {
    await encoder.close();
  }
}

interface LoadedTranslator {
  readonly encoder: LoadedModel;
  readonly decoder: LoadedModel;
  /** What the decoder reads of the encoder. */
  readonly names: readonly string[];
}

async function compared(
  loaded: LoadedTranslator,
  translator: Translator,
  network: TranslationNetwork,
  count: number | undefined,
): Promise<TranslatorProof> {
  const { vocabulary, longest } = translator.config;
  let [pairs, maxDifference, alone, largest] = [0, 0, 0, 0];
  for (const { batch, alone: each } of proofBatches(vocabulary, longest, count)) {
    const ours = await translatorLogits(translator, network, batch);
    const padded = compareLogits(ours, await logitsOf(loaded, batch));
    maxDifference = Math.max(maxDifference, padded.maxDifference);
    largest = Math.max(largest, padded.largest);
    for (const [i, one] of each.entries()) {
      const from = i * batch.targetLength * vocabulary;
      const counting = ours.subarray(from, from + one.targetLength * vocabulary);
      const found = compareLogits(counting, await logitsOf(loaded, one));
      alone = Math.max(alone, found.maxDifference);
    }
    pairs += batch.count;
  }
  return { pairs, maxDifference, alone, largest };
}

/** [count, target length, vocabulary] */
async function logitsOf(
  { encoder, decoder, names }: LoadedTranslator,
  { count, source, sourceLength, sourceLengths, input, targetLength }: TokenBatch,
): Promise<Float32Array> {
  const words = (ids: Int32Array, ...shape: number[]) => ({
    data: BigInt64Array.from(ids, (id) => BigInt(id)),
    shape,
  });
  const lengths = words(sourceLengths, count);
  const encoded = await encoder.run({ [SOURCE]: words(source, count, sourceLength), [LENGTHS]: lengths });
  const memory = names.map((name) => [name, { data: encoded[name].data, shape: encoded[name].dims }]);
  const outputs = await decoder.run({
    ...Object.fromEntries(memory),
    ...{ [LENGTHS]: lengths, [TARGET]: words(input, count, targetLength) },
  });
  return outputs[LOGITS].data;
}
