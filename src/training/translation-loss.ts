/** What a step on sentence pairs makes smaller: label-smoothed cross-entropy of every next subword (spec 7.3). */
import { add } from '../autograd/arithmetic.ts';
import type { Graph, Tensor } from '../autograd/graph.ts';
import { labelCrossEntropy } from '../autograd/label-loss.ts';
import type { TokenBatch } from '../data/text/batches.ts';
import type { TranslationNetwork } from '../spaces/seq2seq/network.ts';
import type { AlignedWeights } from '../supernet/alignment.ts';
import type { Noise } from '../supernet/translator/pass.ts';
import type { Translator, TranslatorPass } from '../supernet/translator/translator.ts';
import { sentenceBatch } from './sentences.ts';

export interface TranslationLoss {
  readonly translator: Translator;
  /** Without pairs where a rank has nothing to do: its loss is 0 and no gradient comes of it. */
  batchAt(step: number): TokenBatch;
  /** What a step trains: always the same network, or a path of the supernet. */
  networkAt(step: number): TranslationNetwork;
  noiseAt(step: number, network: TranslationNetwork): Noise;
  readonly smoothing: number;
  /** An addition to the loss of a step, made from the effective weights of its lightweight blocks. */
  penalty?(weights: AlignedWeights, step: number): Tensor | undefined;
}

/** The loss of a step, as the training loop asks for it. */
export function translationLoss({
  translator,
  batchAt,
  networkAt,
  noiseAt,
  smoothing,
  penalty: penaltyOf,
}: TranslationLoss): (graph: Graph, step: number) => Tensor {
  return (graph, step) => {
    const batch = batchAt(step);
    if (batch.count === 0) return graph.values([0], []);
    const network = networkAt(step);
    const noise = noiseAt(step, network);
    if (penaltyOf === undefined) return lossOf(graph, translator, network, batch, { noise }, smoothing).loss;
    const weights = { conv: [] as Tensor[], add: [] as Tensor[] };
    const onWeight: TranslatorPass['onWeight'] = (family, weight) => {
      if (family === 'add' || family === 'conv') weights[family].push(weight);
    };
    const { loss } = lossOf(graph, translator, network, batch, { noise, onWeight }, smoothing);
    const penalty = penaltyOf(weights, step);
    return penalty === undefined ? loss : add(loss, penalty);
  };
}

/** Loss and likelihoods of a batch. */
export function lossOf(
  graph: Graph,
  translator: Translator,
  network: TranslationNetwork,
  batch: TokenBatch,
  options: TranslatorPass,
  smoothing: number,
) {
  const { source, input, labels, t, tokens } = sentenceBatch(graph.backend, batch);
  const pass = translator.pass(graph, options);
  const encoded = translator.encode(pass, source, network);
  const hidden = translator.decode(pass, encoded, input, t, network);
  const logits = translator.logits(pass, hidden);
  options.probe?.('logits', logits);
  return labelCrossEntropy(logits, labels, { smoothing, tokens, overwrite: options.probe === undefined });
}
