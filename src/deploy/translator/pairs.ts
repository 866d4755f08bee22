/** The sentence pairs that a translator's artefact is proved on, and what the translator says of them. */
import { Graph } from '../../autograd/graph.ts';
import { Random } from '../../core/random.ts';
import { makeBatch, type SubwordPairs, type TokenBatch } from '../../data/text/batches.ts';
import { FIRST_SUBWORD } from '../../data/text/special.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { sourceBatch } from '../../supernet/translator/source.ts';
import type { Translator } from '../../supernet/translator/translator.ts';

export const PROOF_PAIRS = 100;
/** Pairs of a batch in turn: several sizes, for the batch is open. */
const TOGETHER = [1, 3, 8];
/** Subwords of most drawn sentences. */
const USUAL = 24;

/** A batch, and its pairs as batches of one. */
export interface ProofBatch {
  readonly batch: TokenBatch;
  readonly alone: readonly TokenBatch[];
}

/**
 * `count` drawn pairs of all lengths in batches that pad them; always the same. The first pair is as long as a translator
 * takes on both sides.
 */
export function proofBatches(vocabulary: number, longest: number, count = PROOF_PAIRS): ProofBatch[] {
  const random = Random.fromSeed(0).split('proof pairs');
  const sentence = (length: number) =>
    Int32Array.from(
      { length },
      () => FIRST_SUBWORD + random.integer(Math.max(1, vocabulary - FIRST_SUBWORD)),
    );
  const side = (): Int32Array[] =>
    Array.from({ length: count }, (_, i) =>
      sentence(i === 0 ? longest - 1 : random.integer(Math.min(longest, USUAL + 1))),
    );
  const pairs: SubwordPairs = { from: side(), to: side() };
  const batches: ProofBatch[] = [];
  for (let at = 0, turn = 0; at < count; turn++) {
    const size = Math.min(TOGETHER[turn % TOGETHER.length], count - at);
    const indices = Array.from({ length: size }, (_, i) => at + i);
    batches.push({ batch: makeBatch(pairs, indices), alone: indices.map((i) => makeBatch(pairs, [i])) });
    at += size;
  }
  return batches;
}

/** Logits [count, target length, vocabulary], each position with the subwords before it given. */
export async function translatorLogits(
  translator: Translator,
  network: TranslationNetwork,
  batch: TokenBatch,
): Promise<Float32Array> {
  const { backend } = translator.store;
  const graph = new Graph(backend, { training: false });
  try {
    const pass = translator.pass(graph);
    const encoded = translator.encode(pass, sourceBatch(backend, batch), network);
    const input = backend.allocate(batch.input.length, 'int32');
    backend.write(input, batch.input);
    const hidden = translator.decode(pass, encoded, input, batch.targetLength, network);
    return Float32Array.from(await graph.read(translator.logits(pass, hidden)));
  } finally {
    graph.close();
  }
}
