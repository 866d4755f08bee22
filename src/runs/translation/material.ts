/** The steps of a training on sentence pairs: batches of about equal lengths, the network that runs, what is dropped. */
import { Graph } from '../../autograd/graph.ts';
import { internal } from '../../core/errors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { makeBatch, type TokenBatch, TokenBatches } from '../../data/text/batches.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { Noise } from '../../supernet/translator/pass.ts';
import { Translator } from '../../supernet/translator/translator.ts';
import { rankPairs } from '../../training/rank-batches.ts';
import { drawsOfRank, type Ranks } from '../../training/ranks.ts';
import { lossOf, type TranslationLoss, translationLoss } from '../../training/translation-loss.ts';
import type { Learner, Material } from '../pipeline/train-phase.ts';
import type { SentenceContext } from './context.ts';

export interface SentenceTraining {
  /** Networks that are trained alone get the same batches and draws. */
  readonly stream: 'supernet' | 'alone';
  networkAt(step: number): TranslationNetwork;
  /** Widest embeddings, where narrower networks are to drop less (spec 7.3). */
  readonly widest?: { readonly encoder: number; readonly decoder: number };
  readonly ranks?: Ranks;
  readonly penalty?: TranslationLoss['penalty'];
}

export function sentenceMaterial(
  { config, random, encoded }: Pick<SentenceContext, 'config' | 'random' | 'encoded'>,
  { stream, networkAt, widest, ranks, penalty }: SentenceTraining,
): Material {
  const batches = new TokenBatches({
    ...{ pairs: encoded.train, tokens: config.tokens },
    random: random.split(`batches:${stream}`),
  });
  const { stepsPerEpoch } = batches;
  const batchAt = (step: number) => {
    const members = batches.members(Math.floor(step / stepsPerEpoch), step % stepsPerEpoch);
    return ranks === undefined ? makeBatch(encoded.train, members) : rankPairs(encoded.train, members, ranks);
  };
  const draws = drawsOfRank(random.split(`dropout:${stream}`), ranks);
  const noiseAt = (step: number, { encoder, decoder }: TranslationNetwork): Noise => ({
    encoder: (config.dropout * encoder) / (widest?.encoder ?? encoder),
    decoder: (config.dropout * decoder) / (widest?.decoder ?? decoder),
    attention: config.attentionDropout,
    filter: config.filterDropout,
    random: draws.split(step),
  });
  const own = (network: Learner) =>
    network instanceof Translator ? network : internal('sentences train a translator');
  return {
    stepsPerEpoch,
    examples: encoded.train.from.length / stepsPerEpoch,
    loss: (network) =>
      translationLoss({
        ...{ translator: own(network), batchAt, networkAt, noiseAt, smoothing: config.smoothing },
        ...(penalty === undefined ? {} : { penalty }),
      }),
    locate: (translator, step) => locateBadNumber(own(translator), networkAt(step), batchAt(step)),
    dispose: () => {},
  };
}

/** The first place of a pass whose output, or failing that the first weight, is not finite. */
async function locateBadNumber(
  translator: Translator,
  network: TranslationNetwork,
  batch: TokenBatch,
): Promise<string> {
  if (batch.count === 0) return 'the part of the batch that another rank has';
  const { backend } = translator.store;
  const graph = new Graph(backend, { training: false });
  const count = backend.allocate(1);
  const bad = async (buffer: Parameters<typeof backend.read>[0], length: number) => {
    backend.reduce('nonFinite', buffer, count, 1, length, 1);
    return (await backend.read(count))[0];
  };
  try {
    const outputs: { place: string; buffer: Parameters<typeof backend.read>[0]; length: number }[] = [];
    const probe = (place: string, y: { buffer: (typeof outputs)[0]['buffer']; shape: readonly number[] }) => {
      outputs.push({ place, buffer: y.buffer, length: sizeOf(y.shape) });
    };
    lossOf(graph, translator, network, batch, { probe }, 0);
    for (const { place, buffer, length } of outputs) {
      const found = await bad(buffer, length);
      if (found > 0) return `${place}: ${found} of ${length} outputs are not finite`;
    }
    for (const { name, shape, value } of translator.store.parameters()) {
      if ((await bad(value, sizeOf(shape))) > 0) return `the weights ${name}`;
    }
    return 'the loss itself: the logits are finite, but too large for it';
  } finally {
    graph.close();
  }
}
