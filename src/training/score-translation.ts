/** How good a translator is: its likelihood of held-out sentences, and what it makes of their sources. */
import { Graph } from '../autograd/graph.ts';
import { makeBatch, type SubwordPairs, type TokenBatch } from '../data/text/batches.ts';
import { BOS, EOS, PAD, UNK } from '../data/text/special.ts';
import type { TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { type BeamOptions, beamSearch, type Translation } from '../supernet/translator/beam-search.ts';
import { sourceBatch } from '../supernet/translator/source.ts';
import type { Translator } from '../supernet/translator/translator.ts';
import type { Between, Score } from './score.ts';
import { breathe } from './trainer.ts';
import { lossOf } from './translation-loss.ts';

/** Mean negative log-likelihood of a subword, nats, and the share of subwords that are the most probable ones. */
export async function scoreSentences(
  translator: Translator,
  network: TranslationNetwork,
  batches: Iterable<TokenBatch>,
  between?: Between,
): Promise<Score> {
  const { backend } = translator.store;
  let [loss, right, tokens] = [0, 0, 0];
  for (const batch of batches) {
    await breathe();
    between?.();
    const graph = new Graph(backend, { training: false });
    try {
      const { output } = batch;
      const rows = output.length;
      const values = backend.allocate(rows);
      const indices = backend.allocate(rows, 'int32');
      const options = {
        probe: (place: string, { buffer, shape }: { buffer: typeof values; shape: readonly number[] }) => {
          if (place === 'logits') backend.topLogProbabilities(buffer, values, indices, rows, shape[1], 1);
        },
      };
      const { likelihood } = lossOf(graph, translator, network, batch, options, 0);
      const each = await backend.read(likelihood);
      const best = await backend.read(indices);
      for (let i = 0; i < rows; i++) {
        if (output[i] < 0) continue;
        loss += each[i];
        if (best[i] === output[i]) right++;
      }
      tokens += batch.tokens;
    } finally {
      graph.close();
    }
  }
  return { loss: loss / tokens, accuracy: right / tokens };
}

/** What no translation contains, and what frames one. */
const FRAME = { begin: BOS, end: EOS, never: [BOS, PAD, UNK] };

export interface TranslateOptions extends Omit<BeamOptions, 'limit'> {
  /** Sentences at once. */
  readonly together: number;
  /** Told after every batch: sentences done. */
  readonly onBatch?: (done: number) => void;
  readonly between?: Between;
}

/** Most subwords of a translation: twice its source and a few, as short sentences may grow more. */
const limitOf = (source: number): number => 2 * source + 10;

/** What says nothing is translated by nothing: of a source without a known subword a network could only make words up. */
const NOTHING: Translation = { ids: [], score: 0 };

/**
 * Translations of sources as subwords, in their order; of those without a known subword the empty one with score 0.
 * Sentences of about one length are translated together.
 */
export async function translateSentences(
  translator: Translator,
  network: TranslationNetwork,
  sources: readonly Int32Array[],
  { together, onBatch, between, ...options }: TranslateOptions,
): Promise<Translation[]> {
  const { backend } = translator.store;
  const order = Array.from(sources.keys())
    .filter((i) => sources[i].some((id) => id !== UNK))
    .sort((a, b) => sources[a].length - sources[b].length || a - b);
  const found: Translation[] = new Array(sources.length).fill(NOTHING);
  const pairs: SubwordPairs = { from: sources, to: sources.map(() => new Int32Array(0)) };
  for (let start = 0; start < order.length; start += together) {
    await breathe();
    between?.();
    const indices = order.slice(start, start + together);
    const scope = backend.openScope();
    try {
      const source = sourceBatch(backend, makeBatch(pairs, indices));
      const translations = await beamSearch(translator, network, source, FRAME, {
        ...options,
        limit: limitOf,
      });
      for (const [i, translation] of translations.entries()) found[indices[i]] = translation;
    } finally {
      scope.close();
    }
    onBatch?.(Math.min(order.length, start + together));
  }
  return found;
}
