/**
 * Translators of the zoo train: a step of one network of each kind, as deep and of the same blocks but a sixteenth as wide,
 * gives every weight a gradient and lowers the loss of the pairs it was taken on.
 */
import { afterAll, expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { openBackend } from '../backends/open.ts';
import { Random } from '../core/random.ts';
import { makeBatch } from '../data/text/batches.ts';
import type { TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { extentOf } from '../supernet/translator/extent.ts';
import { Translator } from '../supernet/translator/translator.ts';
import { TRANSLATION_NETWORKS } from '../zoo/transformers.ts';
import { AdamW } from './adamw.ts';
import { gradientsOf } from './gradients.ts';
import { lossOf } from './translation-loss.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

const VOCABULARY = 12;
const pairs = {
  from: [Int32Array.of(4, 5, 6), Int32Array.of(7, 8)],
  to: [Int32Array.of(9, 10), Int32Array.of(11, 9, 4)],
};

function narrow(network: TranslationNetwork): TranslationNetwork {
  const { encoder, decoder, attention, encoderLayers, decoderLayers } = network;
  const size = (width: number) => width / 16;
  return {
    ...network,
    ...{ encoder: size(encoder), decoder: size(decoder), attention: size(attention) },
    encoderLayers: encoderLayers.map((layer) => ({
      ...layer,
      ...{ heads: 2, feedForward: size(layer.feedForward) },
    })),
    decoderLayers: decoderLayers.map((layer) => ({
      ...layer,
      ...{ heads: 2, crossHeads: 2, feedForward: size(layer.feedForward) },
    })),
  };
}

test.each([
  'transformer-small-ende',
  'hat-ende-25.8',
  'hat-ende-25.8-config',
  'hat-titanxp-ende-25.8',
  'hat-titanxp-enfr-39.1',
  'seq2seq-ende-100',
  'seq2seq-enfr-100',
  'seq2seq-ende-300-jul',
  'lightweight-conv-ende-150-config',
  'lightweight-conv-enfr',
  'lightweight-add-enfr',
  'lightweight-shiftadd-enfr',
  'lightweight-conv-attention-enfr',
])('%s', async (name) => {
  const network = narrow(TRANSLATION_NETWORKS[name]);
  const sharing = { ...DEFAULT_SHARING, families: [] };
  const size = { extent: extentOf(network), vocabulary: VOCABULARY, norm: 'post', longest: 8 } as const;
  const translator = new Translator(backend, { ...size, sharing }, Random.fromSeed(1));
  const optimiser = new AdamW(backend, translator.store.parameters());
  const lossAfter = async (work: (graph: Graph) => Promise<void> = async () => {}) => {
    const graph = new Graph(backend, { training: true });
    const { loss } = lossOf(graph, translator, network, makeBatch(pairs, [0, 1]), {}, 0.1);
    graph.backward(loss);
    await work(graph);
    const [value] = await graph.read(loss);
    graph.close();
    return value;
  };
  const first = await lossAfter(async (graph) => {
    for (const parameter of translator.store.parameters()) {
      const gradient = graph.gradient(parameter);
      if (gradient === undefined) expect.unreachable(`no gradient reached ${parameter.name}`);
      const values = (await backend.read(gradient)) as Float32Array;
      expect(values.every(Number.isFinite), parameter.name).toBe(true);
    }
    optimiser.step(gradientsOf(graph), 1e-4);
  });
  expect(await lossAfter()).toBeLessThan(first);
  optimiser.dispose();
  translator.dispose();
});
